"""Each kernel of models.compile over odd shapes, against onnxruntime, as plain and as relaxed SIMD.

Does not try graphs by chance: test_compile_fuzz.py does. Does not test moves, choices and reductions:
test_compile_moves.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tests.support.wasm_run import check, graph

Array = NDArray[Any]
Node = onnx.NodeProto
CHANNELS = (1, 2, 3, 4, 5, 7, 8, 9, 12, 42, 44)
node = helper.make_node


def normal(seed: int, *shape: int, scale: float = 1.0) -> Array:
    """Random floats."""
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def conv(
    inputs: int,
    outputs: int,
    size: tuple[int, int],
    kernel: tuple[int, int] = (1, 1),
    stride: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    dilation: tuple[int, int] = (1, 1),
    *,
    depthwise: bool = False,
    after: Sequence[Node] = (),
    more: dict[str, Any] | None = None,
) -> None:
    """Check a convolution from x to y, or to a with the nodes `after` it from a to y."""
    x = normal(1, 1, inputs, *size)
    taps = (1 if depthwise else inputs) * kernel[0] * kernel[1]
    w = normal(2, outputs, 1 if depthwise else inputs, *kernel, scale=taps**-0.5)
    made = node(
        "Conv",
        ["x", "w", "b"],
        ["a" if after else "y"],
        strides=stride,
        pads=pads,
        dilations=dilation,
        group=inputs if depthwise else 1,
    )
    check(graph([made, *after], {"x": x}, ["y"], {"w": w, "b": normal(3, outputs), **(more or {})}), {"x": x})


# kernel, stride, padding (top, left, bottom, right), dilation
WINDOWS: dict[str, Any] = {
    "1x1": ((1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    "1x1s2": ((1, 1), (2, 2), (0, 0, 0, 0), (1, 1)),
    "1x1 padded": ((1, 1), (1, 1), (1, 0, 2, 1), (1, 1)),
    "3x3": ((3, 3), (1, 1), (1, 1, 1, 1), (1, 1)),
    "3x3 without": ((3, 3), (1, 1), (0, 0, 0, 0), (1, 1)),
    "3x3s2": ((3, 3), (2, 2), (0, 0, 1, 1), (1, 1)),
    "3x3s3": ((3, 3), (3, 3), (2, 0, 1, 2), (1, 1)),
    "3x3d2": ((3, 3), (1, 1), (2, 2, 2, 2), (2, 2)),
    "3x2d(2,1)": ((3, 2), (1, 1), (2, 1, 2, 0), (2, 1)),
    "5x5": ((5, 5), (1, 1), (2, 2, 2, 2), (1, 1)),
    "5x5s2": ((5, 5), (2, 2), (1, 2, 2, 1), (1, 1)),
    "1x7": ((1, 7), (1, 2), (0, 3, 0, 3), (1, 1)),
    "1x15": ((1, 15), (1, 1), (0, 7, 0, 7), (1, 1)),
    "4x1s(3,1)": ((4, 1), (3, 1), (3, 0, 0, 0), (1, 1)),
}
SIZES = ((9, 11), (5, 5), (6, 17))


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("window", WINDOWS)
def test_dense(window: str, channels: int) -> None:
    place = CHANNELS.index(channels)
    size = SIZES[place % 3]
    conv(channels, CHANNELS[(3 * place + len(window)) % len(CHANNELS)], size, *WINDOWS[window])


@pytest.mark.parametrize("outputs", CHANNELS)
def test_dense_to_channels_that_fill_no_block(outputs: int) -> None:
    conv(5, outputs, (3, 7), *WINDOWS["1x1"])
    conv(9, outputs, (4, 5), *WINDOWS["3x3"])


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("window", WINDOWS)
def test_depthwise(window: str, channels: int) -> None:
    size = SIZES[CHANNELS.index(channels) % 3]
    conv(channels, channels, size, *WINDOWS[window], depthwise=True)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (1, 3), *((2, n) for n in range(3, 28))])
@pytest.mark.parametrize("depthwise", [False, True], ids=["dense", "depthwise"])
def test_rows_shorter_and_longer_than_a_tile(size: tuple[int, int], depthwise: bool) -> None:
    for outputs in (6,) if depthwise else (3, 6, 12):
        conv(6, outputs, size, *WINDOWS["1x1"], depthwise=depthwise)
        conv(6, outputs, size, *WINDOWS["3x3"], depthwise=depthwise)
        conv(6, outputs, size, (3, 3), (2, 2), (1, 1, 1, 1), depthwise=depthwise)


@pytest.mark.parametrize("depth", [1, 7, 8, 9, 26, 27, 79, 80, 81])
def test_sums_with_and_without_a_loop(depth: int) -> None:
    conv(depth, 5, (2, 6))
    if depth < 28:
        conv(depth, 5, (4, 6), *WINDOWS["3x3"])


def test_a_convolution_without_a_bias() -> None:
    x, w = normal(1, 1, 5, 4, 6), normal(2, 7, 5, 1, 1)
    check(graph([node("Conv", ["x", "w"], ["y"])], {"x": x}, ["y"], {"w": w}), {"x": x})


# ---- what follows a convolution ----

LOW, HIGH = np.float32(-0.4), np.float32(0.9)
ACTIVATIONS: dict[str, Node] = {
    "Relu": node("Relu", ["a"], ["y"]),
    "Clip": node("Clip", ["a", "low", "high"], ["y"]),
    "Clip low": node("Clip", ["a", "low"], ["y"]),
    "Clip high": node("Clip", ["a", "", "high"], ["y"]),
    "PRelu": node("PRelu", ["a", "slope"], ["y"]),
    "PRelu of one": node("PRelu", ["a", "one"], ["y"]),
    "LeakyRelu": node("LeakyRelu", ["a"], ["y"], alpha=0.2),
    "HardSwish": node("HardSwish", ["a"], ["y"]),
    "HardSigmoid": node("HardSigmoid", ["a"], ["y"], alpha=0.3, beta=0.4),
    "Sigmoid": node("Sigmoid", ["a"], ["y"]),
    "Tanh": node("Tanh", ["a"], ["y"]),
    "Abs": node("Abs", ["a"], ["y"]),
    "Neg": node("Neg", ["a"], ["y"]),
    "Exp": node("Exp", ["a"], ["y"]),
    "Mul": node("Mul", ["slope", "a"], ["y"]),
    "Sub": node("Sub", ["slope", "a"], ["y"]),
    "Div": node("Div", ["a", "slope"], ["y"]),
    "Max": node("Max", ["a", "slope"], ["y"]),
    "plane": node("Add", ["a", "plane"], ["y"]),
    "whole": node("Add", ["a", "whole"], ["y"]),
}


@pytest.mark.parametrize("channels", [1, 3, 8, 12])
@pytest.mark.parametrize("depthwise", [False, True], ids=["dense", "depthwise"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_follows_a_convolution(activation: str, depthwise: bool, channels: int) -> None:
    constants = {
        "low": LOW,
        "high": HIGH,
        "slope": normal(4, channels, 1, 1) + np.float32(3),
        "one": normal(5, 1),
    }
    constants |= {"plane": normal(6, 1, 1, 5, 7), "whole": normal(7, 1, channels, 5, 7)}
    used = {name: each for name, each in constants.items() if name in ACTIVATIONS[activation].input}
    conv(
        channels,
        channels,
        (5, 7),
        *WINDOWS["3x3"],
        depthwise=depthwise,
        after=[ACTIVATIONS[activation]],
        more=used,
    )


CHAINS: dict[str, tuple[Node, ...]] = {
    "residual": (node("Add", ["a", "x"], ["y"]),),
    "residual first": (node("Add", ["x", "a"], ["y"]),),
    "residual and Relu": (node("Add", ["a", "x"], ["s"]), node("Relu", ["s"], ["y"])),
    "Relu and residual": (node("Relu", ["a"], ["r"]), node("Add", ["r", "x"], ["y"])),
    "residual and PRelu": (node("Add", ["a", "x"], ["s"]), node("PRelu", ["s", "slope"], ["y"])),
    "x * sigmoid(x)": (node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["y"])),
    "pixels' factors": (
        node("ReduceMax", ["x"], ["m"], axes=[1], keepdims=1),
        node("Mul", ["a", "m"], ["y"]),
    ),
    "channels' factors": (node("GlobalAveragePool", ["x"], ["m"]), node("Mul", ["a", "m"], ["y"])),
}


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("depthwise", [False, True], ids=["dense", "depthwise"])
@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_after_a_convolution(chain: str, depthwise: bool, channels: int) -> None:
    nodes = CHAINS[chain]
    used = {"slope": normal(4, channels, 1, 1)} if any("slope" in each.input for each in nodes) else {}
    conv(channels, channels, (3, 5), *WINDOWS["3x3"], depthwise=depthwise, after=nodes, more=used)


@pytest.mark.parametrize(
    ("fewer", "more"), [(1, 4), (3, 8), (4, 8), (6, 7), (8, 24), (12, 13), (28, 32), (42, 48)]
)
@pytest.mark.parametrize("first", ["input", "conv", "slice", "scaled"])
def test_a_residual_of_fewer_channels(first: str, fewer: int, more: int) -> None:
    """The channels that fill up the last vector of the residual have to be zero, or the pad is not free."""
    x = normal(1, 1, fewer + 2, 4, 6)
    begin = {
        "input": [node("Slice", ["x", "from", "to", "axis"], ["r"])],
        "conv": [node("Conv", ["x", "w0"], ["r"])],
        "slice": [node("Conv", ["x", "w1"], ["q"]), node("Slice", ["q", "from", "to", "axis"], ["r"])],
        "scaled": [node("Conv", ["x", "w0"], ["q"]), node("Add", ["q", "shift"], ["r"])],
    }[first]
    nodes = [
        *begin,
        node("Conv", ["r", "w2"], ["a"]),
        node("Pad", ["r", "widths"], ["p"]),
        node("Add", ["a", "p"], ["s"]),
        node("Relu", ["s"], ["y"]),
    ]
    constants = {
        "from": np.array([1]),
        "to": np.array([fewer + 1]),
        "axis": np.array([1]),
        "w0": normal(2, fewer, fewer + 2, 1, 1),
        "w1": normal(3, fewer + 2, fewer + 2, 1, 1),
        "shift": normal(4, 1, 1, 4, 6),
        "w2": normal(5, more, fewer, 1, 1),
        "widths": np.array([0, 0, 0, 0, 0, more - fewer, 0, 0]),
    }
    used = {name for each in nodes for name in each.input}
    model = graph(nodes, {"x": x}, ["y"], {name: c for name, c in constants.items() if name in used})
    check(model, {"x": x})


@pytest.mark.parametrize("channels", [3, 4, 8, 42])
@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 1, 1, 1]])
@pytest.mark.parametrize("outputs", [1, 4, 12, 70])
def test_factors_of_channels_before_a_convolution(outputs: int, pads: list[int], channels: int) -> None:
    """Squeeze-excite: the factors may go into the weights, which are fewer than the pixels."""
    x = normal(1, 1, channels, 6, 7)
    nodes = [
        node("Conv", ["x", "w0"], ["m"]),
        node("GlobalAveragePool", ["m"], ["g"]),
        node("Conv", ["g", "w1"], ["h"]),
        node("Sigmoid", ["h"], ["s"]),
        node("Mul", ["m", "s"], ["e"]),
        node("Conv", ["e", "w2"], ["y"], pads=pads),
    ]
    w0, w1, w2 = (
        normal(i, n, channels, 1, 1, scale=channels**-0.5)
        for i, n in enumerate((channels, channels, outputs))
    )
    check(graph(nodes, {"x": x}, ["y"], {"w0": w0, "w1": w1, "w2": w2}), {"x": x})


@pytest.mark.parametrize("depthwise", [False, True], ids=["dense", "depthwise"])
@pytest.mark.parametrize("channels", [1, 3, 4, 8, 12, 20])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 2), (5, 7)])
def test_an_enlarged_map_as_an_addend(size: tuple[int, int], channels: int, depthwise: bool) -> None:
    big = tuple(2 * n for n in size)
    x, low = normal(1, 1, channels, *big), normal(2, 1, 5, *size)
    nodes = [
        node("Conv", ["low", "w0"], ["q"]),
        node("Conv", ["x", "w1"], ["a"], group=channels if depthwise else 1),
        node("Resize", ["q", "", "twice"], ["r"], mode="linear"),
        node("Add", ["a", "r"], ["s"]),
        node("Relu", ["s"], ["y"]),
    ]
    constants = {
        "w0": normal(3, channels, 5, 1, 1),
        "w1": normal(4, channels, 1 if depthwise else channels, 1, 1),
        "twice": np.array([1, 1, 2, 2], np.float32),
    }
    feeds = {"x": x, "low": low}
    check(graph(nodes, feeds, ["y"], constants), feeds)


# ---- transposed convolutions, pools, enlarging ----


@pytest.mark.parametrize("channels", [1, 3, 4, 9, 16, 42])
@pytest.mark.parametrize("size", [(1, 1), (3, 1), (1, 5), (4, 7), (2, 6)])
@pytest.mark.parametrize("bias", [False, True])
def test_transposed_doubling(bias: bool, size: tuple[int, int], channels: int) -> None:
    x = normal(1, 1, channels, *size)
    constants = {"w": normal(2, channels, 1, 2, 2), **({"b": normal(3, 1)} if bias else {})}
    made = node("ConvTranspose", ["x", *constants], ["a"], strides=[2, 2])
    model = graph([made, node("Sigmoid", ["a"], ["y"])], {"x": x}, ["y", "a"], constants)
    check(model, {"x": x})


@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize(
    ("taps", "stride", "before", "after"),
    [
        (1, 1, 0, 0),
        (2, 2, 0, 0),
        (4, 2, 1, 1),
        (4, 2, 0, 1),
        (3, 2, 1, 0),
        (8, 4, 2, 2),
        (5, 3, 1, 1),
        (2, 3, 0, 0),
        (6, 2, 2, 2),
        (9, 8, 2, 2),
    ],
)
def test_transposed_along_one_axis(
    taps: int, stride: int, before: int, after: int, axis: int, channels: int
) -> None:
    x = normal(1, 1, channels, 4, 5)
    down = axis == 2
    made = node(
        "ConvTranspose",
        ["x", "w"],
        ["y"],
        group=channels,
        strides=[stride, 1] if down else [1, stride],
        pads=[before, 0, after, 0] if down else [0, before, 0, after],
    )
    w = normal(2, channels, 1, *((taps, 1) if down else (1, taps)))
    check(graph([made], {"x": x}, ["y"], {"w": w}), {"x": x})


@pytest.mark.parametrize(("taps", "stride", "before", "after"), [(5, 4, 2, 2), (4, 8, 1, 1), (3, 2, 1, 1)])
def test_transposed_to_fewer_outputs_than_a_step(taps: int, stride: int, before: int, after: int) -> None:
    x, w = normal(1, 1, 5, 1, 7), normal(2, 5, 1, taps, 1)
    made = node("ConvTranspose", ["x", "w"], ["y"], group=5, strides=[stride, 1], pads=[before, 0, after, 0])
    check(graph([made], {"x": x}, ["y"], {"w": w}), {"x": x})


POOLS: dict[str, dict[str, Any]] = {
    "2x2": {"kernel_shape": [2, 2], "strides": [2, 2]},
    "2x2s1": {"kernel_shape": [2, 2], "strides": [1, 1]},
    "3x3": {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
    "3x3 one side": {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1]},
    "1x4": {"kernel_shape": [1, 4], "strides": [1, 4]},
    "3x2": {"kernel_shape": [3, 2], "strides": [1, 1], "pads": [2, 0, 0, 1]},
}


@pytest.mark.parametrize(
    "shape", [(1, 1, 7, 9), (1, 3, 6, 8), (1, 8, 5, 5), (1, 12, 3, 4), (2, 3, 4, 5), (1, 6, 7, 4)]
)
@pytest.mark.parametrize("window", POOLS)
@pytest.mark.parametrize(
    "kind", ["MaxPool", "AveragePool", "AveragePool with pads", "of a map", "average of a map"]
)
def test_pools(kind: str, window: str, shape: tuple[int, ...]) -> None:
    x = normal(1, *shape)
    mapped = "a map" in kind
    op = "AveragePool" if "verage" in kind else "MaxPool"
    extra: dict[str, Any] = {"count_include_pad": 1} if kind == "AveragePool with pads" else {}
    nodes = [node("Conv", ["x", "w"], ["a"])] if mapped else []
    nodes.append(node(op, ["a" if mapped else "x"], ["y"], **POOLS[window], **extra))
    if mapped and shape[0] > 1:
        pytest.skip("a convolution takes a single map")
    constants = {"w": normal(2, shape[1], shape[1], 1, 1)} if mapped else {}
    check(graph(nodes, {"x": x}, ["y"], constants), {"x": x}, 1e-5 if mapped or op != "MaxPool" else 0)


@pytest.mark.parametrize("factors", [(1, 1), (2, 2), (3, 3), (4, 4), (16, 16), (1, 2), (2, 1), (3, 2)])
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 1, 4, 5), (1, 3, 3, 2), (1, 8, 1, 3), (1, 6, 4, 1)])
@pytest.mark.parametrize("mapped", [False, True], ids=["planes", "map"])
def test_enlarging(mapped: bool, shape: tuple[int, ...], factors: tuple[int, int]) -> None:
    x = normal(1, *shape)
    constants: dict[str, Array] = {"scales": np.array([1, 1, *factors], np.float32)}
    nodes = []
    if mapped:
        constants["w"] = normal(2, shape[1], shape[1], 1, 1)
        nodes = [node("Conv", ["x", "w"], ["a"])]
    nodes.append(node("Resize", ["a" if mapped else "x", "", "scales"], ["y"], mode="linear"))
    check(graph(nodes, {"x": x}, ["y"], constants), {"x": x})


def test_enlarging_to_a_size() -> None:
    x = normal(1, 1, 2, 3, 4)
    made = node(
        "Resize", ["x", "", "", "sizes"], ["y"], mode="linear", coordinate_transformation_mode="half_pixel"
    )
    check(graph([made], {"x": x}, ["y"], {"sizes": np.array([1, 2, 6, 12])}), {"x": x})


# ---- products ----


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((1, 5), (5, 7)),
        ((3, 4), (4, 8)),
        ((2, 3, 9), (9, 12)),
        ((1, 6, 3), (3, 1)),
        ((1, 2, 3, 4), (4, 2)),
        ((4, 1280), (1280, 5)),
        ((7, 3), (3, 1)),
        ((2, 9), (9, 1)),
    ],
)
def test_products_with_a_constant(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    x = normal(1, *left)
    check(graph([node("MatMul", ["x", "w"], ["y"])], {"x": x}, ["y"], {"w": normal(2, *right)}), {"x": x})


@pytest.mark.parametrize(
    ("left", "right"), [((2, 3), (3, 4)), ((5, 2, 3), (5, 3, 2)), ((2, 1, 3, 4), (3, 4, 5)), ((1, 9), (9, 1))]
)
def test_products_of_two_values(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    feeds = {"x": normal(1, *left), "z": normal(2, *right)}
    check(graph([node("MatMul", ["x", "z"], ["y"])], feeds, ["y"]), feeds)


@pytest.mark.parametrize("turned", [0, 1])
@pytest.mark.parametrize("bias", [False, True])
def test_gemm(bias: bool, turned: int) -> None:
    x, w = normal(1, 3, 7), normal(2, 5, 7)
    constants = {"w": w if turned else np.ascontiguousarray(w.T), **({"b": normal(3, 5)} if bias else {})}
    check(
        graph([node("Gemm", ["x", *constants], ["y"], transB=turned)], {"x": x}, ["y"], constants), {"x": x}
    )


# ---- weights ----


def quantised(
    kind: str, shape: tuple[int, ...], by_output: bool
) -> tuple[list[Node], dict[str, Array], Array]:
    """Nodes that widen small weights to "w", their constants, and the numbers."""
    rng = np.random.default_rng(3)
    if kind == "float16":
        w = rng.standard_normal(shape).astype(np.float16)
        w.reshape(-1)[:4] = [0, 6e-8, -3e-5, 65504]  # zero, the least denormal, another one, the largest
        return [node("Cast", ["q"], ["w"], to=TensorProto.FLOAT)], {"q": w}, w.astype(np.float32)
    dtype = np.dtype("uint8" if "uint8" in kind else "int8")
    limits = np.iinfo(dtype)
    q = rng.integers(limits.min, limits.max + 1, shape, dtype)
    scale = rng.uniform(0.001, 0.1, shape[0] if by_output else ()).astype(np.float32)
    zero = (
        rng.integers(100, 140, scale.shape).astype(dtype)
        if dtype == np.uint8
        else np.zeros(scale.shape, dtype)
    )
    column = (-1, *(1,) * (len(shape) - 1)) if by_output else ()
    exact = (q.astype(np.float32) - zero.astype(np.float32).reshape(column)) * scale.reshape(column)
    if "DequantizeLinear" in kind:
        made = [node("DequantizeLinear", ["q", "s", "z"], ["w"], axis=0)]
        return made, {"q": q, "s": scale, "z": zero}, exact
    made = [
        node("Cast", ["q"], ["f"], to=TensorProto.FLOAT),
        node("Sub", ["f", "z"], ["g"]),
        node("Mul", ["g", "s"], ["w"]),
    ]
    return made, {"q": q, "s": scale.reshape(column), "z": zero.astype(np.float32).reshape(column)}, exact


KINDS = ["float16", "int8 DequantizeLinear", "uint8 DequantizeLinear", "int8 Cast", "uint8 Cast"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by_output", [False, True])
@pytest.mark.parametrize("shape", [(12, 5, 3, 3), (8, 7, 1, 1), (3, 9, 1, 1), (10, 1, 3, 3)])
def test_small_weights_are_widened_exactly(shape: tuple[int, ...], by_output: bool, kind: str) -> None:
    """An identity picks each weight: exactly the number of the graph comes out."""
    nodes, constants, exact = quantised(kind, shape, by_output)
    depthwise = shape[1] == 1
    flat = exact.reshape(shape[0], -1)
    if depthwise:  # a picture with a single 1: its window shows the weights, turned round
        x = np.zeros((1, shape[0], 3, 3), np.float32)
        x[:, :, 1, 1] = 1
        made = node("Conv", ["x", "w"], ["y"], group=shape[0], pads=[1, 1, 1, 1])
        expected = exact[None, :, 0, ::-1, ::-1]
    else:  # one pixel of a tap's row for each weight
        taps = flat.shape[1]
        x = np.zeros((1, shape[1], shape[2] * taps, shape[3]), np.float32)
        for i in range(taps):
            channel, row, column = np.unravel_index(i, shape[1:])
            x[0, channel, i * shape[2] + row, column] = 1
        made = node("Conv", ["x", "w"], ["y"], strides=[shape[2], shape[3]])
        expected = flat[None, :, :, None]
    model = graph([*nodes, made], {"x": x}, ["y"], constants)
    program = check(model, {"x": x}, 0, {"y": np.ascontiguousarray(expected) + np.float32(0)})
    widest = exact.size * (2 if kind == "float16" else 1) + 12 * 8 * 4 + 1200
    assert len(program.weights) < widest + exact.size, "the file holds the weights widened"


@pytest.mark.parametrize("scale", ["scalar", "input channel"])
def test_integers_that_cannot_stay_small_are_exact_too(scale: str) -> None:
    q = np.random.default_rng(1).integers(-128, 128, (9, 6, 1, 1)).astype(np.int8)
    s = np.float32(0.03) if scale == "scalar" else normal(2, 1, 6, 1, 1)
    nodes = [
        node("Cast", ["q"], ["f"], to=TensorProto.FLOAT),
        node("Mul", ["f", "s"], ["w"]),
        node("Conv", ["x", "w"], ["y"]),
    ]
    x = np.eye(6, dtype=np.float32).reshape(1, 6, 1, 6)
    expected = (q.astype(np.float32) * s)[:, :, 0, 0][None, :, None]
    check(graph(nodes, {"x": x}, ["y"], {"q": q, "s": s}), {"x": x}, 0, {"y": expected})
