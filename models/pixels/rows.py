"""Kernels that resize, pack and take apart rows of bytes.

Does not know colours: colours.py does.
"""

from __future__ import annotations

from models.pixels.arithmetic import HIGH, LOW, blend, narrow, rounded, shl
from models.pixels.writer import I32, Function, i32, lane, memory, op, shuffle, v128

ALPHA_BYTES = [3, 7, 11, 15, 19, 23, 27, 31]


def mixed() -> Function:
    """blend: 16 bytes at a time of two rows, with one Q15 weight for the second."""
    f = Function("blend", "a b weight to blocks")
    get = f.get
    f.body = f.set("w", op("i16x8.splat", get("weight")))
    body = f.set("p", memory("v128.load", get("a"))) + f.set("q", memory("v128.load", get("b")))
    halves = []
    for half in (LOW, HIGH):
        body += f.set(half, shl(op(half, get("p")), 7))
        halves.append(rounded(blend(f, get(half), shl(op(half, get("q")), 7), get("w")), 7))
    body += memory("v128.store", get("to"), narrow(*halves)) + f.advance(a=16, b=16, to=16)
    f.body += f.repeat("blocks", body)
    return f


def halved() -> Function:
    """halve: the mean of 2 x 2 bytes of two rows, 8 at a time."""
    f = Function("halve", "a b to blocks")
    get = f.get
    mean = op("i8x16.avgr_u", memory("v128.load", get("a")), memory("v128.load", get("b")))
    body = f.set("m", op("i16x8.shr_u", op("i16x8.extadd_pairwise_i8x16_u", mean), i32(1)))
    body += memory("v128.store", get("to"), narrow(get("m"), get("m"))) + f.advance(a=16, b=16, to=8)
    f.body = f.repeat("blocks", body)
    return f


def resampled() -> Function:
    """resample: a row of bytes at other columns, as Q7, 8 at a time.

    A block of the table is 48 bytes: where its 32 bytes of the row begin (i32, 12 bytes unused); the place in
    them of the left neighbours of 8 pixels, then of the right ones; the weights of the right ones in Q15.
    """
    f = Function("resample", "row to table blocks")
    get = f.get
    body = f.set("at", op("i32.add", get("row"), memory("i32.load", get("table"))), I32)
    body += f.set("places", memory("v128.load", get("table"), offset=16))
    low = op("i8x16.swizzle", memory("v128.load", get("at")), get("places"))
    beyond = op("i8x16.sub", get("places"), v128(bytes([16] * 16)))
    high = op("i8x16.swizzle", memory("v128.load", get("at"), offset=16), beyond)
    body += f.set("pixels", op("v128.or", low, high))
    body += f.set("left", shl(op(LOW, get("pixels")), 7))
    right = shl(op(HIGH, get("pixels")), 7)
    result = blend(f, get("left"), right, memory("v128.load", get("table"), offset=32))
    body += memory("v128.store", get("to"), result) + f.advance(table=48, to=16)
    f.body = f.repeat("blocks", body)
    return f


def packed() -> Function:
    """pack: Q7 as bytes, 8 at a time."""
    f = Function("pack", "row to blocks")
    body = f.set("b", rounded(memory("v128.load", f.get("row")), 7))
    body += memory("v128.store", f.get("to"), narrow(f.get("b"), f.get("b"))) + f.advance(row=16, to=8)
    f.body = f.repeat("blocks", body)
    return f


def parted() -> Function:
    """part: a row of pairs of bytes as two rows, 8 pairs at a time (NV12's chroma)."""
    f = Function("part", "pairs u v blocks")
    body = f.set("p", memory("v128.load", f.get("pairs")))
    for plane, first in (("u", 0), ("v", 1)):
        lanes = [*range(first, 16, 2)] * 2
        body += memory("v128.store", f.get(plane), shuffle(f.get("p"), f.get("p"), lanes))
    f.body = f.repeat("blocks", body + f.advance(pairs=16, u=8, v=8))
    return f


def alpha() -> Function:
    """alpha: the fourth byte of 16 pixels at a time."""
    f = Function("alpha", "rgba to blocks")
    loads = [memory("v128.load", f.get("rgba"), offset=16 * i) for i in range(4)]
    lanes = ALPHA_BYTES + ALPHA_BYTES
    body = f.set("a", shuffle(loads[0], loads[1], lanes)) + f.set("b", shuffle(loads[2], loads[3], lanes))
    both = shuffle(f.get("a"), f.get("b"), [*range(8), *range(16, 24)])
    f.body = f.repeat("blocks", body + memory("v128.store", f.get("to"), both) + f.advance(rgba=64, to=16))
    return f


def mirrored() -> Function:
    """mirror: RGBA pixels in the opposite order, 4 at a time; `end` is where the result ends."""
    f = Function("mirror", "row end blocks")
    load = memory("v128.load", f.get("row"))
    lanes = [byte for pixel in (3, 2, 1, 0) for byte in range(4 * pixel, 4 * pixel + 4)]
    f.body = f.repeat(
        "blocks",
        f.advance(end=-16)
        + memory("v128.store", f.get("end"), shuffle(load, load, lanes))
        + f.advance(row=16),
    )
    return f


def difference() -> Function:
    """difference: the sum of the absolute differences of two rectangles of bytes of `width` times 16."""
    f = Function("difference", "a b width rows stride", result=True)
    get = f.get
    f.body = f.set("sum", v128(bytes(16)))
    begin = f.set("p", get("a"), I32) + f.set("q", get("b"), I32) + f.set("left", get("width"), I32)
    inner = f.set("x", memory("v128.load", get("p"))) + f.set("y", memory("v128.load", get("q")))
    both = [op("i8x16.sub_sat_u", get(a), get(b)) for a, b in (("x", "y"), ("y", "x"))]
    pairs = op("i16x8.extadd_pairwise_i8x16_u", op("v128.or", *both))
    inner += f.set("sum", op("i32x4.add", get("sum"), op("i32x4.extadd_pairwise_i16x8_u", pairs)))
    body = begin + f.repeat("left", inner + f.advance(p=16, q=16))
    for pointer in ("a", "b"):
        body += f.set(pointer, op("i32.add", get(pointer), get("stride")), I32)
    f.body += f.repeat("rows", body)
    lanes = [lane("i32x4.extract_lane", i, get("sum")) for i in range(4)]
    f.body += op("i32.add", op("i32.add", lanes[0], lanes[1]), op("i32.add", lanes[2], lanes[3]))
    return f
