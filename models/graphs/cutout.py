"""The cutout graph: a square picture of a face with everything but the face replaced by middle grey.

Does not find, turn or crop the face: its picture and the segmenter's input show the same square of the
frame; where the segmenter's input is wider, it also shows what is beside the square.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core.card import Input
from models.graphs.text import shapes, text
from models.spec.card import Card

Array = NDArray[np.float32]

SIDE = 224  # MobileNet's input
GREY = 127  # its zero: (byte - 127) / 127.5
PARTS, FACE = 24, 2  # BodyPix's parts; the first two are the left and right half of the face
LEAST = 0.05  # share of the square; with less face in it the segmenter has missed it, and nothing is removed

TEXT = """
cutout ({kind}[1,{side},{side},4] rgba, {inputs}) => ({kind}[1,{side},{side},4] cut)
<float nought = {{0.0}}, float one = {{1.0}},
 float least = {{{least}}}, float million = {{1000000.0}},
 int64[1] first = {{0}}, int64[1] halves = {{{halves}}}, int64[1] last = {{{parts}}}, int64[1] axis = {{1}}>
{{
  {lines}
  of_rows = ReduceMean <axes = [3]> (alpha)
  share = ReduceMean <axes = [2]> (of_rows)
  beyond = Sub (share, least)
  sharp = Mul (beyond, million)
  found = Clip (sharp, nought, one)
  outside = Sub (alpha, one)
  cut_away = Mul (outside, found)
  shown = Add (cut_away, one)
  plane = Transpose <perm = [0, 2, 3, 1]> (shown)
  shares = Mul (plane, colours)
  {floats}
  apart = Sub (floats, grey)
  faded = Mul (apart, shares)
  {cut}
}}
"""
NUMBERS = {"side": SIDE, "least": LEAST, "halves": FACE, "parts": PARTS}
# The square of a map, resized to 224 x 224. The graph computes the interpolation weights from positions: as
# stored matrices they would take 460 kB, and WASM folds them when it loads. The edge is as soft as the map's:
# with steeper edges fewer faces were recognised in front of another background (docs/lookalike.md).
SQUARE = """
  down_{map} = Sub (ys_{map}, rows_{map})
  down_down_{map} = Mul (down_{map}, down_{map})
  below_{map} = Sqrt (down_down_{map})
  above_{map} = Sub (one, below_{map})
  falls_{map} = Relu (above_{map})
  across_{map} = Sub (xs_{map}, columns_{map})
  across_across_{map} = Mul (across_{map}, across_{map})
  beside_{map} = Sqrt (across_across_{map})
  near_{map} = Sub (one, beside_{map})
  runs_{map} = Relu (near_{map})
  tall_{map} = MatMul (falls_{map}, {map})
  kept_{map} = MatMul (tall_{map}, runs_{map})"""
# A point belongs to the likeliest part. Probabilities alone do not tell: outside the person every part of
# BodyPix is likely (0.99 and more on a wall), because it was trained to separate parts on the person only.
LIKELIEST = """
  pair = Slice (parts, first, halves, axis)
  others = Slice (parts, halves, last, axis)
  of_pair = ReduceMax <axes = [1]> (pair)
  of_others = ReduceMax <axes = [1]> (others)
  lead = Sub (of_pair, of_others)
  decided = Mul (lead, million)
  face = Clip (decided, nought, one)"""
# Half of a Mask of 256 x 256 takes a third of the time; at 224 x 224 the edges show no difference.
POOLED = "\n  person = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (mask)"
# With an odd size the points are on the outer pixels, also those of every second row and column.
SECOND = "\n  person = MaxPool <kernel_shape = [1, 1], strides = [2, 2]> (mask)"
WHOLE = "\n  person = Identity (mask)"
BYTES = {
    "kind": "uint8",
    "floats": "floats = Cast <to = 1> (rgba)",
    "cut": "laid = Add (faded, rounded)\n  cut = Cast <to = 2> (laid)",
}
FLOATS = {"kind": "float", "floats": "floats = Identity (rgba)", "cut": "cut = Add (faded, grey)"}


class Maps(NamedTuple):
    """The outputs of a segmenter: the size of its Mask, which covers the input, and of the grid of its parts.

    The outer points of the grid are on the outer pixels of the input. `parts` is None without body parts.
    """

    mask: tuple[int, int]
    parts: tuple[int, int] | None = None


def segmenter_maps(card: Card, network: onnx.ModelProto) -> Maps:
    """The maps of a network at the card's input size."""
    sizes = {"height": card.input.height, "width": card.input.width}
    shape = shapes(network, sizes if card.sizes else None).get("parts", ())
    if len(shape) == 4 and shape[1] == PARTS:
        grid = shape[2], shape[3]
        steps = [(m - 1) / (g - 1) if g > 1 else 0 for m, g in zip(card.mask, grid, strict=True)]
        if all(step == int(step) >= 1 for step in steps):
            return Maps(card.mask, grid)
    return Maps(card.mask)


