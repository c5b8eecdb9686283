"""Kernels: what is done to one row of a picture, 8 or 16 pixels at once, as WebAssembly functions.

Does not know the size of a picture and owns no memory: static/pixels.js calls them row by row. Pointers and
counts are i32. A row is read and written in whole blocks, so it needs up to 32 bytes of room behind it.
Q7 is int16 with 7 fractional bits (0 to 255 are 0 to 32640), Q15 a weight from 0 to 32767.
"""

from __future__ import annotations

from models.pixels.writer import (
    F32,
    I32,
    Function,
    Module,
    f32,
    f32x4,
    i16x8,
    i32,
    lane,
    memory,
    op,
    shuffle,
    v128,
)

LOW, HIGH = "i16x8.extend_low_i8x16_u", "i16x8.extend_high_i8x16_u"
NAMES = ("black", "luma", "red_v", "green_u", "green_v", "blue_u")  # of the coefficients, 16 bytes each
ALPHA_BYTES = [3, 7, 11, 15, 19, 23, 27, 31]


def shl(value: bytes, bits: int) -> bytes:
    """Eight int16 shifted left."""
    return op("i16x8.shl", value, i32(bits))


def q15(a: bytes, weight: bytes) -> bytes:
    """Eight products, rounded."""
    return op("i16x8.q15mulr_sat_s", a, weight)


def rounded(value: bytes, bits: int) -> bytes:
    """Eight int16 without their fractional bits."""
    return op("i16x8.shr_s", op("i16x8.add_sat_s", value, i16x8(1 << (bits - 1))), i32(bits))


def narrow(a: bytes, b: bytes) -> bytes:
    """Sixteen int16 as bytes, limited to 0 to 255."""
    return op("i8x16.narrow_i16x8_u", a, b)


def blend(f: Function, a: bytes, b: bytes, weight: bytes) -> bytes:
    """a + (b - a) * weight in Q7, of values in Q7. `a` is taken twice."""
    return op("i16x8.add", a, q15(op("i16x8.sub", b, a), weight))


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


def load_coefficients(f: Function) -> bytes:
    """The six coefficients of NAMES as locals."""
    loads = (memory("v128.load", f.get("coefficients"), offset=16 * i) for i in range(len(NAMES)))
    return b"".join(f.set(name, load) for name, load in zip(NAMES, loads, strict=True))


def to_rgb(f: Function, y: bytes, u: bytes, v: bytes) -> bytes:
    """The locals r, g, b (int16, not limited) of 8 pixels in Q7; luma is halved, chroma a quarter."""
    get, mid = f.get, i16x8(128 << 7)
    code = f.set("y", q15(op("i16x8.sub", y, get("black")), get("luma")))
    code += f.set("u", shl(op("i16x8.sub", u, mid), 1)) + f.set("v", shl(op("i16x8.sub", v, mid), 1))
    green = op("i16x8.add", q15(get("u"), get("green_u")), q15(get("v"), get("green_v")))
    parts = {"r": q15(get("v"), get("red_v")), "g": green, "b": q15(get("u"), get("blue_u"))}
    for name, part in parts.items():
        code += f.set(name, rounded(op("i16x8.add_sat_s", get("y"), part), 6))
    return code


def store_rgba(f: Function, a: bytes) -> bytes:
    """Store 8 pixels of the locals r, g, b and of an alpha at the pointer `to`."""
    r, g, b = map(f.get, "rgb")
    code = f.set("rg", narrow(r, g)) + f.set("ba", narrow(b, a))
    for half in (0, 1):
        lanes = [lane for i in range(4 * half, 4 * half + 4) for lane in (i, i + 8, i + 16, i + 24)]
        code += memory("v128.store", f.get("to"), shuffle(f.get("rg"), f.get("ba"), lanes), offset=16 * half)
    return code


def subsampled(f: Function) -> tuple[bytes, bytes, bytes]:
    """8 pixels in Q7 of a row of luma and of rows of chroma with half as many columns."""

    def twice(name: str) -> bytes:
        load = memory("v128.load32_splat", f.get(name + "_row"))
        return shl(op(LOW, shuffle(load, load, [0, 0, 1, 1, 2, 2, 3, 3] * 2)), 7)

    return shl(memory("v128.load8x8_u", f.get("y_row")), 7), twice("u"), twice("v")


