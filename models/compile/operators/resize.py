"""Linear and nearest enlargement by whole factors.

Does not shrink, and does not enlarge by fractions: such a graph is not compiled.
"""

from __future__ import annotations

from dataclasses import replace
from math import floor

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import LANES, Expr, UnsupportedError, View, apply, number
from models.compile.kernels.elementwise import interleaved
from models.compile.layout import is_channels_last
from models.compile.lower import Lowering
from models.compile.operators.views import numbers
from models.compile.registry import operator
from models.compile.values import Lazy


@operator("Resize", "Upsample")
def resize(low: Lowering, node: Node) -> None:
    """Half-pixel linear enlargement; twice a map of whole vectors becomes an operand of what follows."""
    a = node.attributes
    name = node.inputs[0]
    shape = low.shape(name)
    factors = _factors(low, node, shape)
    if factors == (1, 1):
        low.define(node.outputs[0], low.view(name))
        return
    mode, coordinates = a.get("mode", b"nearest"), a.get("coordinate_transformation_mode", b"half_pixel")
    if mode != b"linear" or coordinates not in (b"half_pixel", b"pytorch_half_pixel"):
        raise UnsupportedError(f"the mode “{mode.decode()}” with “{coordinates.decode()}” is not supported")
    if low.dtype(name) != "f32":
        raise UnsupportedError(f"elements of type {low.dtype(name)} are not supported")
    if shape[0] != 1:
        raise UnsupportedError(f"{name} is no single map of [1, channels, rows, columns]")
    view = low.view(name)
    tall = _enlarged_rows(low, view, factors[0], name)
    result = (*shape[:2], shape[2] * factors[0], shape[3] * factors[1])
    last = is_channels_last(view)
    if last and factors[1] == 2 and view.strides[3] % LANES == 0 and _is_addend(low, node.outputs[0], result):
        half = replace(tall, shape=result, strides=(*tall.strides[:3], tall.strides[3] // 2))
        low.values[node.outputs[0]] = Lazy(result, Expr("upsampled", view=half))
        return
    target = low.map(result, node.outputs[0]) if last else low.dense(result, title=node.outputs[0])
    _phases(low, tall, target, 3, factors[1])
    low.define(node.outputs[0], target)


def _factors(low: Lowering, node: Node, shape: tuple[int, ...]) -> tuple[int, int]:
    scales = next((low.const(n) for n in node.inputs[1:3][::-1] if n and low.const(n) is not None), None)
    if len(node.inputs) > 3 and node.inputs[3]:
        given = [size / n for size, n in zip(numbers(low, node.inputs[3]), shape, strict=True)]
    elif scales is not None and scales.size == 4:
        given = [float(scale) for scale in scales]
    else:
        raise UnsupportedError("its factors are not constants")
    if given[:2] != [1, 1] or any(factor < 1 or factor != int(factor) for factor in given):
        raise UnsupportedError(
            f"enlarging by {given} is not supported, only by whole numbers of rows and columns"
        )
    return int(given[2]), int(given[3])


def _is_addend(low: Lowering, name: str, shape: tuple[int, ...]) -> bool:
    """Whether an addition to a dense convolution's result of this shape is all that reads a value."""
    users = low.users.get(name, [])
    if len(users) != 1 or users[0].op != "Add" or name in low.named_outputs:
        return False
    other = low.values.get(next(each for each in users[0].inputs if each != name))
    source = other.source if isinstance(other, Lazy) and other.shape == shape else None
    return source is not None and source.dense


def _enlarged_rows(low: Lowering, view: View, factor: int, name: str) -> View:
    """More rows, with the first and last column repeated beside the picture."""
    _, channels, rows, columns = view.shape
    pitch = view.strides[3]
    last = is_channels_last(view)
    shape = (1, channels, rows * factor, columns)
    if last:
        wide = low.dense((1, rows * factor, columns + 2, pitch), title=name).transposed((0, 3, 1, 2))
        view = view.sliced(1, 0, pitch) if view.buffer.map[2] == pitch else view
        wide = wide.sliced(1, 0, view.shape[1])
    else:
        wide = low.dense((1, channels, rows * factor, columns + 2), title=name)
    inside = wide.sliced(3, 1, columns)
    _phases(low, view, inside, 2, factor)
    for to, source in ((0, 1), (columns + 1, columns)):
        low.assign(wide.sliced(3, to, 1), ir.load(wide.sliced(3, source, 1)), "edge")
    return replace(inside, shape=shape)


def _phases(low: Lowering, x: View, target: View, axis: int, factor: int) -> None:
    """target[factor * i + p] along an axis, for each p, from two neighbours of x.

    Along columns, x has a repeated column at each side; along rows, the first and last rows are written
    apart.
    """
    n = x.shape[axis]
    halves: list[Expr] = []
    for p in range(factor):
        where = (p + 0.5) / factor - 0.5
        at, share = floor(where), where - floor(where)
        begin, end = (0, n) if axis == 3 else (max(0, -at), min(n, n - 1 - at) if share else n)
        to = target.sliced(axis, factor * begin + p, end - begin, factor)

        def near(shift: int, begin: int = begin, end: int = end) -> Expr:
            start = begin + shift
            moved = replace(x, shape=tuple(end - begin if i == axis else k for i, k in enumerate(x.shape)))
            return ir.load(replace(moved, offset=x.offset + start * x.strides[axis]))

        first = apply("mul", near(at), number(1 - share)) if share else near(at)
        mixed = apply("add", first, apply("mul", near(at + 1), number(share))) if share else first
        halves.append(mixed)
        if axis == 3 and factor == 2 and target.strides[3] == 1:
            continue
        if end > begin:
            low.assign(to, mixed, "enlarge")
        for rest in (*range(begin), *range(end, n)):  # beyond the edge the same row counts twice
            row = 0 if rest < begin else n - 1
            low.assign(target.sliced(axis, factor * rest + p, 1), ir.load(x.sliced(axis, row, 1)), "edge")
    if axis == 3 and factor == 2 and target.strides[3] == 1:
        pair = halves[0], halves[1]
        even = target.sliced(3, 0, n, 2)
        low.step("enlarge", [*pair[0].views, *pair[1].views], [target], lambda f: interleaved(f, *pair, even))
