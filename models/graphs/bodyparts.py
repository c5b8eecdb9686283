"""The segmenter's back: the person's probability at the input's size, smoothed; body parts beside it.

Does not threshold anything and does not choose parts: the page does, where it shows them.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from models.graphs.text import SMOOTH, chain, outputs, shapes, text
from models.spec.card import Card

Array = NDArray[np.float32]


def mask(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` from its picture, memory and keep to `mask`, and `parts` where it has them.

    Roles: `mask`, a probability as large as the card's Mask, or `logits`, which is grown to that size
    first; `parts`, logits on the network's own grid. Raises ValueError for other roles or sizes.
    """
    sizes = {"height": card.input.height, "width": card.input.width}
    found = shapes(model, sizes if card.sizes else None)
    roles = [name for name in ("mask", "logits") if name in outputs(model)]
    if not roles:
        raise ValueError(f"{card.id}: a segmenter needs the output mask or logits in [outputs]")
    (role, *_) = roles
    grid = found[role]
    if len(grid) != 4 or grid[:2] != (1, 1):
        raise ValueError(f"{card.id}: the output {role} is {list(grid)}, not one map of one channel")
    lines, weights = _grown(card, grid[2:])
    if role == "logits":
        lines += "\n        p = Sigmoid(large)"
    else:
        lines = lines.replace("large", "p")
    h, w = ("height", "width") if card.sizes else card.mask
    gh, gw = ("rows", "columns") if card.sizes else grid[2:]
    size, small = f"float[1,1,{h},{w}]", f"float[1,1,{gh},{gw}]"
    given, shown = f"{small} map", f"{size} mask"
    joints: list[tuple[str, str]] = [(role, "map")]
    if "parts" in found:
        many = f"float[1,{found['parts'][1]},{gh},{gw}]"
        given, shown, joints = f"{given}, {many} heat", f"{shown}, {many} parts", [*joints, ("parts", "heat")]
        lines += "\n        parts = Sigmoid(heat)"
    body = f"""back ({given}, {size} memory, float[1] keep) => ({shown}) <float[1] four = {{4}}> {{
        {lines}
        {SMOOTH}
    }}"""
    return chain(model, text(body, weights), joints)


def _grown(card: Card, grid: tuple[int, ...]) -> tuple[str, dict[str, Array]]:
    """ONNX lines from `map` on the grid to `large`, as large as the Mask, and their weights.

    Bilinear with aligned corners, as BodyPix is published: (g - 1) * stride + 1 pixels. A transposed
    convolution with a triangle does this at every size; a Resize would need the sizes beforehand.
    """
    if tuple(grid) == card.mask:
        return "large = Identity(map)", {}
    strides = [(n - 1) / (g - 1) if g > 1 else 0 for n, g in zip(card.mask, grid, strict=True)]
    if not all(s == int(s) > 1 for s in strides):
        small, large = (f"{rows}x{columns}" for rows, columns in (grid, card.mask))
        raise ValueError(
            f"{card.id}: a map of {small} cannot be grown to the mask's {large}: "
            "mask - 1 has to be a multiple of map - 1"
        )
    down, across = (int(s) for s in strides)
    y, x = down - 1, across - 1
    lines = f"""
        tall = ConvTranspose<strides = [{down}, 1], pads = [{y}, 0, {y}, 0]>(map, falls)
        large = ConvTranspose<strides = [1, {across}], pads = [0, {x}, 0, {x}]>(tall, runs)"""
    falls, runs = triangle(down).reshape(1, 1, -1, 1), triangle(across).reshape(1, 1, 1, -1)
    return lines, {"falls": falls, "runs": runs}


def triangle(stride: int) -> Array:
    """1 in the middle, 0 a stride away from it: the weights of linear interpolation."""
    steps = np.arange(1 - stride, stride)
    return (1 - np.abs(steps) / stride).astype(np.float32)
