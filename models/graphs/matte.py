"""The matte graph: a Mask refined along the picture's edges, for a Compositor without shaders.

Does not run a network: it is the guided filter of app/page/shaders (moments to edge.glsl) as ONNX.
He, Sun, Tang: Guided Image Filtering (ECCV 2010); at half size as in Fast Guided Filter (2015).
"""

from __future__ import annotations

import onnx

from models.graphs.text import text

FLAT = 0.008  # as in slope.frag: below this variance of brightness the picture has no edge

TEXT = """
matte (uint8[1,{h},{w},4] rgba, float[1,1,{mask_h},{mask_w}] mask, float[1] softness)
  => (uint8[1,{h},{w},4] matte)
<float[4,1] weights = {{0.00117254902, 0.00230196078, 0.000447058824, 0.0}}, float flat = {{{flat}}},
 float half = {{0.5}}, float zero = {{0.0}}, float one = {{1.0}}, float two = {{2.0}}, float three = {{3.0}},
 float full = {{255.0}}, float[4] scales = {{1.0, 1.0, 2.0, 2.0}}, uint8 none = {{0}},
 int64[4] planar = {{1, 1, {h}, {w}}}, int64[4] bytes = {{1, {h}, {w}, 1}}, int64[4] parts = {{1, 1, 1, 1}},
 int64[2] pair = {{1, 1}}, float[4] grow = {{1.0, 1.0, {down}, {across}}},
 int64[8] before = {{0, 0, 0, 3, 0, 0, 0, 0}}, int64[8] odd = {{0, 0, 0, 0, 0, 0, {h_odd}, {w_odd}}},
 int64[2] start = {{0, 0}}, int64[2] end = {{{h}, {w}}}, int64[2] axes = {{2, 3}}>
{{
  colours = Cast <to = 1> (rgba)
  shades = MatMul (colours, weights)
  light = Reshape (shades, planar)
  person = Resize <mode = "linear"> (mask, , grow)
  both = Mul (light, person)
  square = Mul (light, light)
  all = Concat <axis = 1> (light, person, both, square)
  whole = Pad <mode = "edge"> (all, odd)
  halved = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (whole)
  means = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1], count_include_pad = 0> (halved)
  i, p, ip, ii = Split <axis = 1> (means, parts)
  i_p = Mul (i, p)
  shared = Sub (ip, i_p)
  i_i = Mul (i, i)
  spread = Sub (ii, i_i)
  safe = Relu (spread)
  damped = Add (safe, flat)
  slope = Div (shared, damped)
  fall = Mul (slope, i)
  base = Sub (p, fall)
  lines = Concat <axis = 1> (slope, base)
  even = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1], count_include_pad = 0> (lines)
  doubled = Resize <mode = "linear"> (even, , scales)
  fine = Slice (doubled, start, end, axes)
  a, b = Split <axis = 1> (fine, pair)
  lit = Mul (a, light)
  fitted = Add (lit, b)
  centred = Sub (fitted, half)
  wide = Mul (softness, two)
  ramp = Div (centred, wide)
  moved = Add (ramp, half)
  t = Clip (moved, zero, one)
  tt = Mul (t, t)
  t2 = Mul (t, two)
  rest = Sub (three, t2)
  alpha = Mul (tt, rest)
  scaled = Mul (alpha, full)
  bytes8 = Cast <to = 2> (scaled)
  column = Reshape (bytes8, bytes)
  matte = Pad (column, before, none)
}}
"""


def graph(height: int, width: int, mask: tuple[int, int]) -> onnx.ModelProto:
    """A graph from rgba uint8 [1,h,w,4], mask [1,1,*mask] and softness [1] to matte uint8 [1,h,w,4].

    An odd size is padded with its last pixels, and the result is cropped again.
    """
    sizes = {"h": height, "w": width, "mask_h": mask[0], "mask_w": mask[1]}
    grow = {"down": float(height / mask[0]), "across": float(width / mask[1])}
    body = TEXT.format(**sizes, **grow, flat=FLAT, h_odd=height % 2, w_odd=width % 2)
    if not (height % 2 or width % 2):  # saves a copy of all planes, which takes as long as a filter step
        dropped = ("  whole = Pad", "  fine = Slice")
        body = "\n".join(line for line in body.splitlines() if not line.startswith(dropped))
        body = body.replace("(whole)", "(all)").replace("doubled = ", "fine = ")
    return text(body)
