"""The kernel of ArgMax: the place of the largest element along an axis.

Compares a vector of results at a time where it can.
"""

from __future__ import annotations

from dataclasses import replace

from models.compile.ir import View
from models.compile.kernels import loops
from models.compile.wasm import V128, Function

LOWEST = float("-inf")


def arg_max(f: Function, x: View, axis: int, out: View) -> None:
    """out = the number of the largest element along `axis`, where out has one element."""
    wide = replace(out, strides=tuple(0 if i == axis else s for i, s in enumerate(out.strides)))
    order = [*(i for i in range(len(x.shape)) if i != axis), axis]
    target = replace(wide.broadcast(out.shape), shape=x.shape).transposed(order)
    source = x.transposed(order)
    last = len(order) - 1
    pointers = loops.Pointers.over(f, [target, source])
    along = loops.vector_axis([source], 0, range(last)) if last else 0
    best, place, value, at = f.local(V128), f.local(V128), f.local(V128), f.local(V128)

    def result(lanes: int) -> None:
        f.splat(LOWEST)
        f.set(best)
        f.splat_i32(0)
        f.set(place)
        f.splat_i32(0)
        f.set(at)

        def compare() -> None:
            loops.load(f, source, along, lanes, pointers.of(source))
            f.set(value)
            f.get(at)
            f.get(place)
            f.get(value)
            f.get(best)
            f.op("f32x4.gt", "v128.bitselect")
            f.set(place)
            f.get(value)
            f.get(best)
            f.op("f32x4.pmax")
            f.set(best)
            f.get(at)
            f.splat_i32(1)
            f.op("i32x4.add")
            f.set(at)

        pointers.nest(source.shape, [last], compare)
        loops.store(f, target, along, lanes, pointers.of(target), place)

    if not last:
        result(1)
        return
    others = [i for i in range(last) if i != along]
    pointers.nest(source.shape, others, lambda: pointers.along(source.shape[along], along, result))
