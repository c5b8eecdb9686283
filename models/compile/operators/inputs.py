"""What operators read: constants, biases, and maps with room for padding.

Does not compute.
"""

from __future__ import annotations

import numpy as np

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import UnsupportedError, View
from models.compile.kernels import border
from models.compile.layout import channels_innermost
from models.compile.lower import Lowering
from models.compile.packing import BLOCK, Const


def constant(low: Lowering, name: str) -> Const:
    """A constant input. Raises UnsupportedError for any other."""
    value = low.values[name]
    if not isinstance(value, Const):
        raise UnsupportedError(f"{name} is not a constant")
    return value


def map_view(low: Lowering, name: str, edges: border.Edges = (0, 0, 0, 0)) -> View:
    """A value as [rows, columns, channels] in float32, with zeros around it, copied if it lies otherwise."""
    view = low.view(name)
    if len(view.shape) != 4 or view.shape[0] != 1:
        raise UnsupportedError(f"{name} is no single map of [1, channels, rows, columns]")
    innermost = view.strides[1] == 1 or view.shape[1] == 1
    if (
        view.dtype != "f32"
        or not innermost
        or any(have < need for have, need in zip(border_of(view), edges, strict=True))
    ):
        target = low.map(view.shape, name)
        low.assign(target, ir.load(view), "copy")
        view = target
    return channels_innermost(view)


def border_of(view: View) -> border.Edges:
    """The border of a View, if it is a whole map."""
    rows, columns, _ = view.buffer.map
    return view.buffer.border if view.shape[2:] == (rows, columns) else (0, 0, 0, 0)


def bias_of(low: Lowering, node: Node, channels: int) -> View:
    """The bias of a convolution or product, zeros where it has none."""
    has = len(node.inputs) > 2 and node.inputs[2]
    array = constant(low, node.inputs[2]).array if has else np.zeros(channels, np.float32)
    return low.weights.data(Const(np.asarray(array, np.float32)), BLOCK)
