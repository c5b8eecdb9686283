"""Reductions over axes: sums, means, maxima, softmax, and the place of the maximum.

Does not emit code: kernels/elementwise.py and kernels/arg_max.py do.
"""

from __future__ import annotations

from math import prod

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import Expr, UnsupportedError, View, apply
from models.compile.kernels.arg_max import arg_max
from models.compile.kernels.elementwise import reduction
from models.compile.lower import Lowering
from models.compile.operators.views import numbers
from models.compile.registry import operator
from models.compile.values import Lazy

KINDS = {
    "ReduceSum": "sum",
    "ReduceMean": "mean",
    "ReduceMax": "max",
    "ReduceMin": "min",
    "ReduceProd": "prod",
}


def reduce(
    low: Lowering, kind: str, expr: Expr, shape: tuple[int, ...], axes: tuple[int, ...], name: str
) -> View:
    """The reduction of an expression over axes, which are kept with one element."""
    if expr.dtype != "f32":
        raise UnsupportedError(f"elements of type {expr.dtype} are not supported")
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    is_map = len(shape) == 4 and shape[0] == 1 and axes == (2, 3)
    target = low.map(kept, name) if is_map else low.dense(kept, title=name)
    out = target
    for axis in reversed(axes):
        out = out.squeezed(axis)
    low.step(
        f"{kind} {name}",
        expr.views,
        [target],
        lambda f: reduction(f, kind, expr, out, axes, shape),
        prod(shape),
    )
    return target


def operand(low: Lowering, name: str) -> Expr:
    """An input as an expression; it is not computed into memory if nothing else reads it."""
    value = low.take(name)
    return value.expr if isinstance(value, Lazy) else ir.load(value)


@operator(*KINDS, lazy=True)
def reduce_axes(low: Lowering, node: Node) -> None:
    """Every row of KINDS."""
    shape = low.shape(node.inputs[0])
    axes = node.attributes.get("axes")
    if len(node.inputs) > 1 and node.inputs[1]:
        axes = numbers(low, node.inputs[1])
    axes = tuple(sorted(axis % len(shape) for axis in axes)) if axes else tuple(range(len(shape)))
    result = reduce(low, KINDS[node.op], operand(low, node.inputs[0]), shape, axes, node.outputs[0])
    if not node.attributes.get("keepdims", 1):
        for axis in reversed(axes):
            result = result.squeezed(axis)
    low.define(node.outputs[0], result)


@operator("GlobalAveragePool", lazy=True)
def global_average(low: Lowering, node: Node) -> None:
    """The mean of each channel."""
    shape = low.shape(node.inputs[0])
    if len(shape) != 4:
        raise UnsupportedError(f"the mean of a value of shape {shape} is not supported")
    expr = operand(low, node.inputs[0])
    low.define(node.outputs[0], reduce(low, "mean", expr, shape, (2, 3), node.outputs[0]))


@operator("Softmax")
def softmax(low: Lowering, node: Node) -> None:
    """exp(x - max) over its sum, along an axis."""
    name, out = node.inputs[0], node.outputs[0]
    x = low.view(name)
    axes = (node.attributes.get("axis", -1) % len(x.shape),)
    most = reduce(low, "max", ir.load(x), x.shape, axes, f"{out} max")
    powers = low.dense(x.shape, title=f"{out} exp")
    low.assign(powers, apply("exp", apply("sub", ir.load(x), ir.load(most.broadcast(x.shape)))))
    total = reduce(low, "sum", ir.load(powers), x.shape, axes, f"{out} sum")
    low.define(out, Lazy(x.shape, apply("div", ir.load(powers), ir.load(total.broadcast(x.shape)))))


@operator("ArgMax")
def argmax(low: Lowering, node: Node) -> None:
    """The number of the largest element along an axis; the first of equal ones."""
    view = low.view(node.inputs[0])
    axis = node.attributes.get("axis", 0) % len(view.shape)
    if node.attributes.get("select_last_index", 0) or view.dtype != "f32":
        raise UnsupportedError("only the first of equal floats is supported")
    kept = tuple(1 if each == axis else n for each, n in enumerate(view.shape))
    target = low.dense(kept, "i32", node.outputs[0])
    low.step(f"argmax {node.outputs[0]}", [view], [target], lambda f: arg_max(f, view, axis, target))
    low.define(node.outputs[0], target if node.attributes.get("keepdims", 1) else target.squeezed(axis))
