"""Pad: constants or the edge around a tensor.

Does not pad for convolutions and pooling: maps have borders.
"""

from __future__ import annotations

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import LANES, Expr, UnsupportedError, View, apply, dense_strides
from models.compile.layout import is_channels_last
from models.compile.lower import Lowering
from models.compile.operators.views import numbers
from models.compile.registry import operator
from models.compile.values import Lazy
from models.compile.wasm import Function


def fill(low: Lowering, target: View, value: float) -> None:
    """Append a step that sets every byte of a buffer; `value` is 0, or a number of a float buffer."""
    if value:
        whole = View(target.buffer, (target.buffer.bytes // 4,), (1,), 0, target.dtype)
        low.assign(whole, ir.number(value, target.dtype), "fill")
        return

    def emit(f: Function) -> None:
        f.i32(target.buffer.offset)
        f.i32(0)
        f.i32(target.buffer.bytes)
        f.fill()

    low.step(f"fill {target.buffer.title}", [], [target], emit)


@operator("Pad", lazy=True)
def pad(low: Lowering, node: Node) -> None:
    """Constant or edge padding.

    Channels of zeros before an addition cost nothing: the next convolution adds fewer.
    """
    shape = low.shape(node.inputs[0])
    rank = len(shape)
    widths = numbers(low, node.inputs[1]) if len(node.inputs) > 1 else node.attributes["pads"]
    axes = numbers(low, node.inputs[3]) if len(node.inputs) > 3 else list(range(rank))
    before, after = [0] * rank, [0] * rank
    for i, axis in enumerate(axes):
        before[axis], after[axis] = widths[i], widths[i + len(axes)]
    if min(before + after) < 0:
        raise UnsupportedError("it cuts elements off")
    whole = tuple(b + n + a for b, n, a in zip(before, shape, after, strict=True))
    mode = node.attributes.get("mode", b"constant")
    value = low.const(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    number = float(value.reshape(-1)[0]) if value is not None else 0.0
    name = node.outputs[0]
    if (
        rank == 4
        and mode == b"constant"
        and not number
        and not any(before)
        and after[2:] == [0, 0] == after[:1] * 2
    ):
        expr = _fewer_channels(low, node, whole)
        if expr is not None:
            low.values[name] = Lazy(whole, expr)
            return
    stored = "u8" if low.named_outputs.get(name) == "uint8" else low.dtype(node.inputs[0])
    value_in = low.take(node.inputs[0])
    is_map = isinstance(value_in, View) and rank == 4 and is_channels_last(value_in)
    if is_map and whole[0] == 1 and mode == b"constant" and not number and name not in low.named_outputs:
        target = low.map(whole, name)
    else:
        target = low.dense(whole, stored, name, fixed=name in low.named_outputs)
    expr = value_in.expr if isinstance(value_in, Lazy) else ir.load(value_in)
    last_of_four = before == [0] * (rank - 1) + [3] and not any(after) and shape[-1] == 1
    if mode == b"constant" and stored == "u8" and not number and last_of_four:
        # Three zeros and the byte are one number.
        whole_pixels = View(target.buffer, shape, dense_strides(shape), 0, "i32")
        low.assign(whole_pixels, apply("i32.to_last_byte", expr, dtype="i32"), "pad")
        low.define(name, target)
        return
    if mode == b"constant":
        if stored == "u8" and number:
            raise UnsupportedError("bytes are padded with a number other than 0")
        fill(low, target, number)
    elif mode != b"edge":
        raise UnsupportedError(f"the mode “{mode.decode()}” is not supported")
    inside = target
    for axis in range(rank):
        inside = inside.sliced(axis, before[axis], shape[axis])
    low.assign(inside, expr, "pad")
    if mode == b"edge":
        _edges(low, target, before, after, shape)
    low.define(name, target)


def _fewer_channels(low: Lowering, node: Node, whole: tuple[int, ...]) -> Expr | None:
    """The input as an operand of an epilogue, zero beyond its last channel; None where that cannot be."""
    users = low.users.get(node.outputs[0], [])
    if len(users) != 1 or users[0].op != "Add" or node.outputs[0] in low.named_outputs:
        return None
    other = low.values.get(next(name for name in users[0].inputs if name != node.outputs[0]))
    view = low.view(node.inputs[0])
    channels = view.shape[1]
    ready = isinstance(other, Lazy) and other.shape == whole and other.source and other.source.dense
    has_room = view.strides[1] == 1 and view.strides[3] >= ir.round_up(channels, LANES)
    if not ready or not has_room or (channels % LANES and not low.zeros_follow(view)):
        return None
    wide = view.sliced(1, 0, whole[1])
    limit = ir.round_up(channels, LANES)
    return Expr("load_padded", view=wide, number=float(limit))


def _edges(low: Lowering, target: View, before: list[int], after: list[int], shape: tuple[int, ...]) -> None:
    """Repeat the first and last elements of each axis, axis by axis."""
    for axis in range(len(shape)):
        for start, count, source in (
            (0, before[axis], before[axis]),
            (before[axis] + shape[axis], after[axis], before[axis] + shape[axis] - 1),
        ):
            if count:
                to = target.sliced(axis, start, count)
                one = target.sliced(axis, source, 1).broadcast(to.shape)
                low.assign(to, ir.load(one), "pad")
