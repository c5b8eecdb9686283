"""The cutout graph: the face that a segmenter has found, on middle grey, as a classifier is shown it.

Does not find the face and does not turn or crop: what it is given shows the same square of the frame, or,
beside the square, as much more of it as the segmenter's input is wider.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from app.card import Input
from models.cards import Card
from models.graph import shapes, text

Array = NDArray[np.float32]

SIDE = 224  # MobileNet's input
GREY = 127  # its zero: (byte - 127) / 127.5
PARTS, FACE = 24, 2  # BodyPix's parts; the first two are the left and the right half of the face
STEEP = 4.0  # from grey to face over 1 / STEEP of the probability, its middle at one half
LEAST = 0.05  # of the square; where less is face the segmenter has missed it, and nothing is cut away

# Without Reshape, Where and Abs, which WebGL gets wrong or lacks. How much of each point of the map is in a
# pixel is worked out of where it lies: the matrices would be 460 kB, and WASM folds them when it loads.
TEXT = """
cutout ({kind}[1,{side},{side},4] rgba, float[1,{n},{high},{wide}] {given}) => ({kind}[1,{side},{side},4] cut)
<float steep = {{{steep}}}, float start = {{{start}}}, float nought = {{0.0}}, float one = {{1.0}},
 float two = {{2.0}}, float least = {{{least}}}, float million = {{1000000.0}},
 int64[1] first = {{0}}, int64[1] halves = {{{halves}}}, int64[1] axis = {{1}}>
{{
  {face}
  down = Sub (ys, rows)
  down_down = Mul (down, down)
  below = Sqrt (down_down)
  above = Sub (one, below)
  falls = Relu (above)
  across = Sub (xs, columns)
  across_across = Mul (across, across)
  beside = Sqrt (across_across)
  near = Sub (one, beside)
  runs = Relu (near)
  tall = MatMul (falls, face)
  large = MatMul (tall, runs)
  rising = Mul (large, steep)
  ramp = Sub (rising, start)
  alpha = Clip (ramp, nought, one)
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
NUMBERS = {"side": SIDE, "steep": STEEP, "start": (STEEP - 1) / 2, "least": LEAST, "halves": FACE}
PAIR = {
    "face": """pair = Slice (parts, first, halves, axis)
  mean = ReduceMean <axes = [1]> (pair)
  face = Mul (mean, two)"""
}
WHOLE = {"face": "face = Identity (mask)"}
# Half a Mask of 256 x 256 takes a third of the time, and its edges are not seen at 224 x 224.
POOLED = {"face": "face = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (mask)"}
BYTES = {
    "kind": "uint8",
    "floats": "floats = Cast <to = 1> (rgba)",
    "cut": "laid = Add (faded, rounded)\n  cut = Cast <to = 2> (laid)",
}
FLOATS = {"kind": "float", "floats": "floats = Identity (rgba)", "cut": "cut = Add (faded, grey)"}


class Map(NamedTuple):
    """An output of the segmenter, and how its points lie on the pixels of the input."""

    name: str  # "parts" or "mask"
    grid: tuple[int, int]
    corners: bool  # its outer points lie on the outer pixels; else its cells fill the input


def seen(card: Card, network: onnx.ModelProto) -> Map:
    """What is there at the card's input: the parts, where a segmenter tells them, else the Mask."""
    sizes = {"height": card.input.height, "width": card.input.width}
    shape = shapes(network, sizes if card.sizes else None).get("parts", ())
    if len(shape) == 4 and shape[1] == PARTS:
        grid = shape[2], shape[3]
        steps = [(m - 1) / (g - 1) if g > 1 else 0 for m, g in zip(card.mask, grid, strict=True)]
        if all(step == int(step) >= 1 for step in steps):
            return Map("parts", grid, True)
    return Map("mask", card.mask, False)


def graph(found: Map, into: Input, rgba: str) -> onnx.ModelProto:
    """rgba [1,224,224,4], and the segmenter's `parts` or `mask` -> cut, as rgba, its alpha 255.

    `rgba` is its type, "uint8" or "float32", 0 to 255 both; `into` is the segmenter's input.
    """
    high, wide = found.grid
    if found.name == "parts":
        face, points = PAIR, found.grid
    elif high % 2 or wide % 2:
        face, points = WHOLE, found.grid
    else:
        face, points = POOLED, (high // 2, wide // 2)
    given = {"given": found.name, "n": PARTS if face is PAIR else 1, "high": high, "wide": wide}
    body = TEXT.format(**NUMBERS, **given, **face, **(BYTES if rgba == "uint8" else FLOATS))
    grey = np.array([[[[GREY, GREY, GREY, 255]]]], np.float32)
    beside = (into.width - into.height) / 2
    weights = {
        "rows": np.arange(points[0], dtype=np.float32).reshape(1, 1, 1, -1),
        "columns": np.arange(points[1], dtype=np.float32).reshape(1, 1, -1, 1),
        "ys": places(points[0], into.height, 0.0, into.height, found.corners).reshape(1, 1, -1, 1),
        "xs": places(points[1], into.width, beside, into.height, found.corners).reshape(1, 1, 1, -1),
        "grey": grey,
        "rounded": grey + np.float32(0.5),
        "colours": np.array([[[[1, 1, 1, 0]]]], np.float32),
    }
    return text(body, weights)


def places(points: int, pixels: int, start: float, long: float, corners: bool) -> Array:
    """[224]: where the square's pixels lie between a map's points, 0 to points - 1.

    The points lie along `pixels` of the segmenter's input, of which the square is `long` from `start` on.
    """
    at = start + (np.arange(SIDE) + 0.5) / SIDE * long  # the middle of pixel n is n + 1/2
    at = (at - 0.5) * (points - 1) / (pixels - 1) if corners else at * points / pixels - 0.5
    return np.asarray(at.clip(0, points - 1), np.float32)
