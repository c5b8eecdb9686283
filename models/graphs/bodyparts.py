"""Postprocessing of a segmenter: the person's probability as a smoothed Mask, and body parts.

Does not apply thresholds or choose parts: the page does.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core.errors import UserError
from models.graphs.text import SMOOTHING, merge, output_names, shapes, text
from models.spec.card import Card

Array = NDArray[np.float32]


def postprocess(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with the inputs memory and keep and the outputs `mask` and, where it has them, `parts`.

    Roles: `mask`, a probability of the size of the card's Mask, or `logits`, which are enlarged to that size;
    `parts`, logits on the network's own grid. Raises UserError for other roles or sizes.
    """
    sizes = {"height": card.input.height, "width": card.input.width}
    known = shapes(model, sizes if card.sizes else None)
    roles = [name for name in ("mask", "logits") if name in output_names(model)]
    if not roles:
        raise UserError(f"{card.id}: a segmenter needs the output mask or logits. Name it in [outputs].")
    (role, *_) = roles
    grid = known[role]
    if len(grid) != 4 or grid[:2] != (1, 1):
        raise UserError(
            f"{card.id}: the output {role} has the shape {list(grid)}; it must be one map of one channel."
        )
    lines, weights = _enlarge(card, grid[2:])
    if role == "logits":
        lines += "\n        p = Sigmoid(large)"
    else:
        lines = lines.replace("large", "p")
    h, w = ("height", "width") if card.sizes else card.mask
    gh, gw = ("rows", "columns") if card.sizes else grid[2:]
    size, small = f"float[1,1,{h},{w}]", f"float[1,1,{gh},{gw}]"
    inputs, results = f"{small} map", f"{size} mask"
    connections: list[tuple[str, str]] = [(role, "map")]
    if "parts" in known:
        many = f"float[1,{known['parts'][1]},{gh},{gw}]"
        inputs, results = f"{inputs}, {many} heat", f"{results}, {many} parts"
        connections.append(("parts", "heat"))
        lines += "\n        parts = Sigmoid(heat)"
    body = f"""postprocess ({inputs}, {size} memory, float[1] keep) => ({results}) <float[1] four = {{4}}> {{
        {lines}
        {SMOOTHING}
    }}"""
    return merge(model, text(body, weights), connections)


def _enlarge(card: Card, grid: tuple[int, ...]) -> tuple[str, dict[str, Array]]:
    """ONNX lines that enlarge `map` on the grid to `large` at the size of the Mask, and their weights.

    Bilinear with aligned corners, as in the published BodyPix: (g - 1) * stride + 1 pixels. A transposed
    convolution with a triangular kernel does this for every size; a Resize would need fixed sizes.
    """
    if tuple(grid) == card.mask:
        return "large = Identity(map)", {}
    strides = [(n - 1) / (g - 1) if g > 1 else 0 for n, g in zip(card.mask, grid, strict=True)]
    if not all(s == int(s) > 1 for s in strides):
        small, large = (f"{rows}x{columns}" for rows, columns in (grid, card.mask))
        raise UserError(
            f"{card.id}: a map of {small} cannot be enlarged to the mask's {large}: "
            "mask - 1 must be a multiple of map - 1, both for height and for width."
        )
    down, across = (int(s) for s in strides)
    y, x = down - 1, across - 1
    lines = f"""
        tall = ConvTranspose<strides = [{down}, 1], pads = [{y}, 0, {y}, 0]>(map, falls)
        large = ConvTranspose<strides = [1, {across}], pads = [0, {x}, 0, {x}]>(tall, runs)"""
    falls, runs = triangle(down).reshape(1, 1, -1, 1), triangle(across).reshape(1, 1, 1, -1)
    return lines, {"falls": falls, "runs": runs}


def triangle(stride: int) -> Array:
    """[2 * stride - 1]: the weights of linear interpolation, 1 in the middle and 0 one stride away."""
    steps = np.arange(1 - stride, stride)
    return (1 - np.abs(steps) / stride).astype(np.float32)
