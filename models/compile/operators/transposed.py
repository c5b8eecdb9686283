"""Transposed convolutions: 2 x 2 with stride 2 to one channel, and one for each channel along one axis.

Others are not compiled.
"""

from __future__ import annotations

import numpy as np

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import INPUT, Array, Expr, UnsupportedError, View, apply, number
from models.compile.kernels import border
from models.compile.kernels.dense import dense
from models.compile.kernels.epilogue import Convolution, Scatter
from models.compile.lower import Lowering
from models.compile.operators.inputs import constant, map_view
from models.compile.packing import BLOCK, Const, padded
from models.compile.registry import operator


@operator("ConvTranspose")
def conv_transpose(low: Lowering, node: Node) -> None:
    """2 x 2 with stride 2 to one channel, or one for each channel along one axis."""
    weights = constant(low, node.inputs[1])
    group, kernel = node.attributes.get("group", 1), weights.array.shape[2:]
    stride = tuple(node.attributes.get("strides", (1, 1)))
    plain = not any(node.attributes.get("output_padding", [0])) and set(
        node.attributes.get("dilations", [1])
    ) == {1}
    if (
        plain
        and group == 1
        and kernel == stride == (2, 2)
        and weights.array.shape[1] == 1
        and not any(border.pads(node))
    ):
        _doubling(low, node, weights)
    elif plain and group == low.shape(node.inputs[0])[1] and weights.array.shape[1] == 1 and 1 in kernel:
        _along_axis(low, node, weights.array, stride)
    else:
        raise UnsupportedError(f"a transposed convolution of {kernel} with stride {stride} is not supported")


def _doubling(low: Lowering, node: Node, weights: Const) -> None:
    """Four numbers of each pixel are computed as four channels and stored as a square of 2 x 2 pixels."""
    x = map_view(low, node.inputs[0])
    rows, columns, channels = x.shape
    packed = low.weights.dense(weights.packed(lambda a: a.reshape(channels, 4).T))
    has_bias = len(node.inputs) > 2
    bias = constant(low, node.inputs[2]).array.reshape(-1) if has_bias else np.zeros(1)
    four = low.weights.data(Const(np.repeat(bias, 4).astype(np.float32)), BLOCK)
    name = node.outputs[0]
    target = low.dense((1, 1, 2 * rows, 2 * columns), title=name, fixed=name in low.named_outputs)
    out = View(target.buffer, (rows, columns, 4), (4 * columns, 2, 1), target.offset)
    c = Convolution(x, packed, four, out, INPUT, scatter=Scatter(8 * columns))
    low.step(
        f"transposed 2x2/2 {channels}->1 {rows}x{columns}",
        [x, packed, four],
        [out],
        lambda f: dense(f, c),
        c.macs,
    )
    low.define(name, target)


def _along_axis(low: Lowering, node: Node, weights: Array, stride: tuple[int, ...]) -> None:
    """One weight row for each channel: output s * m + p is the sum of x[m - t] * w[s * t + p] over taps t."""
    axis = 2 if weights.shape[2] > 1 or (stride[0] > 1 and stride[1] == 1) else 3
    s, taps = stride[axis - 2], weights.reshape(weights.shape[0], -1)
    if stride[3 - axis] != 1:
        raise UnsupportedError("it also steps along the other axis")
    pads = border.pads(node)
    before, after = pads[axis - 2], pads[axis]
    x = map_view(low, node.inputs[0], _spread(axis, -(-taps.shape[1] // s) - 1))
    x = View(x.buffer, (1, x.shape[2], *x.shape[:2]), (0, x.strides[2], *x.strides[:2]), x.offset)
    count = -(-taps.shape[1] // s)
    table = padded(taps, 1, s).reshape(-1, count, s)
    length = (x.shape[axis] - 1) * s + taps.shape[1] - before - after
    shape = tuple(length if i == axis else n for i, n in enumerate(x.shape))
    name = node.outputs[0]
    single = x.shape[1] == 1
    target = low.dense(shape, title=name) if single else low.map(shape, name)
    first, last = -(-before // s), (length + before) // s  # whole segments; parts of segments lie at the ends
    parts = [(first - 1, before - (first - 1) * s, s)] if first * s > before else []
    if last < first:  # all outputs lie in one segment
        parts = [(last, before - last * s, before - last * s + length)]
    elif last * s < length + before:
        parts.append((last, 0, length + before - last * s))
    for m, start, end in parts:
        _segments(low, x, target, axis, s, table[:, :, start:end], m, m + 1, m * s + start - before)
    if last > first:
        _segments(low, x, target, axis, s, table, first, last, first * s - before)
    low.define(name, target)


def _spread(axis: int, n: int) -> border.Edges:
    return (n, 0, n, 0) if axis == 2 else (0, n, 0, n)


def _segments(
    low: Lowering, x: View, target: View, axis: int, s: int, table: Array, first: int, last: int, at: int
) -> None:
    """Segments first to last - 1 of an axis, of table.shape[2] outputs, s apart, from output `at` on."""
    channels, count, width = table.shape
    n = last - first

    def segmented(view: View, start: int, outer: int, inner: int) -> View:
        """The axis as (segment, output in it)."""
        shape, strides = list(view.shape), list(view.strides)
        shape[axis : axis + 1], strides[axis : axis + 1] = [n, width], [outer, inner]
        offset = view.offset + start * view.strides[axis]
        return View(view.buffer, tuple(shape), tuple(strides), offset)

    out = segmented(target, at, s * target.strides[axis], target.strides[axis])
    total: Expr | None = None
    for t in range(count):
        if not table[:, t].any():
            continue
        numbers = np.ascontiguousarray(table[:, t].T)  # [outputs, channels]
        data = low.weights.data(Const(numbers.astype(np.float32)))
        shape = [1, 1, 1, 1]
        shape[axis : axis + 1] = [1, 1]
        strides = [0] * 5
        strides[axis + 1], strides[1] = channels, 1 if channels > 1 else 0
        shape[axis + 1], shape[1] = width, channels
        factor = View(data.buffer, tuple(shape), tuple(strides)).broadcast(out.shape)
        inputs = segmented(x, first - t, x.strides[axis], 0)
        product = apply("mul", ir.load(inputs), ir.load(factor))
        total = product if total is None else apply("add", total, product)
    low.assign(out, total or number(0.0), "transposed")
