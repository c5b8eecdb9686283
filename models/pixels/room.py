"""Kernels of the blurred room: the picture without the person, box by box.

Does not know the strength of the blur.
"""

from __future__ import annotations

from models.pixels.arithmetic import LOW, narrow
from models.pixels.writer import F32, I32, Function, f32, f32x4, i16x8, i32, lane, memory, op


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