def rgba444() -> Function:
    """rgba444: Q7 rows of luma and of whole chroma as RGBA, 8 pixels at a time."""
    f = Function("rgba444", "y_row u_row v_row to blocks coefficients")
    f.body = load_coefficients(f)
    rows = [memory("v128.load", f.get(name)) for name in ("y_row", "u_row", "v_row")]
    body = to_rgb(f, *rows) + store_rgba(f, i16x8(255))
    f.body += f.repeat("blocks", body + f.advance(y_row=16, u_row=16, v_row=16, to=32))
    return f


def rgba420() -> Function:
    """rgba420: byte rows of luma and of halved chroma as RGBA, 8 pixels at a time."""
    f = Function("rgba420", "y_row u_row v_row to blocks coefficients")
    f.body = load_coefficients(f)
    body = to_rgb(f, *subsampled(f)) + store_rgba(f, i16x8(255))
    f.body += f.repeat("blocks", body + f.advance(y_row=8, u_row=4, v_row=4, to=32))
    return f


def person(f: Function) -> bytes:
    """The local `share`: the person's share of 8 pixels in Q7, between the rows a0 and a1."""
    rows = [memory("v128.load", f.get(name)) for name in ("a0", "a1")]
    return f.set("share0", rows[0]) + f.set("share", blend(f, f.get("share0"), rows[1], f.get("aw")))


def composed() -> Function:
    """compose: 8 pixels at a time of the person over a background.

    a0, a1: Q7 rows of the person's share, `a_weight` that of the second. b0, b1 and `b_weight`: the same of
    the background's red; its green and blue are `plane` and 2 x `plane` bytes further.
    """
    arguments = "y_row u_row v_row to blocks coefficients a0 a1 a_weight b0 b1 b_weight plane"
    f = Function("compose", arguments)
    get = f.get
    f.body = load_coefficients(f)
    for name in ("a", "b"):
        f.body += f.set(f"{name}w", op("i16x8.splat", get(f"{name}_weight")))
    for row in ("b0", "b1"):  # the rows of green and blue
        f.body += f.set(row + "g", op("i32.add", get(row), get("plane")), I32)
        f.body += f.set(row + "b", op("i32.add", get(row + "g"), get("plane")), I32)
    body = to_rgb(f, *subsampled(f)) + person(f)
    body += f.set("part", op("i16x8.add", get("share"), op("i16x8.shr_s", get("share"), i32(8))))
    for channel, suffix in zip("rgb", ("", "g", "b"), strict=True):
        limited = op("i16x8.max_s", op("i16x8.min_s", get(channel), i16x8(255)), i16x8(0))
        body += f.set("room0", memory("v128.load", get("b0" + suffix)))
        body += f.set("room", blend(f, get("room0"), memory("v128.load", get("b1" + suffix)), get("bw")))
        body += f.set(channel, rounded(blend(f, get("room"), shl(limited, 7), get("part")), 7))
    body += store_rgba(f, i16x8(255))
    body += f.advance(y_row=8, u_row=4, v_row=4, to=32, a0=16, a1=16)
    body += f.advance(b0=16, b1=16, b0g=16, b1g=16, b0b=16, b1b=16)
    f.body += f.repeat("blocks", body)
    return f


def cut() -> Function:
    """cut: 8 pixels at a time of the person alone: the share is the pixel's alpha."""
    f = Function("cut", "y_row u_row v_row to blocks coefficients a0 a1 a_weight")
    f.body = load_coefficients(f) + f.set("aw", op("i16x8.splat", f.get("a_weight")))
    body = to_rgb(f, *subsampled(f)) + person(f)
    body += store_rgba(f, rounded(f.get("share"), 7))
    f.body += f.repeat("blocks", body + f.advance(y_row=8, u_row=4, v_row=4, to=32, a0=16, a1=16))
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


