"""Operators that move elements: most only change how memory is looked at; Concat and Pad copy.

Does not compute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import UnsupportedError, View
from models.compile.layout import is_channels_last
from models.compile.lower import Lowering
from models.compile.registry import operator
from models.compile.values import Lazy


def numbers(low: Lowering, name: str) -> list[int]:
    """A constant list of integers."""
    array = low.const(name)
    if array is None:
        raise UnsupportedError(f"{name} is not a constant")
    return [int(number) for number in array.reshape(-1)]


def move(low: Lowering, node: Node, shape: tuple[int, ...], change: Callable[[View], View]) -> None:
    """The input looked at in another way: a View of it, or an expression of changed Views."""
    value = low.take(node.inputs[0])
    if isinstance(value, Lazy):
        low.define(node.outputs[0], Lazy(shape, value.expr.map_views(change)))
    else:
        low.define(node.outputs[0], change(value))


@operator("Transpose", lazy=True)
def transpose(low: Lowering, node: Node) -> None:
    """The axes in another order."""
    shape = low.shape(node.inputs[0])
    order = node.attributes.get("perm", list(range(len(shape)))[::-1])
    move(low, node, tuple(shape[axis] for axis in order), lambda view: view.transposed(order))


def _axes(low: Lowering, node: Node, rank: int) -> list[int]:
    axes = node.attributes.get("axes")
    if axes is None and len(node.inputs) > 1 and node.inputs[1]:
        axes = numbers(low, node.inputs[1])
    if axes is None:
        axes = [axis for axis, n in enumerate(low.shape(node.inputs[0])) if n == 1]
    return sorted(axis % rank for axis in axes)


@operator("Squeeze", lazy=True)
def squeeze(low: Lowering, node: Node) -> None:
    """Without axes of one element."""
    shape = low.shape(node.inputs[0])
    axes = _axes(low, node, len(shape))

    def change(view: View) -> View:
        for axis in reversed(axes):
            view = view.squeezed(axis)
        return view

    move(low, node, tuple(n for axis, n in enumerate(shape) if axis not in axes), change)


@operator("Unsqueeze", lazy=True)
def unsqueeze(low: Lowering, node: Node) -> None:
    """With new axes of one element."""
    shape = list(low.shape(node.inputs[0]))
    given = numbers(low, node.inputs[1]) if len(node.inputs) > 1 else node.attributes["axes"]
    axes = sorted(axis % (len(shape) + len(given)) for axis in given)
    for axis in axes:
        shape.insert(axis, 1)

    def change(view: View) -> View:
        for axis in axes:
            view = view.unsqueezed(axis)
        return view

    move(low, node, tuple(shape), change)


@operator("Slice", lazy=True)
def slice_(low: Lowering, node: Node) -> None:
    """A part of each axis."""
    shape = list(low.shape(node.inputs[0]))
    starts, ends = (numbers(low, name) for name in node.inputs[1:3])
    axes = (
        numbers(low, node.inputs[3]) if len(node.inputs) > 3 and node.inputs[3] else list(range(len(starts)))
    )
    steps = numbers(low, node.inputs[4]) if len(node.inputs) > 4 else [1] * len(starts)
    cuts = []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 1:
            raise UnsupportedError("it goes backwards")
        at = range(*slice(start, end, step).indices(shape[axis]))
        if not len(at):
            raise UnsupportedError("its result is empty")
        cuts.append((axis % len(shape), at.start, len(at), step))
        shape[axis] = len(at)

    def change(view: View) -> View:
        for cut in cuts:
            view = view.sliced(*cut)
        return view

    move(low, node, tuple(shape), change)


@operator("Split")
def split(low: Lowering, node: Node) -> None:
    """Parts of an axis, one after another."""
    view = low.view(node.inputs[0])
    axis = node.attributes.get("axis", 0) % len(view.shape)
    whole = view.shape[axis]
    sizes = numbers(low, node.inputs[1]) if len(node.inputs) > 1 else node.attributes.get("split")
    sizes = sizes or [whole // len(node.outputs)] * len(node.outputs)
    start = 0
    for name, size in zip(node.outputs, sizes, strict=True):
        low.define(name, view.sliced(axis, start, size))
        start += size


def reshaped(low: Lowering, name: str, shape: tuple[int, ...]) -> View:
    """A value in another shape, copied where it cannot be looked at in that way."""
    view = low.view(name)
    return view.reshaped(shape) or low.view(name, plain=True).reshaped(shape) or _never(shape)


def _never(shape: tuple[int, ...]) -> View:
    raise UnsupportedError(f"a value cannot be reshaped to {shape}")


@operator("Reshape", "Flatten", lazy=True)
def reshape(low: Lowering, node: Node) -> None:
    """The same elements in another shape."""
    shape = low.shape(node.inputs[0])
    if node.op == "Flatten":
        axis = node.attributes.get("axis", 1)
        wanted = [prod(shape[:axis]), prod(shape[axis:])]
    else:
        wanted = numbers(low, node.inputs[1])
        if not node.attributes.get("allowzero", 0):
            wanted = [shape[i] if n == 0 else n for i, n in enumerate(wanted)]
        if -1 in wanted:
            wanted[wanted.index(-1)] = prod(shape) // -prod(wanted)
    value = low.take(node.inputs[0])
    if isinstance(value, Lazy) and [n for n in shape if n != 1] == [n for n in wanted if n != 1]:
        expr = value.expr.map_views(lambda view: _relabelled(view, wanted))
        low.define(node.outputs[0], Lazy(tuple(wanted), expr))
    else:
        low.define(node.outputs[0], reshaped(low, node.inputs[0], tuple(wanted)))


def _relabelled(view: View, shape: Sequence[int]) -> View:
    """The View with axes of one element in other places."""
    strides = iter([stride for n, stride in zip(view.shape, view.strides, strict=True) if n != 1])
    return replace(view, shape=tuple(shape), strides=tuple(0 if n == 1 else next(strides) for n in shape))


@operator("Expand")
def expand(low: Lowering, node: Node) -> None:
    """Repeated to a larger shape."""
    view = low.view(node.inputs[0])
    shape = np.broadcast_shapes(view.shape, tuple(numbers(low, node.inputs[1])))
    low.define(node.outputs[0], view.broadcast(shape))


@operator("Concat", lazy=True)
def concat(low: Lowering, node: Node) -> None:
    """The inputs one after another along an axis, each computed into its part."""
    shapes = [low.shape(name) for name in node.inputs]
    axis = node.attributes["axis"] % len(shapes[0])
    shape = list(shapes[0])
    shape[axis] = sum(each[axis] for each in shapes)
    values = [low.take(name) for name in node.inputs]
    last = [v for v in values if isinstance(v, View) and is_channels_last(v)]
    name, dtype = node.outputs[0], low.dtype(node.inputs[0])
    if axis == 1 and len(last) == len(values) and dtype == "f32" and name not in low.named_outputs:
        target = low.map(tuple(shape), name)
    else:
        stored = "u8" if low.named_outputs.get(name) == "uint8" else dtype
        target = low.dense(tuple(shape), stored, name, fixed=name in low.named_outputs)
    start = 0
    for value, each in zip(values, shapes, strict=True):
        part = target.sliced(axis, start, each[axis])
        low.assign(part, value.expr if isinstance(value, Lazy) else ir.load(value), "concat")
        start += each[axis]
    low.define(name, target)
