"""The kernel of non-maximum suppression of boxes.

Compares one box at a time; every loop has a bound, also for NaN.
"""

from __future__ import annotations

from collections.abc import Callable

from models.compile.ir import View
from models.compile.wasm import F32, Function, Local

REMOVED = float("-inf")


def suppress(
    f: Function, boxes: View, left: View, most: int, overlap: float, enough: float, none: int, out: View
) -> None:
    """Greedy non-maximum suppression. boxes [1, n, 4] by two corners; `left`, the scores, is used up.

    out: the numbers of at most `most` boxes with a score above `enough`, best first, then `none`.
    """
    n = left.shape[0]
    index, address, found, place = f.local(), f.local(), f.local(), f.local()
    top = f.local(F32)
    for i in range(out.shape[0]):
        f.i32(0)
        f.i32(none)
        f.memory("i32.store", out.address + 4 * i)

    def scan(body: Callable[[], None]) -> None:
        for local in (index, address):
            f.i32(0)
            f.set(local)
        with f.loop():
            body()
            f.add(address, 4)
            f.add(index, 1)
            f.get(index)
            f.i32(n)
            f.op("i32.lt_s")
            f.again()

    def better() -> None:
        f.get(address)
        f.memory("f32.load", left.address)
        f.get(top)
        f.op("f32.gt")
        with f.when():
            f.get(address)
            f.memory("f32.load", left.address)
            f.set(top)
            f.get(index)
            f.set(found)

    chosen, other = [f.local(F32) for _ in range(5)], [f.local(F32) for _ in range(5)]
    shared = f.local(F32)

    def box(which: Local, corner: list[Local]) -> None:
        """The lower and higher corner of a box, and its area."""
        for axis in range(2):
            for operation, local in (("f32.min", corner[axis]), ("f32.max", corner[axis + 2])):
                for end in (axis, axis + 2):
                    f.get(which)
                    f.i32(4)
                    f.op("i32.shl")
                    f.memory("f32.load", boxes.address + 4 * end)
                f.op(operation)
                f.set(local)
        for axis in range(2):
            f.get(corner[axis + 2])
            f.get(corner[axis])
            f.op("f32.sub")
        f.op("f32.mul")
        f.set(corner[4])

    def suppress_one() -> None:
        box(index, other)
        for axis in range(2):
            f.get(chosen[axis + 2])
            f.get(other[axis + 2])
            f.op("f32.min")
            f.get(chosen[axis])
            f.get(other[axis])
            f.op("f32.max", "f32.sub")
            f.f32(0.0)
            f.op("f32.max")
        f.op("f32.mul")
        f.tee(shared)
        f.get(chosen[4])
        f.get(other[4])
        f.op("f32.add")
        f.get(shared)
        f.op("f32.sub")
        f.f32(overlap)
        f.op("f32.mul", "f32.gt")
        with f.when():
            f.get(address)
            f.f32(REMOVED)
            f.memory("f32.store", left.address)

    if most < 1:
        return
    with f.repeat(most):
        f.f32(enough)
        f.set(top)
        f.i32(-1)
        f.set(found)
        scan(better)
        f.get(found)
        f.i32(0)
        f.op("i32.ge_s")
        with f.when():
            f.get(place)
            f.get(found)
            f.memory("i32.store", out.address)
            f.add(place, 4)
            box(found, chosen)
            f.get(found)
            f.i32(2)
            f.op("i32.shl")
            f.f32(REMOVED)
            f.memory("f32.store", left.address)
            scan(suppress_one)