def room() -> Function:
    """room: RGBA pixels weighted by what is not the person, as four floats: r, g, b times weight, weight.

    `share`: the person's, in Q7.
    """
    f = Function("room", "rgba share to pixels")
    get = f.get
    wide = op("i32x4.extend_low_i16x8_u", op(LOW, memory("v128.load32_zero", get("rgba"))))
    body = f.set("colour", op("f32x4.convert_i32x4_u", wide))
    one, scale = f32(1.0), f32(1 / (255 << 7))
    share = op("f32.convert_i32_u", memory("i32.load16_u", get("share")))
    weight = op("f32.sub", one, op("f32.mul", share, scale))
    body += f.set("w", weight, F32)
    filled = lane("f32x4.replace_lane", 3, get("colour"), one)
    body += memory("v128.store", get("to"), op("f32x4.mul", filled, op("f32x4.splat", get("w"))))
    f.body = f.repeat("pixels", body + f.advance(rgba=4, share=2, to=16))
    return f


def box() -> Function:
    """box: the mean of 2 * radius + 1 pixels (four floats) along a line; the ends count on beyond it.

    `step`: bytes from a pixel of the line to the next, in both pictures. `inverse`: address of 1 / (2r + 1),
    four times.
    """
    f = Function("box", "line to pixels step radius inverse")
    get = f.get
    last = op("i32.add", get("line"), op("i32.mul", op("i32.sub", get("pixels"), i32(1)), get("step")))
    f.body = f.set("first", get("line"), I32) + f.set("last", last, I32)
    f.body += f.set("scale", memory("v128.load", get("inverse")))
    # The sum around the first pixel: itself for each pixel before it, then those after it.
    f.body += f.set("sum", memory("v128.load", get("line"))) + f.set("ahead", get("line"), I32)
    f.body += f.set("count", get("radius"), I32)
    forward = op("i32.add", get("ahead"), get("step"))
    clamped = op("select", get("last"), forward, op("i32.lt_s", get("last"), forward))
    grow = op("f32x4.add", get("sum"), memory("v128.load", get("first")))
    begin = f.set("ahead", clamped, I32) + f.set(
        "sum", op("f32x4.add", grow, memory("v128.load", get("ahead")))
    )
    f.body += f.repeat("count", begin)
    reach = op("i32.mul", get("radius"), get("step"))
    f.body += f.set("behind", op("i32.sub", get("line"), reach), I32)
    body = memory("v128.store", get("to"), op("f32x4.mul", get("sum"), get("scale")))
    body += f.set("ahead", clamped, I32)
    oldest = op("select", get("first"), get("behind"), op("i32.lt_s", get("behind"), get("first")))
    gone = op("f32x4.sub", get("sum"), memory("v128.load", oldest))
    body += f.set("sum", op("f32x4.add", gone, memory("v128.load", get("ahead"))))
    for pointer in ("behind", "to"):
        body += f.set(pointer, op("i32.add", get(pointer), get("step")), I32)
    f.body += f.repeat("pixels", body)
    return f


def colours() -> Function:
    """colours: pixels of `room` divided by their weight, as bytes; the planes are `plane` bytes apart."""
    f = Function("colours", "row to plane pixels")
    get = f.get
    floor = f32x4(1e-4)  # under the middle of a person there is nothing to divide
    body = f.set("p", memory("v128.load", get("row")))
    weight = op("f32x4.max", op("f32x4.splat", lane("f32x4.extract_lane", 3, get("p"))), floor)
    mean = op("f32x4.div", get("p"), weight)
    whole = op("i32x4.trunc_sat_f32x4_u", op("f32x4.add", mean, f32x4(0.5)))
    body += f.set("c", narrow(op("i16x8.narrow_i32x4_u", whole, whole), i16x8(0)))
    body += f.set("at", get("to"), I32)
    for channel in range(3):
        value = op("i32.shr_u", lane("i32x4.extract_lane", 0, get("c")), i32(8 * channel))
        body += memory("i32.store8", get("at"), value)
        body += f.set("at", op("i32.add", get("at"), get("plane")), I32)
    f.body = f.repeat("pixels", body + f.advance(row=16, to=1))
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


KERNELS = (
    mixed, halved, resampled, packed, parted, alpha, rgba444, rgba420, composed, cut, mirrored,
    room, box, colours, difference,
)  # fmt: skip


def module() -> bytes:
    """The WebAssembly module with all kernels."""
    return Module([kernel() for kernel in KERNELS]).encode()
