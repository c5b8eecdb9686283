"""The kernel of Gather and GatherND: elements or rows at places that are known at run time.

Does not read beyond the data: places are limited to it.
"""

from __future__ import annotations

from dataclasses import replace

from models.compile.ir import View
from models.compile.kernels import loops
from models.compile.wasm import V128, Function, Local


def gather(f: Function, data: View, indices: View, out: View) -> None:
    """out[i] = data[indices[i]]; indices [rows, depth] are limited to the axes; negative ones count back."""
    rows, depth = indices.shape
    rest = data.shape[depth:]
    source = replace(data, shape=rest, strides=data.strides[depth:])
    target = replace(out, shape=rest, strides=out.strides[1:])
    reading, writing = loops.Pointers.over(f, [source]), loops.Pointers.over(f, [target])
    index, number, value = f.local(), f.local(), f.local(V128)
    axis = loops.vector_axis([target, source], 1, range(len(rest))) if rest else 0
    read, write = reading.of(source), writing.of(target)

    def copy(lanes: int) -> None:
        loops.load(f, source, axis, lanes, read)
        f.set(value)
        loops.store(f, target, axis, lanes, write, value)

    def both(lanes: int) -> None:
        copy(lanes)
        reading.move(axis, lanes)

    row = f.local()
    with f.repeat(rows):
        f.i32(0)
        f.set(read)
        for d in range(depth):
            f.get(index)
            f.memory("i32.load", indices.address + 4 * d)
            f.set(number)
            _limit(f, number, data.shape[d])
            f.get(read)
            f.get(number)
            f.i32(data.byte_strides[d])
            f.op("i32.mul", "i32.add")
            f.set(read)
        f.get(row)
        f.set(write)
        if rest:
            _copy(f, reading, writing, rest, axis, both)
        else:
            copy(1)
        f.add(index, 4 * depth)
        f.add(row, out.byte_strides[0])


def _copy(
    f: Function,
    reading: loops.Pointers,
    writing: loops.Pointers,
    shape: tuple[int, ...],
    axis: int,
    body: loops.Body,
) -> None:
    """A nest in which both pointers move."""

    def level(axes: list[int]) -> None:
        if not axes:
            writing.along(shape[axis], axis, body)
            reading.move(axis, -shape[axis])
            return
        with f.repeat(shape[axes[0]]):
            level(axes[1:])
            reading.move(axes[0], 1)
            writing.move(axes[0], 1)
        reading.move(axes[0], -shape[axes[0]])
        writing.move(axes[0], -shape[axes[0]])

    level([each for each in range(len(shape)) if each != axis])


def _limit(f: Function, number: Local, n: int) -> None:
    """A negative number counts from the end; the result is between 0 and n - 1."""
    for back in (True, False):  # first from the end, then to 0
        if back:
            f.get(number)
            f.i32(n)
            f.op("i32.add")
        else:
            f.i32(0)
        f.get(number)
        f.get(number)
        f.i32(0)
        f.op("i32.lt_s", "select")
        f.set(number)
    f.i32(n - 1)
    f.get(number)
    f.get(number)
    f.i32(n - 1)
    f.op("i32.gt_s", "select")
    f.set(number)
