"""Kernels that make RGBA of YUV, with a background behind the person.

Does not make the background: room.py does.
"""

from __future__ import annotations

from models.pixels.arithmetic import LOW, blend, narrow, q15, rounded, shl
from models.pixels.writer import I32, Function, i16x8, i32, memory, op, shuffle, when

NAMES = ("black", "luma", "red_v", "green_u", "green_v", "blue_u")  # of the coefficients, 16 bytes each


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
    frame = to_rgb(f, *subsampled(f))
    body = person(f)
    both = f.set("part", op("i16x8.add", get("share"), op("i16x8.shr_s", get("share"), i32(8))))
    behind = b""
    for channel, suffix in zip("rgb", ("", "g", "b"), strict=True):
        rows = [memory("v128.load", get(name + suffix)) for name in ("b0", "b1")]
        room = f.set("room0", rows[0]) + f.set("room", blend(f, get("room0"), rows[1], get("bw")))
        limited = op("i16x8.max_s", op("i16x8.min_s", get(channel), i16x8(255)), i16x8(0))
        both += room + f.set(channel, rounded(blend(f, get("room"), shl(limited, 7), get("part")), 7))
        behind += room + f.set(channel, rounded(get("room"), 7))
    # Most pixels are the person's or the background's alone.
    partly = op("v128.any_true", op("i16x8.sub", get("share"), i16x8(255 << 7)))
    body += when(op("v128.any_true", get("share")), frame + when(partly, both), behind)
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
