"""The operators the importers know that move elements about: joined, cut, picked, laid out anew.

Does not compute (elementwise.py and operators.py do) and knows no file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from models.importers.builder import TO_NCHW, Draft
from models.importers.ir import Step, Unreadable

Operator = Callable[[Draft, Step], None]


def _axis(number: int, rank: int) -> int:
    if not -rank <= number < rank:
        raise Unreadable(f"axis {number} is not one of {rank}")
    return number % rank


def _indices(d: Draft, step: Step, name: str, numbers: Any) -> str:
    return d.weight(f"{step.outputs[0]}_{name}", np.array(numbers, np.int64))


def _one(d: Draft, name: str) -> int:
    array = d.numbers(name)
    if array.size != 1:
        raise Unreadable(f"the tensor {name} has {array.size} numbers, not 1")
    return int(array.ravel()[0])


def _pad(d: Draft, step: Step) -> None:
    shape, pads = d.shape(step.inputs[0]), d.numbers(step.inputs[1])
    if pads.shape != (len(shape), 2) or pads.size == 0 or pads.min() < 0 or pads.max() > 1 << 16:
        raise Unreadable(f"its pads do not fit the shape {shape}")
    image = d.is_image(step.inputs[0])
    out = [n + int(a) + int(b) for n, (a, b) in zip(shape, pads, strict=True)]
    ordered = pads[list(TO_NCHW)] if image else pads
    inputs = [(d.image if image else d.plain)(step.inputs[0]), _indices(d, step, "pads", ordered.T.ravel())]
    if len(step.inputs) > 2:
        value = d.numbers(step.inputs[2]).ravel()
        inputs += [d.weight(f"{step.outputs[0]}_value", value[0])] if value.size == 1 and value[0] else []
    options = {"mode": step.options["mode"]} if "mode" in step.options else {}
    d.add("Pad", step, inputs, out, image=image, **options)


def _reshape(d: Draft, step: Step) -> None:
    """To `shape` of the options, or the second input's numbers; one of them may be -1."""
    before = d.shape(step.inputs[0])
    given = step.options.get("shape")
    shape = [int(n) for n in (d.numbers(step.inputs[1]).ravel() if given is None else given)]
    count = math.prod(before)
    if shape.count(-1) == 1 and (rest := math.prod(n for n in shape if n != -1)) > 0:
        shape[shape.index(-1)] = count // rest
    if math.prod(shape) != count or any(n <= 0 for n in shape):
        raise Unreadable(f"{before} cannot be laid out as {tuple(shape)}")
    d.add("Reshape", step, [d.flat(step.inputs[0]), _indices(d, step, "shape", shape)], shape)


def _squeeze(d: Draft, step: Step) -> None:
    before = d.shape(step.inputs[0])
    axes = {_axis(a, len(before)) for a in step.options["axes"]} or {
        a for a, n in enumerate(before) if n == 1
    }
    kept = [n for a, n in enumerate(before) if a not in axes]
    _reshape(d, Step("reshape", step.label, step.inputs[:1], step.outputs, {"shape": kept}))


def _expand(d: Draft, step: Step) -> None:
    shape = list(d.shape(step.inputs[0]))
    shape.insert(_axis(_one(d, step.inputs[1]), len(shape) + 1), 1)
    _reshape(d, Step("reshape", step.label, step.inputs[:1], step.outputs, {"shape": shape}))


def _concat(d: Draft, step: Step) -> None:
    """Options: `axis`; without it the last input is the axis."""
    inputs = step.inputs
    axis = step.options.get("axis")
    if axis is None:
        inputs, axis = inputs[:-1], _one(d, inputs[-1])
    shapes = [list(d.shape(name)) for name in inputs]
    if not shapes or len({len(shape) for shape in shapes}) != 1:
        raise Unreadable("it joins tensors of different dimensions")
    axis = _axis(axis, len(shapes[0]))
    out = [*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :]]
    image = any(d.is_image(name) for name in inputs)
    names = [(d.image if image else d.plain)(name) for name in inputs]
    d.add("Concat", step, names, out, image=image, axis=TO_NCHW.index(axis) if image else axis)


def _pack(d: Draft, step: Step) -> None:
    shape = d.shape(step.inputs[0])
    axis = _axis(step.options["axis"], len(shape) + 1)
    where, names = _indices(d, step, "axis", [axis]), []
    for index, name in enumerate(step.inputs):
        if d.shape(name) != shape:
            raise Unreadable("it stacks tensors of different shapes")
        part = Step("", step.label, (name,), (f"{step.outputs[0]}_part{index}",))
        d.add("Unsqueeze", part, [d.plain(name), where], (*shape[:axis], 1, *shape[axis:]))
        names.append(d.plain(part.outputs[0]))
    d.add("Concat", step, names, (*shape[:axis], len(names), *shape[axis:]), axis=axis)


def _unpack(d: Draft, step: Step) -> None:
    shape = d.shape(step.inputs[0])
    axis = _axis(step.options["axis"], len(shape))
    if shape[axis] != len(step.outputs):
        raise Unreadable(f"{shape} does not come apart into {len(step.outputs)}")
    for index in range(len(step.outputs)):  # Gather with a number drops the axis
        inputs = [d.plain(step.inputs[0]), _indices(d, step, str(index), index)]
        d.add("Gather", step, inputs, (*shape[:axis], *shape[axis + 1 :]), output=index, axis=axis)


