"""Convolutions. What follows one on the same elements becomes its epilogue.

Does not emit code: kernels/dense.py and kernels/depthwise.py do.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import INPUT, Array, Expr, UnsupportedError, View, apply
from models.compile.kernels import border
from models.compile.kernels.dense import dense
from models.compile.kernels.depthwise import depthwise
from models.compile.kernels.epilogue import Convolution
from models.compile.layout import channels_innermost, is_channels_last
from models.compile.lower import Lowering
from models.compile.operators.inputs import bias_of, constant, map_view
from models.compile.packing import BLOCK, Const
from models.compile.registry import operator
from models.compile.values import Lazy, Source


@operator("Conv", lazy=True)
def conv(low: Lowering, node: Node) -> None:
    """A convolution. What follows it on the same elements becomes its epilogue."""
    name, weights = node.inputs[0], constant(low, node.inputs[1])
    shape, outputs = low.shape(name), weights.array.shape[0]
    if weights.array.ndim != 4 or node.attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise UnsupportedError("only two-dimensional convolutions with explicit padding are supported")
    group = node.attributes.get("group", 1)
    if len(shape) != 4 or shape[1] != group * weights.array.shape[1]:
        raise UnsupportedError(f"its weights {weights.array.shape} do not fit a map of shape {shape}")
    kernel = weights.array.shape[2:]
    stride, dilation = (tuple(node.attributes.get(key, (1, 1))) for key in ("strides", "dilations"))
    edges = border.pads(node)
    top, left, bottom, right = edges
    rows, columns = (
        (n + sum(ends) - d * (k - 1) - 1) // s + 1
        for n, ends, d, k, s in zip(
            shape[2:], ((top, bottom), (left, right)), dilation, kernel, stride, strict=True
        )
    )
    whole = (1, outputs, rows, columns)
    bias = bias_of(low, node, outputs)
    if group == 1:
        x, packed = _input(low, node, weights, kernel, edges, rows * columns)
        emitter, clean = dense, True
    elif group == shape[1] == outputs:
        x = map_view(low, name, edges)
        packed = low.weights.depthwise(weights.packed(lambda a: a.reshape(outputs, -1).T))
        emitter, clean = depthwise, low.zeros_follow(x)
    else:
        raise UnsupportedError(f"{group} groups of {shape[1]} channels are not supported")
    x = replace(x, offset=x.offset - top * x.strides[0] - left * x.strides[1])
    kind = "dense" if group == 1 else "depthwise"
    title = f"{kind} {kernel[0]}x{kernel[1]}/{stride[0]} {shape[1]}->{outputs} {rows}x{columns}"
    macs = prod(whole) * weights.array[0].size

    def emit(out: View, epilogue: Expr, roomy: bool) -> None:
        if group > 1 and not roomy and outputs > 1:
            raise UnsupportedError(f"{outputs} channels have no room for whole vectors")
        c = Convolution(x, packed, bias, out, epilogue, kernel, stride, dilation, roomy)
        low.step(title, [x, packed, bias, *epilogue.views], [out], lambda f: emitter(f, c), macs)

    low.define(node.outputs[0], Lazy(whole, INPUT, Source(whole, clean, emit, group == 1)))


def _taps(array: Array) -> Array:
    """Weights [outputs, inputs, rows, columns] as [outputs, taps], a tap's channels together."""
    return array.transpose(0, 2, 3, 1).reshape(array.shape[0], -1)


def _input(
    low: Lowering, node: Node, weights: Const, kernel: tuple[int, ...], edges: border.Edges, pixels: int
) -> tuple[View, View]:
    """The input map and the packed weights.

    A factor for each channel goes into the weights: there are fewer of them.
    """
    packed = low.weights.dense(weights.packed(_taps))
    value = low.values[node.inputs[0]]
    few = kernel == (1, 1) and not any(edges) and pixels > weights.array.shape[0]
    factors = _channel_factors(value) if few else None
    if factors is None:
        return map_view(low, node.inputs[0], edges), packed
    view, scale = factors
    outputs, inputs = weights.array.shape[:2]
    scaled = low.dense((packed.size,), title=f"scaled {node.outputs[0]}")
    at = 0
    for blocks, width in (
        (outputs // BLOCK, BLOCK),
        (int(outputs % BLOCK > 0), ir.round_up(outputs % BLOCK, 4)),
    ):
        if blocks:
            shape, strides = (blocks, inputs, width), (inputs * width, width, 1)
            here = View(scaled.buffer, shape, strides, at)
            factor = View(scale.buffer, shape, (0, scale.strides[1], 0), scale.offset)
            product = apply("mul", ir.load(View(packed.buffer, shape, strides, at)), ir.load(factor))
            low.assign(here, product, "scale")
            at += blocks * inputs * width
    return channels_innermost(view), scaled


def _channel_factors(value: object) -> tuple[View, View] | None:
    """(map, factors) of an expression map * factors, with a factor for each channel."""
    if not isinstance(value, Lazy) or value.source is not None or value.expr.op != "mul":
        return None
    views = [arg.view for arg in value.expr.args if arg.op == "load"]
    for view, scale in (views, views[::-1]) if len(views) == 2 else ():
        assert view is not None and scale is not None
        if (
            is_channels_last(view)
            and view.dtype == "f32"
            and scale.strides[1] == 1
            and scale.strides[2:] == (0, 0)
            and scale.dtype == "f32"
        ):
            return view, scale
    return None
