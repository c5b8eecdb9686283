"""Kernels of elementwise work: an expression for each element of a View, and reductions of an expression.

Does not decide what is computed together: lowering does.
"""

from __future__ import annotations

from math import prod

from models.compile.ir import LANES, Expr, View
from models.compile.kernels import loops
from models.compile.kernels.expression import EMIT, evaluate
from models.compile.wasm import V128, Function


def elementwise(f: Function, expr: Expr, out: View) -> None:
    """out[i] = expr[i]. Every View of the expression has the shape of `out`."""
    views = list({id(view): view for view in expr.views}.values())
    (target, *sources), _ = loops.simplified(
        [_ordered(out, out), *(_ordered(view, out) for view in views)], 0
    )
    simple = {id(view): source for view, source in zip(views, sources, strict=True)}
    rank = len(target.shape)
    pointers = loops.Pointers.over(f, [target, *sources])
    value = f.local(V128)
    axis = loops.vector_axis([target, *sources], 1, range(rank)) if rank else 0

    def body(lanes: int) -> None:
        loaded = loops.Loaded(f)

        def push(view: View) -> None:
            source = simple[id(view)]
            loops.load(f, source, axis, lanes, pointers.of(source), 0, loaded)

        evaluate(f, expr, push)
        f.set(value)
        loops.store(f, target, axis, lanes, pointers.of(target), value)

    if not rank:
        body(1)
        return
    others = [each for each in range(rank) if each != axis]
    pointers.nest(target.shape, others, lambda: pointers.along(target.shape[axis], axis, body))


def _ordered(view: View, out: View) -> View:
    """The axes in the order in which `out` lies in memory."""
    order = sorted(range(len(out.shape)), key=lambda axis: -out.strides[axis])
    return view.transposed(order)


def interleaved(f: Function, even: Expr, odd: Expr, out: View) -> None:
    """out[..., i] = even[i], and odd[i] in the element after it.

    `out` has a stride of 2 along its last axis.
    """
    views = list({id(view): view for expr in (even, odd) for view in expr.views}.values())
    rank = len(out.shape)
    pointers = loops.Pointers.over(f, [out, *views])
    values = f.local(V128), f.local(V128)

    def body(lanes: int) -> None:
        for expr, value in zip((even, odd), values, strict=True):
            evaluate(f, expr, lambda view: loops.load(f, view, rank - 1, lanes, pointers.of(view)))
            f.set(value)
        pairs = ((0, 4, 1, 5), (2, 6, 3, 7)) if lanes == LANES else ((0, 4, 0, 4),)
        for i, pair in enumerate(pairs):
            f.get(pointers.of(out))
            f.get(values[0])
            f.get(values[1])
            f.shuffle(*pair)
            if lanes == LANES:
                f.memory("v128.store", out.address + 16 * i)
            else:
                f.lane("v128.store64_lane", 0, out.address)

    pointers.nest(out.shape, range(rank - 1), lambda: pointers.along(out.shape[-1], rank - 1, body))


# What a reduction begins with, and the operation that takes an element in.
REDUCTIONS = {
    "sum": (0.0, "add"),
    "mean": (0.0, "add"),
    "max": (-3.4028234663852886e38, "max"),
    "min": (3.4028234663852886e38, "min"),
    "prod": (1.0, "mul"),
}
WIDEST = 8  # accumulators


def reduction(
    f: Function, kind: str, expr: Expr, out: View, reduced: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    """out = the reduction of an expression of `shape` over the axes `reduced`.

    `out` has the other axes, in their order.
    """
    kept = [axis for axis in range(len(shape)) if axis not in reduced]
    order = [*kept, *reduced]
    wide = out
    for axis in sorted(reduced):
        wide = wide.unsqueezed(axis)
    wide = wide.broadcast(shape)
    views = list({id(view): view for view in expr.views}.values())
    (target, *sources), count = loops.simplified([v.transposed(order) for v in (wide, *views)], len(kept))
    simple = {id(view): source for view, source in zip(views, sources, strict=True)}
    rank, n = len(target.shape), prod(shape[axis] for axis in reduced)
    pointers = loops.Pointers.over(f, [target, *sources])
    start, operation = REDUCTIONS[kind]
    axis = loops.vector_axis([*sources] or [target], 0, range(rank)) if rank else 0

    def element(lanes: int, axis: int, ahead: int = 0) -> None:
        def push(view: View) -> None:
            source = simple[id(view)]
            far = ahead * source.byte_strides[axis] if source.shape else 0
            loops.load(f, source, axis, lanes, pointers.of(source), far)

        evaluate(f, expr, push)

    def finish() -> None:
        if kind == "mean":
            f.splat(1 / n)
            f.op("f32x4.mul")

    if rank and axis < count:  # a vector of results at a time, several vectors in turn
        extent = target.shape[axis]
        together = next((w for w in range(min(WIDEST, extent // LANES), 0, -1) if not extent // LANES % w), 1)
        totals = [f.local(V128) for _ in range(together)]

        def results(width: int, lanes: int) -> None:
            for total in totals[:width]:
                f.splat(start)
                f.set(total)

            def take() -> None:
                for i, total in enumerate(totals[:width]):
                    f.get(total)
                    element(lanes, axis, i * LANES)
                    EMIT[operation](f)
                    f.set(total)

            pointers.nest(target.shape, range(count, rank), take)
            for i, total in enumerate(totals[:width]):
                f.get(total)
                finish()
                f.set(total)
                far = i * LANES * target.byte_strides[axis]
                loops.store(f, target, axis, lanes, pointers.of(target), total, far)

        def row() -> None:
            if extent >= LANES:
                with f.repeat(extent // LANES // together):
                    results(together, LANES)
                    pointers.move(axis, LANES * together)
            if extent % LANES:
                with f.repeat(extent % LANES):
                    results(1, 1)
                    pointers.move(axis, 1)
            pointers.move(axis, -extent)

        pointers.nest(target.shape, [each for each in range(count) if each != axis], row)
        return

    four, one = f.local(V128), f.local(V128)  # totals of vectors, and of single elements in lane 0

    def result() -> None:
        for total in (four, one):
            f.splat(start)
            f.set(total)

        def take(lanes: int) -> None:
            total = four if lanes == LANES else one
            f.get(total)
            element(lanes, axis)
            EMIT[operation](f)
            f.set(total)

        if rank == count:
            take(1)
        else:
            others = [each for each in range(count, rank) if each != axis]
            pointers.nest(target.shape, others, lambda: pointers.along(target.shape[axis], axis, take))
        for lanes in ((2, 3, 0, 1), (1, 0, 3, 2)):
            f.get(four)
            f.get(four)
            f.get(four)
            f.shuffle(*lanes)
            EMIT[operation](f)
            f.set(four)
        f.get(four)
        f.get(one)
        EMIT[operation](f)
        finish()
        f.set(four)
        loops.store(f, target, axis, 1, pointers.of(target), four)

    pointers.nest(target.shape, range(count), result)