def _gather(d: Draft, step: Step) -> None:
    """Options: `axis`; without it the last input is the axis."""
    axis = step.options.get("axis")
    axis = _one(d, step.inputs[2]) if axis is None else axis
    shape, places = d.shape(step.inputs[0]), d.shape(step.inputs[1])
    axis = _axis(axis, len(shape))
    inputs = [d.plain(step.inputs[0]), d.plain(step.inputs[1])]
    d.add("Gather", step, inputs, (*shape[:axis], *places, *shape[axis + 1 :]), axis=axis)


def _gather_nd(d: Draft, step: Step) -> None:
    shape, places = d.shape(step.inputs[0]), d.shape(step.inputs[1])
    if not places or not 0 < places[-1] <= len(shape):
        raise Unreadable(f"indices {places} do not fit {shape}")
    inputs = [d.plain(step.inputs[0]), d.plain(step.inputs[1])]
    d.add("GatherND", step, inputs, (*places[:-1], *shape[places[-1] :]))


def _arg_max(d: Draft, step: Step) -> None:
    shape = d.shape(step.inputs[0])
    axis = _axis(_one(d, step.inputs[1]), len(shape))
    out = (*shape[:axis], *shape[axis + 1 :])
    d.add("ArgMax", step, [d.plain(step.inputs[0])], out, axis=axis, keepdims=0)


def _transpose(d: Draft, step: Step) -> None:
    shape, order = d.shape(step.inputs[0]), [int(n) for n in d.numbers(step.inputs[1]).ravel()]
    if sorted(order) != list(range(len(shape))):
        raise Unreadable(f"{order} is no order of {shape}")
    d.add("Transpose", step, [d.plain(step.inputs[0])], [shape[a] for a in order], perm=order)


def _strided_slice(d: Draft, step: Step) -> None:
    """Options: `begin_mask`, `end_mask`, `shrink_axis_mask`, `others` (ellipsis and new axes: refused)."""
    shape = d.shape(step.inputs[0])
    begins, ends, steps = ([int(n) for n in d.numbers(name).ravel()] for name in step.inputs[1:4])
    if step.options["others"] or not len(begins) == len(ends) == len(steps) <= len(shape) or 0 in steps:
        raise Unreadable("only a slice of begins, ends and steps is supported")
    cut, shrunk = list(shape), []
    for axis, (begin, end, stride) in enumerate(zip(begins, ends, steps, strict=True)):
        single = bool(step.options["shrink_axis_mask"] >> axis & 1)
        low = None if step.options["begin_mask"] >> axis & 1 and not single else begin
        high = None if step.options["end_mask"] >> axis & 1 else end
        if single:
            low, high, stride = begin, begin + 1 or None, 1
            shrunk.append(axis)
        found = range(*slice(low, high, stride).indices(shape[axis]))
        if not found or stride < 0:
            raise Unreadable(f"the slice of axis {axis} is empty or backwards")
        begins[axis], ends[axis], steps[axis], cut[axis] = found.start, found.stop, stride, len(found)
    axes = list(range(len(begins)))
    limits = [
        _indices(d, step, name, numbers)
        for name, numbers in (("begin", begins), ("end", ends), ("axes", axes), ("steps", steps))
    ]
    part = Step("", step.label, step.inputs[:1], (f"{step.outputs[0]}_cut",)) if shrunk else step
    d.add("Slice", part, [d.plain(step.inputs[0]), *limits], cut)
    if shrunk:
        kept = [n for axis, n in enumerate(cut) if axis not in shrunk]
        inputs = [d.plain(part.outputs[0]), _indices(d, step, "shape", kept)]
        d.add("Reshape", step, inputs, kept)


def _slice(d: Draft, step: Step) -> None:
    """From the second input's numbers on, as many as the third says; -1 is all that follow."""
    shape = d.shape(step.inputs[0])
    begins, sizes = ([int(n) for n in d.numbers(name).ravel()] for name in step.inputs[1:3])
    if not len(begins) == len(sizes) == len(shape):
        raise Unreadable(f"its limits do not fit the shape {shape}")
    cut = [n - b if s == -1 else s for n, b, s in zip(shape, begins, sizes, strict=True)]
    ends = [b + s for b, s in zip(begins, cut, strict=True)]
    if any(not 0 <= b < e <= n for n, b, e in zip(shape, begins, ends, strict=True)):
        raise Unreadable(f"from {begins} to {ends} does not lie in {shape}")
    limits = [_indices(d, step, name, numbers) for name, numbers in (("begin", begins), ("end", ends))]
    d.add("Slice", step, [d.plain(step.inputs[0]), *limits], cut)


def _split(d: Draft, step: Step) -> None:
    """Axis and tensor come in this order; the outputs are equal parts."""
    shape = d.shape(step.inputs[1])
    axis, count = _axis(_one(d, step.inputs[0]), len(shape)), len(step.outputs)
    if shape[axis] % count:
        raise Unreadable(f"{shape} does not come apart into {count}")
    each = shape[axis] // count
    image = d.is_image(step.inputs[1])
    given, where = (d.image if image else d.plain)(step.inputs[1]), TO_NCHW.index(axis) if image else axis
    for index in range(count):
        numbers = (("begin", [index * each]), ("end", [(index + 1) * each]), ("axis", [where]))
        limits = [_indices(d, step, f"{name}{index}", number) for name, number in numbers]
        out = (*shape[:axis], each, *shape[axis + 1 :])
        d.add("Slice", step, [given, *limits], out, image=image, output=index)


def _shape(d: Draft, step: Step) -> None:
    d.holds(step, np.array(d.shape(step.inputs[0]), np.int64))


def _same(d: Draft, step: Step) -> None:
    d.same(step)


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
