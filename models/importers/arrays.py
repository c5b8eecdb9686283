"""Operators that rearrange elements: concatenate, slice, gather, reshape, transpose, pad.

Does not hold operators that compute (elementwise.py, operators.py) and does not read files.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from models.importers.builder import TO_NCHW, Builder
from models.importers.errors import ModelFileError
from models.importers.ir import Step

Operator = Callable[[Builder, Step], None]


def _axis(number: int, rank: int) -> int:
    if not -rank <= number < rank:
        raise ModelFileError(f"axis {number} does not exist in {rank} dimensions.")
    return number % rank


def _indices(builder: Builder, step: Step, name: str, numbers: Any) -> str:
    return builder.weight(f"{step.outputs[0]}_{name}", np.array(numbers, np.int64))


def _one(builder: Builder, name: str) -> int:
    array = builder.numbers(name)
    if array.size != 1:
        raise ModelFileError(f"the tensor {name} has {array.size} numbers, not 1.")
    return int(array.ravel()[0])


def _pad(builder: Builder, step: Step) -> None:
    shape, pads = builder.shape(step.inputs[0]), builder.numbers(step.inputs[1])
    if pads.shape != (len(shape), 2) or pads.size == 0 or pads.min() < 0 or pads.max() > 1 << 16:
        raise ModelFileError(f"its padding does not fit the shape {shape}.")
    image = builder.is_image(step.inputs[0])
    out = [n + int(a) + int(b) for n, (a, b) in zip(shape, pads, strict=True)]
    ordered = pads[list(TO_NCHW)] if image else pads
    inputs = [
        (builder.image if image else builder.plain)(step.inputs[0]),
        _indices(builder, step, "pads", ordered.T.ravel()),
    ]
    if len(step.inputs) > 2:
        value = builder.numbers(step.inputs[2]).ravel()
        inputs += (
            [builder.weight(f"{step.outputs[0]}_value", value[0])] if value.size == 1 and value[0] else []
        )
    options = {"mode": step.options["mode"]} if "mode" in step.options else {}
    builder.add("Pad", step, inputs, out, image=image, **options)


def _reshape(builder: Builder, step: Step) -> None:
    """The new shape is the option `shape` or the second input; one size may be -1."""
    before = builder.shape(step.inputs[0])
    option = step.options.get("shape")
    shape = [int(n) for n in (builder.numbers(step.inputs[1]).ravel() if option is None else option)]
    count = math.prod(before)
    if shape.count(-1) == 1 and (rest := math.prod(n for n in shape if n != -1)) > 0:
        shape[shape.index(-1)] = count // rest
    if math.prod(shape) != count or any(n <= 0 for n in shape):
        raise ModelFileError(f"the shape {before} cannot become {tuple(shape)}.")
    builder.add(
        "Reshape", step, [builder.flat(step.inputs[0]), _indices(builder, step, "shape", shape)], shape
    )


def _squeeze(builder: Builder, step: Step) -> None:
    before = builder.shape(step.inputs[0])
    axes = {_axis(a, len(before)) for a in step.options["axes"]} or {
        a for a, n in enumerate(before) if n == 1
    }
    remaining = [n for a, n in enumerate(before) if a not in axes]
    _reshape(builder, Step("reshape", step.label, step.inputs[:1], step.outputs, {"shape": remaining}))


def _expand(builder: Builder, step: Step) -> None:
    shape = list(builder.shape(step.inputs[0]))
    shape.insert(_axis(_one(builder, step.inputs[1]), len(shape) + 1), 1)
    _reshape(builder, Step("reshape", step.label, step.inputs[:1], step.outputs, {"shape": shape}))


def _concat(builder: Builder, step: Step) -> None:
    """Option: `axis`; without it the last input is the axis."""
    inputs = step.inputs
    axis = step.options.get("axis")
    if axis is None:
        inputs, axis = inputs[:-1], _one(builder, inputs[-1])
    shapes = [list(builder.shape(name)) for name in inputs]
    if not shapes or len({len(shape) for shape in shapes}) != 1:
        raise ModelFileError("it concatenates tensors with different numbers of dimensions.")
    axis = _axis(axis, len(shapes[0]))
    out = [*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :]]
    image = any(builder.is_image(name) for name in inputs)
    names = [(builder.image if image else builder.plain)(name) for name in inputs]
    builder.add("Concat", step, names, out, image=image, axis=TO_NCHW.index(axis) if image else axis)


def _pack(builder: Builder, step: Step) -> None:
    shape = builder.shape(step.inputs[0])
    axis = _axis(step.options["axis"], len(shape) + 1)
    where, names = _indices(builder, step, "axis", [axis]), []
    for index, name in enumerate(step.inputs):
        if builder.shape(name) != shape:
            raise ModelFileError("it stacks tensors of different shapes.")
        part = Step("", step.label, (name,), (f"{step.outputs[0]}_part{index}",))
        builder.add("Unsqueeze", part, [builder.plain(name), where], (*shape[:axis], 1, *shape[axis:]))
        names.append(builder.plain(part.outputs[0]))
    builder.add("Concat", step, names, (*shape[:axis], len(names), *shape[axis:]), axis=axis)


def _unpack(builder: Builder, step: Step) -> None:
    shape = builder.shape(step.inputs[0])
    axis = _axis(step.options["axis"], len(shape))
    if shape[axis] != len(step.outputs):
        raise ModelFileError(
            f"the shape {shape} cannot be split into {len(step.outputs)} outputs along axis {axis}."
        )
    for index in range(len(step.outputs)):  # Gather with a number drops the axis
        inputs = [builder.plain(step.inputs[0]), _indices(builder, step, str(index), index)]
        builder.add("Gather", step, inputs, (*shape[:axis], *shape[axis + 1 :]), output=index, axis=axis)


def _gather(builder: Builder, step: Step) -> None:
    """Option: `axis`; without it the last input is the axis."""
    axis = step.options.get("axis")
    axis = _one(builder, step.inputs[2]) if axis is None else axis
    shape, places = builder.shape(step.inputs[0]), builder.shape(step.inputs[1])
    axis = _axis(axis, len(shape))
    inputs = [builder.plain(step.inputs[0]), builder.plain(step.inputs[1])]
    builder.add("Gather", step, inputs, (*shape[:axis], *places, *shape[axis + 1 :]), axis=axis)


def _gather_nd(builder: Builder, step: Step) -> None:
    shape, places = builder.shape(step.inputs[0]), builder.shape(step.inputs[1])
    if not places or not 0 < places[-1] <= len(shape):
        raise ModelFileError(f"indices of the shape {places} do not fit the shape {shape}.")
    inputs = [builder.plain(step.inputs[0]), builder.plain(step.inputs[1])]
    builder.add("GatherND", step, inputs, (*places[:-1], *shape[places[-1] :]))


def _arg_max(builder: Builder, step: Step) -> None:
    shape = builder.shape(step.inputs[0])
    axis = _axis(_one(builder, step.inputs[1]), len(shape))
    out = (*shape[:axis], *shape[axis + 1 :])
    builder.add("ArgMax", step, [builder.plain(step.inputs[0])], out, axis=axis, keepdims=0)


def _transpose(builder: Builder, step: Step) -> None:
    shape, order = builder.shape(step.inputs[0]), [int(n) for n in builder.numbers(step.inputs[1]).ravel()]
    if sorted(order) != list(range(len(shape))):
        raise ModelFileError(f"{order} is not a permutation of the axes of {shape}.")
    builder.add("Transpose", step, [builder.plain(step.inputs[0])], [shape[a] for a in order], perm=order)


def _strided_slice(builder: Builder, step: Step) -> None:
    """Options: `begin_mask`, `end_mask`, `shrink_axis_mask`; `others` (ellipsis, new axes) must be 0."""
    shape = builder.shape(step.inputs[0])
    begins, ends, steps = ([int(n) for n in builder.numbers(name).ravel()] for name in step.inputs[1:4])
    if step.options["others"] or not len(begins) == len(ends) == len(steps) <= len(shape) or 0 in steps:
        raise ModelFileError("only slices with a begin, an end and a step for each axis are supported.")
    cut, shrunk = list(shape), []
    for axis, (begin, end, stride) in enumerate(zip(begins, ends, steps, strict=True)):
        single = bool(step.options["shrink_axis_mask"] >> axis & 1)
        low = None if step.options["begin_mask"] >> axis & 1 and not single else begin
        high = None if step.options["end_mask"] >> axis & 1 else end
        if single:
            low, high, stride = begin, begin + 1 or None, 1
            shrunk.append(axis)
        span = range(*slice(low, high, stride).indices(shape[axis]))
        if not span or stride < 0:
            raise ModelFileError(f"the slice of axis {axis} is empty or runs backwards.")
        begins[axis], ends[axis], steps[axis], cut[axis] = span.start, span.stop, stride, len(span)
    axes = list(range(len(begins)))
    limits = [
        _indices(builder, step, name, numbers)
        for name, numbers in (("begin", begins), ("end", ends), ("axes", axes), ("steps", steps))
    ]
    part = Step("", step.label, step.inputs[:1], (f"{step.outputs[0]}_cut",)) if shrunk else step
    builder.add("Slice", part, [builder.plain(step.inputs[0]), *limits], cut)
    if shrunk:
        remaining = [n for axis, n in enumerate(cut) if axis not in shrunk]
        inputs = [builder.plain(part.outputs[0]), _indices(builder, step, "shape", remaining)]
        builder.add("Reshape", step, inputs, remaining)


def _slice(builder: Builder, step: Step) -> None:
    """The second input holds the begins, the third the sizes; a size of -1 is the rest of the axis."""
    shape = builder.shape(step.inputs[0])
    begins, sizes = ([int(n) for n in builder.numbers(name).ravel()] for name in step.inputs[1:3])
    if not len(begins) == len(sizes) == len(shape):
        raise ModelFileError(f"its begins and sizes do not fit the shape {shape}.")
    cut = [n - begin if size == -1 else size for n, begin, size in zip(shape, begins, sizes, strict=True)]
    ends = [begin + size for begin, size in zip(begins, cut, strict=True)]
    if any(not 0 <= begin < end <= n for n, begin, end in zip(shape, begins, ends, strict=True)):
        raise ModelFileError(f"the slice from {begins} to {ends} is not inside the shape {shape}.")
    limits = [_indices(builder, step, name, numbers) for name, numbers in (("begin", begins), ("end", ends))]
    builder.add("Slice", step, [builder.plain(step.inputs[0]), *limits], cut)


def _split(builder: Builder, step: Step) -> None:
    """The inputs are the axis and the tensor, in this order; the outputs are equal parts."""
    shape = builder.shape(step.inputs[1])
    axis, count = _axis(_one(builder, step.inputs[0]), len(shape)), len(step.outputs)
    if shape[axis] % count:
        raise ModelFileError(f"the shape {shape} cannot be split into {count} equal parts along axis {axis}.")
    each = shape[axis] // count
    image = builder.is_image(step.inputs[1])
    source, where = (
        (builder.image if image else builder.plain)(step.inputs[1]),
        TO_NCHW.index(axis) if image else axis,
    )
    for index in range(count):
        numbers = (("begin", [index * each]), ("end", [(index + 1) * each]), ("axis", [where]))
        limits = [_indices(builder, step, f"{name}{index}", number) for name, number in numbers]
        out = (*shape[:axis], each, *shape[axis + 1 :])
        builder.add("Slice", step, [source, *limits], out, image=image, output=index)


def _shape(builder: Builder, step: Step) -> None:
    builder.define(step, np.array(builder.shape(step.inputs[0]), np.int64))


def _same(builder: Builder, step: Step) -> None:
    builder.alias(step)


OPERATORS: dict[str, Operator] = {
    "arg_max": _arg_max,
    "concat": _concat,
    "expand": _expand,
    "gather": _gather,
    "gather_nd": _gather_nd,
    "pack": _pack,
    "pad": _pad,
    "reshape": _reshape,
    "same": _same,
    "shape": _shape,
    "slice": _slice,
    "split": _split,
    "squeeze": _squeeze,
    "strided_slice": _strided_slice,
    "transpose": _transpose,
    "unpack": _unpack,
}
