"""Converts a wrapped graph to the form in which a variant stores its weights or computes.

Does not choose between the forms (choice.py does) and does not measure. The runtime restores small weights to
float32 when it creates the session, by Cast and Mul, which every backend folds. DequantizeLinear is not used:
onnxruntime keeps it for its integer kernels, restores the weights for every frame, and cannot prepack them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from models.variants import float16
from models.variants.region import cast, network_nodes, rebuild

Array = NDArray[Any]
Feeds = Sequence[Mapping[str, Array]]  # for each picture its inputs by name
FEW = 16  # a Cast costs more than it saves on a tensor of fewer numbers
# Smaller weights stay exact: those of the first convolution (1800 numbers in BlazeFace; 432 in Selfie, where
# float16 changed the Mask by 0.013 and saved 900 bytes) and of depthwise convolutions.
LARGE = 2048
# The axis of a weight's output channels, each of which gets a scale. Gemm: 0 where it is transposed.
CHANNEL = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1}


def fp32(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """Float32 weights; quantised weights of the published file are dequantised."""
    return dequantised(model)


def fp16(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """Weights are stored as float16 with a Cast; a frame is computed in float32.

    Large weights of the network are always stored so, other constants only where nothing is lost.
    """
    model = dequantised(model)
    return _as_float16(model, {tensor.name for tensor, _ in _large(model)})


def int8(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """Large weights are stored as int8 with a scale for each output channel; a frame is computed in float32.

    Quantised weights of the published file are stored as they are, without a second rounding. Other constants
    are stored as float16 where nothing is lost.
    """
    model = cast_and_mul(model)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for tensor, axis in _large(model):
        name, array = tensor.name, numpy_helper.to_array(tensor)
        others = tuple(i for i in range(array.ndim) if i != axis)
        most = np.abs(array).max(axis=others, keepdims=True)
        scale = np.where(most > 0, most / 127, 1).astype(np.float32)
        small = np.rint(array / scale).clip(-127, 127).astype(np.int8)
        for key, numbers in ((f"{name}_int8", small), (f"{name}_scale", scale)):
            tensors[key] = numpy_helper.from_array(numbers, key)
        nodes += _cast_mul(name, f"{name}_int8", "", f"{name}_scale")
        del tensors[name]
    return _as_float16(rebuild(model, [*nodes, *model.graph.node], tensors.values()), set())


def qdq(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """The network computes in int8, by channel, calibrated on `feeds`; the rest stays float32.

    Raises ValueError without feeds.
    """
    from models.variants import static

    return static.quantise(dequantised(model), feeds)


def half(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """The network computes in float16, for WebGPU with shader-f16; the rest stays float32."""
    return float16.convert(dequantised(model))


CONVERT: dict[str, Callable[[onnx.ModelProto, Feeds], onnx.ModelProto]] = {
    "fp32": fp32,
    "fp16": fp16,
    "int8": int8,
    "qdq": qdq,
    "half": half,
}


def dequantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replaces every DequantizeLinear of a constant by its float32 result."""
    arrays: dict[str, Array] = {}
    rest = []
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if not _of_constants(node, constant):
            rest.append(node)
            continue
        integers, scale, zero = _parts(node, constant)
        arrays[node.output[0]] = ((integers.astype(np.float32) - zero) * scale).astype(np.float32)
    new = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    return rebuild(model, rest, [*model.graph.initializer, *new]) if arrays else model


def cast_and_mul(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replaces every DequantizeLinear of a constant by Cast, Sub and Mul, which runtimes fold."""
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    tensors, nodes = dict(constant), []
    for node in model.graph.node:
        if not _of_constants(node, constant):
            nodes.append(node)
            continue
        _, scale, zero = _parts(node, constant)
        name = node.output[0]
        numbers = {f"{name}_scale": scale} | ({f"{name}_zero": zero} if zero.any() else {})
        tensors |= {key: numpy_helper.from_array(array, key) for key, array in numbers.items()}
        shift = f"{name}_zero" if zero.any() else ""
        nodes += _cast_mul(name, node.input[0], shift, f"{name}_scale")
    return rebuild(model, nodes, tensors.values())


def has_quantised_weights(model: onnx.ModelProto) -> bool:
    """Whether any weights are integers with a scale, as in a quantised published file."""
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    return any(_of_constants(node, constant) for node in model.graph.node)


def _of_constants(node: onnx.NodeProto, constant: Mapping[str, onnx.TensorProto]) -> bool:
    return node.op_type == "DequantizeLinear" and all(name in constant for name in node.input if name)


def _parts(node: onnx.NodeProto, constant: Mapping[str, onnx.TensorProto]) -> tuple[Array, Array, Array]:
    """(integers, scale, zero point) of a DequantizeLinear; the last two are float32 and broadcast."""
    integers, scale, *rest = (numpy_helper.to_array(constant[name]) for name in node.input if name)
    zero = rest[0] if rest else np.zeros_like(scale)
    axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
    shape = [1] * integers.ndim
    if scale.size > 1:
        shape[axis] = -1
    return integers, scale.astype(np.float32).reshape(shape), zero.astype(np.float32).reshape(shape)


def _cast_mul(name: str, integers: str, zero: str, scale: str) -> list[onnx.NodeProto]:
    nodes = [cast(integers, f"{name}_wide", onnx.TensorProto.FLOAT)]
    if zero:
        nodes.append(helper.make_node("Sub", [f"{name}_wide", zero], [f"{name}_lifted"]))
    return [*nodes, helper.make_node("Mul", [nodes[-1].output[0], scale], [name])]


def _as_float16(model: onnx.ModelProto, lossy: Collection[str]) -> onnx.ModelProto:
    """Stores initialisers as float16 with a Cast: those that lose nothing, and those in `lossy`."""
    tensors, casts = [], []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        half = float16.to_float16(array) if array.dtype == np.float32 and array.size >= FEW else None
        if half is not None and (tensor.name in lossy or np.array_equal(half, array)):
            tensors.append(numpy_helper.from_array(half, f"{tensor.name}_half"))
            casts.append(cast(f"{tensor.name}_half", tensor.name, onnx.TensorProto.FLOAT))
        else:
            tensors.append(tensor)
    return rebuild(model, [*casts, *model.graph.node], tensors)


def _large(model: onnx.ModelProto) -> list[tuple[onnx.TensorProto, int]]:
    """The network's float32 weights of at least LARGE numbers, each with the axis of its output channels."""
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    large = {}
    for node in (model.graph.node[place] for place in network_nodes(model)):
        tensor = constant.get(node.input[1]) if len(node.input) > 1 and node.op_type in CHANNEL else None
        if tensor is not None and tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1:
            large[tensor.name] = tensor, _channel(node)
    return [row for row in large.values() if math.prod(row[0].dims) >= LARGE]


def _channel(node: onnx.NodeProto) -> int:
    return 0 if any(a.name == "transB" and a.i for a in node.attribute) else CHANNEL[node.op_type]