def graph(maps: Maps, into: Input, rgba: str) -> onnx.ModelProto:
    """A graph from rgba [1,224,224,4], `mask` and, with `maps.parts`, `parts` to `cut`, as rgba, alpha 255.

    `rgba` is the type of rgba, "uint8" or "float32", 0 to 255 both; `into` is the segmenter's input.
    """
    high, wide = maps.mask
    inputs = f"float[1,1,{high},{wide}] mask"
    if not (high % 2 or wide % 2):
        person, points, corners = POOLED, (high // 2, wide // 2), False
    elif high % 2 and wide % 2 and maps.mask == (into.height, into.width):
        person, points, corners = SECOND, (high // 2 + 1, wide // 2 + 1), True
    else:
        person, points, corners = WHOLE, maps.mask, False
    lines, weights = person + SQUARE.format(map="person"), _positions("person", points, into, corners)
    if maps.parts:
        inputs += f", float[1,{PARTS},{maps.parts[0]},{maps.parts[1]}] parts"
        lines += LIKELIEST + SQUARE.format(map="face") + "\n  alpha = Mul (kept_person, kept_face)"
        weights |= _positions("face", maps.parts, into, True)
    else:
        lines += "\n  alpha = Identity (kept_person)"
    body = TEXT.format(**NUMBERS, inputs=inputs, lines=lines, **(BYTES if rgba == "uint8" else FLOATS))
    grey = np.array([[[[GREY, GREY, GREY, 255]]]], np.float32)
    weights |= {
        "grey": grey,
        "rounded": grey + np.float32(0.5),
        "colours": np.array([[[[1, 1, 1, 0]]]], np.float32),
    }
    return text(body, weights)


def _positions(name: str, points: tuple[int, int], into: Input, corners: bool) -> dict[str, Array]:
    """The positions of a map's points and of the square's pixels among them."""
    beside = (into.width - into.height) / 2
    return {
        f"rows_{name}": np.arange(points[0], dtype=np.float32).reshape(1, 1, 1, -1),
        f"columns_{name}": np.arange(points[1], dtype=np.float32).reshape(1, 1, -1, 1),
        f"ys_{name}": pixel_positions(points[0], into.height, 0.0, into.height, corners).reshape(1, 1, -1, 1),
        f"xs_{name}": pixel_positions(points[1], into.width, beside, into.height, corners).reshape(
            1, 1, 1, -1
        ),
    }


def pixel_positions(points: int, pixels: int, start: float, long: float, corners: bool) -> Array:
    """[224]: the positions of the square's pixels among a map's points, 0 to points - 1.

    The points cover `pixels` of the segmenter's input; the square is `long` pixels of it, from `start` on.
    """
    at = start + (np.arange(SIDE) + 0.5) / SIDE * long  # the centre of pixel n is n + 1/2
    at = (at - 0.5) * (points - 1) / (pixels - 1) if corners else at * points / pixels - 0.5
    return np.asarray(at.clip(0, points - 1), np.float32)
