"""Matrix products: with a constant they are 1 x 1 convolutions of rows, else reductions.

Does not emit code.
"""

from __future__ import annotations

from math import prod

import numpy as np

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import INPUT, Expr, UnsupportedError, View, apply, number
from models.compile.kernels.dense import dense
from models.compile.kernels.elementwise import reduction
from models.compile.kernels.epilogue import Convolution
from models.compile.lower import Lowering
from models.compile.operators.inputs import bias_of
from models.compile.operators.views import reshaped
from models.compile.packing import Const
from models.compile.registry import operator
from models.compile.values import Lazy


@operator("MatMul", "Gemm", lazy=True)
def matmul(low: Lowering, node: Node) -> None:
    """A matrix product. With a constant on the right it is a 1 x 1 convolution of the rows."""
    a = node.attributes
    left, right = node.inputs[:2]
    if a.get("transA", 0) or a.get("alpha", 1.0) != 1.0 or a.get("beta", 1.0) != 1.0:
        raise UnsupportedError("only products of plain matrices are supported")
    shape, other = low.shape(left), low.shape(right)
    if len(shape) < 2 or len(other) < 2:
        raise UnsupportedError("products of vectors are not supported")
    if (low.dtype(left), low.dtype(right)) != ("f32", "f32"):
        raise UnsupportedError("only products of floats are supported")
    value = low.values[right]
    if isinstance(value, Const) and prod(other[:-2]) == 1:
        weights = value.packed(
            lambda array: array.reshape(other[-2:]) if a.get("transB", 0) else array.reshape(other[-2:]).T
        )
        _rows_times(low, node, weights)
        return
    if a.get("transB", 0):
        raise UnsupportedError("the transposed matrix is not a constant")
    m, depth, n = shape[-2], shape[-1], other[-1]
    lead = np.broadcast_shapes(shape[:-2], other[:-2])
    full = (*lead, m, n, depth)
    x = low.view(left)
    x = x.unsqueezed(len(shape) - 1).broadcast(full)
    y = low.view(right)
    y = (
        y.transposed((*range(len(other) - 2), len(other) - 1, len(other) - 2))
        .unsqueezed(len(other) - 2)
        .broadcast(full)
    )
    out = low.dense((*lead, m, n), title=node.outputs[0], fixed=node.outputs[0] in low.named_outputs)
    expr = apply("mul", ir.load(x), ir.load(y))
    low.step(
        f"product {m}x{depth}x{n}",
        [x, y],
        [out],
        lambda f: reduction(f, "sum", expr, out, (len(full) - 1,), full),
        prod(full),
    )
    low.define(node.outputs[0], out)


def _rows_times(low: Lowering, node: Node, weights: Const) -> None:
    shape = low.shape(node.inputs[0])
    n, depth = weights.array.shape
    rows = prod(shape[:-1])
    narrow = _few(low, node, weights)
    if narrow:
        return
    x = reshaped(low, node.inputs[0], (1, rows, depth))
    if x.strides[2] not in (0, 1):
        x = low.view(node.inputs[0], plain=True).reshaped((1, rows, depth)) or x
    packed, bias = low.weights.dense(weights), bias_of(low, node, n)
    name = node.outputs[0]
    target = low.dense((*shape[:-1], n), title=name, fixed=name in low.named_outputs)
    out = View(target.buffer, (1, rows, n), (rows * n, n, 1))
    c = Convolution(x, packed, bias, out, INPUT, padded=n % 4 == 0)
    low.step(f"product {rows}x{depth}x{n}", [x, packed, bias], [out], lambda f: dense(f, c), c.macs)
    low.define(name, target)


def _few(low: Lowering, node: Node, weights: Const) -> bool:
    """A product with a few numbers, such as the brightness of a colour, is an expression of slices."""
    n, depth = weights.array.shape
    shape = low.shape(node.inputs[0])
    if n != 1 or depth > 8 or len(node.inputs) > 2:
        return False
    value = low.take(node.inputs[0])
    expr = value.expr if isinstance(value, Lazy) else ir.load(value)
    total: Expr | None = None
    for i, factor in enumerate(weights.array.reshape(-1)):
        if factor:
            part = expr.map_views(lambda view, i=i: view.sliced(len(shape) - 1, i, 1))  # type: ignore[misc]
            product = apply("mul", part, number(float(factor)))
            total = product if total is None else apply("add", total, product)
    low.define(node.outputs[0], Lazy((*shape[:-1], 1), total or number(0.0)))
    return True
