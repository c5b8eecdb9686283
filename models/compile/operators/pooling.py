"""Pooling, as an expression of shifted Views of the input.

Does not pool over the whole map: reductions.py does.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import Array, Expr, UnsupportedError, View, apply, number
from models.compile.kernels import border
from models.compile.layout import is_channels_last
from models.compile.lower import Lowering
from models.compile.operators.inputs import border_of
from models.compile.operators.padding import fill
from models.compile.packing import Const
from models.compile.registry import operator
from models.compile.values import Lazy


@operator("MaxPool", "AveragePool", lazy=True)
def pool(low: Lowering, node: Node) -> None:
    """Pooling as an expression of shifted Views, one for each element of the window."""
    a = node.attributes
    name, shape = node.inputs[0], low.shape(node.inputs[0])
    kernel, stride = a["kernel_shape"], a.get("strides", [1, 1])
    plain = (
        a.get("auto_pad", b"NOTSET") == b"NOTSET"
        and set(a.get("dilations", [1])) == {1}
        and len(node.outputs) == 1
    )
    if not plain or len(shape) != 4:
        raise UnsupportedError("only two-dimensional pooling with explicit padding is supported")
    edges = border.pads(node)
    top, left, bottom, right = edges
    sides = ((top, bottom), (left, right))
    fitted = [n + sum(ends) - k for n, ends, k in zip(shape[2:], sides, kernel, strict=True)]
    if min(fitted) < 0:
        raise UnsupportedError("its window is larger than its input")
    if a.get("ceil_mode", 0) and any(n % s for n, s in zip(fitted, stride, strict=True)):
        raise UnsupportedError("a last window that is not whole is not supported")
    size = [n // s + 1 for n, s in zip(fitted, stride, strict=True)]
    average = node.op == "AveragePool"
    if low.dtype(name) != "f32":
        raise UnsupportedError(f"elements of type {low.dtype(name)} are not supported")
    view = low.view(name)
    if any(edges):
        lacking = any(have < need for have, need in zip(border_of(view), edges, strict=True))
        if lacking or not average:
            view = _surrounded(low, view, edges, 0.0 if average else -3.4028234663852886e38, name)
        view = replace(view, offset=view.offset - top * view.strides[2] - left * view.strides[3])
    result = (*shape[:2], *size)

    def window(y: int, x: int, source: View) -> Expr:
        moved = replace(
            source, shape=(*shape[:2], y + (size[0] - 1) * stride[0] + 1, x + (size[1] - 1) * stride[1] + 1)
        )
        return ir.load(moved.sliced(2, y, size[0], stride[0]).sliced(3, x, size[1], stride[1]))

    operation = "add" if average else "max"
    total: Expr | None = None
    for y in range(kernel[0]):
        for x in range(kernel[1]):
            each = window(y, x, view)
            total = each if total is None else apply(operation, total, each)
    assert total is not None
    if average:
        counts = (
            _counts(shape, size, kernel, stride, sides)
            if any(edges) and not a.get("count_include_pad", 0)
            else None
        )
        if counts is None:
            total = apply("mul", total, number(1 / prod(kernel)))
        else:
            for axis, count in zip((2, 3), counts, strict=True):
                row = low.weights.data(Const((1 / count).astype(np.float32)))
                for other in [i for i in range(4) if i != axis]:
                    row = row.unsqueezed(other)
                total = apply("mul", total, ir.load(row.broadcast(result)))
    low.define(node.outputs[0], Lazy(result, total))


def _counts(
    shape: tuple[int, ...],
    size: list[int],
    kernel: list[int],
    stride: list[int],
    sides: tuple[tuple[int, int], ...],
) -> list[Array]:
    """How many elements of the input each window holds, along rows and along columns."""
    result = []
    for n, windows, k, s, (before, _) in zip(shape[2:], size, kernel, stride, sides, strict=True):
        starts = np.arange(windows) * s - before
        result.append(np.minimum(starts + k, n) - np.maximum(starts, 0))
    return result


def _surrounded(low: Lowering, view: View, edges: border.Edges, value: float, name: str) -> View:
    """A copy with `value` around it."""
    top, left, bottom, right = edges
    batch, channels, rows, columns = view.shape
    if is_channels_last(view):
        whole = low.dense((1, top + rows + bottom, left + columns + right, channels), title=name).transposed(
            (0, 3, 1, 2)
        )
    else:
        whole = low.dense((batch, channels, top + rows + bottom, left + columns + right), title=name)
    fill(low, whole, value)
    inside = whole.sliced(2, top, rows).sliced(3, left, columns)
    low.assign(inside, ir.load(view), "copy")
    return inside
