"""The cutout graph: the face that a segmenter has found, on middle grey, as a classifier is shown it.

Does not find the face and does not turn or crop: what it is given shows the same square of the frame, or,
beside the square, as much more of it as the segmenter's input is wider.
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
PARTS, FACE = 24, 2  # BodyPix's parts; the first two are the left and the right half of the face
LEAST = 0.05  # of the square; where less is face the segmenter has missed it, and nothing is cut away

# Without Reshape, Where and Abs, which WebGL gets wrong or lacks.
TEXT = """
cutout ({kind}[1,{side},{side},4] rgba, {given}) => ({kind}[1,{side},{side},4] cut)
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
# The square of a map at 224 x 224. How much of each point is in a pixel is worked out of where it lies: the
# matrices would be 460 kB, and WASM folds them when it loads. The edge stays as soft as the map is: steeper
# ones made fewer faces known again before another room (docs/lookalike.md).
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
# What part a point is of is told by which is the likeliest: behind the person every part of BodyPix's is
# likely (0.99 and more before a wall), for it was trained to tell them apart on the person alone.
LIKELIEST = """
  pair = Slice (parts, first, halves, axis)
  others = Slice (parts, halves, last, axis)
  of_pair = ReduceMax <axes = [1]> (pair)
  of_others = ReduceMax <axes = [1]> (others)
  lead = Sub (of_pair, of_others)
  decided = Mul (lead, million)
  face = Clip (decided, nought, one)"""
# Half a Mask of 256 x 256 takes a third of the time, and its edges are not seen at 224 x 224.
POOLED = "\n  person = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (mask)"
# An odd side has its points on the outer pixels, and every second of them has.
SECOND = "\n  person = MaxPool <kernel_shape = [1, 1], strides = [2, 2]> (mask)"
WHOLE = "\n  person = Identity (mask)"
BYTES = {
    "kind": "uint8",
    "floats": "floats = Cast <to = 1> (rgba)",
    "cut": "laid = Add (faded, rounded)\n  cut = Cast <to = 2> (laid)",
}
FLOATS = {"kind": "float", "floats": "floats = Identity (rgba)", "cut": "cut = Add (faded, grey)"}


class Maps(NamedTuple):
    """What the segmenter gives: the size of its Mask, which fills the input, and of the grid of its parts,
    whose outer points lie on the outer pixels; None where it tells no parts.
    """

    mask: tuple[int, int]
    parts: tuple[int, int] | None = None


def seen(card: Card, network: onnx.ModelProto) -> Maps:
    """What there is at the card's input."""
    sizes = {"height": card.input.height, "width": card.input.width}
    shape = shapes(network, sizes if card.sizes else None).get("parts", ())
    if len(shape) == 4 and shape[1] == PARTS:
        grid = shape[2], shape[3]
        steps = [(m - 1) / (g - 1) if g > 1 else 0 for m, g in zip(card.mask, grid, strict=True)]
        if all(step == int(step) >= 1 for step in steps):
            return Maps(card.mask, grid)
    return Maps(card.mask)


def graph(maps: Maps, into: Input, rgba: str) -> onnx.ModelProto:
    """rgba [1,224,224,4], `mask` and, where there are such, `parts` -> cut, as rgba, its alpha 255.

    `rgba` is its type, "uint8" or "float32", 0 to 255 both; `into` is the segmenter's input.
    """
    high, wide = maps.mask
    given = f"float[1,1,{high},{wide}] mask"
    if not (high % 2 or wide % 2):
        person, points, corners = POOLED, (high // 2, wide // 2), False
    elif high % 2 and wide % 2 and maps.mask == (into.height, into.width):
        person, points, corners = SECOND, (high // 2 + 1, wide // 2 + 1), True
    else:
        person, points, corners = WHOLE, maps.mask, False
    lines, weights = person + SQUARE.format(map="person"), _lie("person", points, into, corners)
    if maps.parts:
        given += f", float[1,{PARTS},{maps.parts[0]},{maps.parts[1]}] parts"
        lines += LIKELIEST + SQUARE.format(map="face") + "\n  alpha = Mul (kept_person, kept_face)"
        weights |= _lie("face", maps.parts, into, True)
    else:
        lines += "\n  alpha = Identity (kept_person)"
    body = TEXT.format(**NUMBERS, given=given, lines=lines, **(BYTES if rgba == "uint8" else FLOATS))
    grey = np.array([[[[GREY, GREY, GREY, 255]]]], np.float32)
    weights |= {
        "grey": grey,
        "rounded": grey + np.float32(0.5),
        "colours": np.array([[[[1, 1, 1, 0]]]], np.float32),
    }
    return text(body, weights)


def _lie(name: str, points: tuple[int, int], into: Input, corners: bool) -> dict[str, Array]:
    """Where a map's points and the square's pixels lie."""
    beside = (into.width - into.height) / 2
    return {
        f"rows_{name}": np.arange(points[0], dtype=np.float32).reshape(1, 1, 1, -1),
        f"columns_{name}": np.arange(points[1], dtype=np.float32).reshape(1, 1, -1, 1),
        f"ys_{name}": places(points[0], into.height, 0.0, into.height, corners).reshape(1, 1, -1, 1),
        f"xs_{name}": places(points[1], into.width, beside, into.height, corners).reshape(1, 1, 1, -1),
    }


def places(points: int, pixels: int, start: float, long: float, corners: bool) -> Array:
    """[224]: where the square's pixels lie between a map's points, 0 to points - 1.

    The points lie along `pixels` of the segmenter's input, of which the square is `long` from `start` on.
    """
    at = start + (np.arange(SIDE) + 0.5) / SIDE * long  # the middle of pixel n is n + 1/2
    at = (at - 0.5) * (points - 1) / (pixels - 1) if corners else at * points / pixels - 0.5
    return np.asarray(at.clip(0, points - 1), np.float32)
