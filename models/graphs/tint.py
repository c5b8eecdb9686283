"""The tint graph: body parts as colours over the person, for the page's overlay.

Does not run a network: each pixel of the person gets the colour of its likeliest part.
"""

from __future__ import annotations

from colorsys import hsv_to_rgb

import numpy as np
import onnx
from numpy.typing import NDArray

from models.graphs.bodyparts import triangle
from models.graphs.text import shapes, text
from models.spec.card import Card

COVER = 150.0  # alpha, of 255: the person stays visible
# Parts at half of the Mask's size take a quarter of the time and look the same.
HALF = 2

TEXT = """
tint (float[1,{parts},rows,columns] parts, float[1,1,height,width] mask) => (uint8[1,high,wide,4] tint)
<float low = {{0.3}}, float steep = {{2.5}}, float zero = {{0.0}}, float one = {{1.0}},
 float cover = {{{cover}}}>
{{
  tall = ConvTranspose <group = {parts}, strides = [{down}, 1], pads = [{y}, 0, {y}, 0]> (parts, falls)
  large = ConvTranspose <group = {parts}, strides = [1, {across}], pads = [0, {x}, 0, {x}]> (tall, runs)
  best = ArgMax <axis = 1, keepdims = 0> (large)
  rgb = Gather (colours, best)
  person = MaxPool <kernel_shape = [1, 1], strides = [2, 2]> (mask)
  above = Sub (person, low)
  ramp = Mul (above, steep)
  sure = Clip (ramp, zero, one)
  alpha = Mul (sure, cover)
  plane = Transpose <perm = [0, 2, 3, 1]> (alpha)
  both = Concat <axis = 3> (rgb, plane)
  tint = Cast <to = 2> (both)
}}
"""


def graph(card: Card, network: onnx.ModelProto) -> onnx.ModelProto | None:
    """A graph from parts [1,n,g,g'] and mask [1,1,h,w] to tint uint8 [1,(h+1)/2,(w+1)/2,4], straight alpha.

    None where the network has no body parts, or where the Mask is not an even multiple of its grid. One graph
    serves every size of the card.
    """
    if card.kind != "segmenter" or len(shape := _shape(card, network)) != 4:
        return None
    _, parts, *cells = shape
    steps = [(n - 1) / (g - 1) / HALF if g > 1 else 0 for n, g in zip(card.mask, cells, strict=True)]
    if not all(step == int(step) >= 1 for step in steps):
        return None
    down, across = (int(step) for step in steps)
    body = TEXT.format(parts=parts, cover=COVER, down=down, across=across, y=down - 1, x=across - 1)
    falls, runs = (np.tile(triangle(n), (parts, 1)) for n in (down, across))
    weights = {"falls": falls[:, None, :, None], "runs": runs[:, None, None, :], "colours": colours(parts)}
    return text(body, weights)


def grid(card: Card, network: onnx.ModelProto) -> tuple[int, int]:
    """The rows and columns of a network's parts at the card's input size."""
    _, _, rows, columns = _shape(card, network)
    return rows, columns


def _shape(card: Card, network: onnx.ModelProto) -> tuple[int, ...]:
    """The shape of a network's parts at the card's input size; () without parts."""
    sizes = {"height": card.input.height, "width": card.input.width}
    return shapes(network, sizes if card.sizes else None).get("parts", ())


def colours(parts: int) -> NDArray[np.float32]:
    """[parts,3]: a colour for each part, 0 to 255, from equal steps of hue."""
    rows = [hsv_to_rgb(n / parts, 0.75, 1.0) for n in range(parts)]
    return (np.array(rows) * 255).round().astype(np.float32)
