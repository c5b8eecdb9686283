"""How a variant stores its weights, or computes: one function each, from a fused graph to the one that ships.

Does not choose between them (choice.py does) and does not measure. Weights stored small are unpacked by the
runtime when the session is made, by Cast and Mul, which every backend folds. DequantizeLinear is not used for
them: onnxruntime keeps it for its integer kernels, unpacks the weights again for every frame, and cannot lay
them out beforehand.
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
from models.variants.region import cast, network, rebuilt

Array = NDArray[Any]
Feeds = Sequence[Mapping[str, Array]]  # inputs by name, a mapping for each picture
FEW = 16  # a tensor of fewer numbers is not worth a Cast
# A smaller weight stays exact: the first convolution's (1800 numbers in BlazeFace; 432 in Selfie, where
# halves cost 0.013 of the Mask and saved 900 bytes), and depthwise ones.
LARGE = 2048
# Where a weight has its output channels: what is scaled by channel. Gemm: 0 where it is transposed.
CHANNEL = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1}


def fp32(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """Float32 weights; integers of the published file are unpacked."""
    return unpacked(model)


def fp16(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """Weights are stored as halves and a Cast; a frame is computed in float32.

    What would lose a bit is halved only where it is a large weight of the network.
    """
    model = unpacked(model)
    return _halved(model, {tensor.name for tensor, _ in _large(model)})


def int8(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """Large weights are stored as int8 with a scale for each output channel; a frame is computed in float32.

    Integers of the published file are stored as they are, without a second rounding. The rest is stored as
    halves where that loses nothing.
    """
    model = cast_and_mul(model)
    kept = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for tensor, axis in _large(model):
        name, array = tensor.name, numpy_helper.to_array(tensor)
        others = tuple(i for i in range(array.ndim) if i != axis)
        most = np.abs(array).max(axis=others, keepdims=True)
        scale = np.where(most > 0, most / 127, 1).astype(np.float32)
        small = np.rint(array / scale).clip(-127, 127).astype(np.int8)
        for key, numbers in ((f"{name}_int8", small), (f"{name}_scale", scale)):
            kept[key] = numpy_helper.from_array(numbers, key)
        nodes += _cast_mul(name, f"{name}_int8", "", f"{name}_scale")
        del kept[name]
    return _halved(rebuilt(model, [*nodes, *model.graph.node], kept.values()), set())


def qdq(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """The network computed in int8, by channel, calibrated on `feeds`; front and back stay float32.

    Raises ValueError without feeds.
    """
    from models.variants import static

    return static.quantized(unpacked(model), feeds)


def half(model: onnx.ModelProto, feeds: Feeds = ()) -> onnx.ModelProto:
    """The network computed in halves, for WebGPU with shader-f16; inputs, outputs, front and back float32."""
    return float16.computed(unpacked(model))


STORED: dict[str, Callable[[onnx.ModelProto, Feeds], onnx.ModelProto]] = {
    "fp32": fp32,
    "fp16": fp16,
    "int8": int8,
    "qdq": qdq,
    "half": half,
}


def unpacked(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every DequantizeLinear of a constant gives way to the float32 numbers it stands for."""
    found: dict[str, Array] = {}
    rest = []
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if not _of_constants(node, constant):
            rest.append(node)
            continue
        packed, scale, zero = _parts(node, constant)
        found[node.output[0]] = ((packed.astype(np.float32) - zero) * scale).astype(np.float32)
    new = [numpy_helper.from_array(array, name) for name, array in found.items()]
    return rebuilt(model, rest, [*model.graph.initializer, *new]) if found else model


def cast_and_mul(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every DequantizeLinear of a constant gives way to Cast, Sub and Mul, which are folded."""
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    kept, nodes = dict(constant), []
    for node in model.graph.node:
        if not _of_constants(node, constant):
            nodes.append(node)
            continue
        _, scale, zero = _parts(node, constant)
        name = node.output[0]
        numbers = {f"{name}_scale": scale} | ({f"{name}_zero": zero} if zero.any() else {})
        kept |= {key: numpy_helper.from_array(array, key) for key, array in numbers.items()}
        lifted = f"{name}_zero" if zero.any() else ""
        nodes += _cast_mul(name, node.input[0], lifted, f"{name}_scale")
    return rebuilt(model, nodes, kept.values())


def packed(model: onnx.ModelProto) -> bool:
    """Whether any weights are integers, as the published file has them."""
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    return any(_of_constants(node, constant) for node in model.graph.node)


def _of_constants(node: onnx.NodeProto, constant: Mapping[str, onnx.TensorProto]) -> bool:
    return node.op_type == "DequantizeLinear" and all(name in constant for name in node.input if name)


def _parts(node: onnx.NodeProto, constant: Mapping[str, onnx.TensorProto]) -> tuple[Array, Array, Array]:
    """(integers, scale, zero point) of a DequantizeLinear, the last two float32 and ready to be broadcast."""
    packed, scale, *rest = (numpy_helper.to_array(constant[name]) for name in node.input if name)
    zero = rest[0] if rest else np.zeros_like(scale)
    axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
    shape = [1] * packed.ndim
    if scale.size > 1:
        shape[axis] = -1
    return packed, scale.astype(np.float32).reshape(shape), zero.astype(np.float32).reshape(shape)


def _cast_mul(name: str, packed: str, zero: str, scale: str) -> list[onnx.NodeProto]:
    nodes = [cast(packed, f"{name}_wide", onnx.TensorProto.FLOAT)]
    if zero:
        nodes.append(helper.make_node("Sub", [f"{name}_wide", zero], [f"{name}_lifted"]))
    return [*nodes, helper.make_node("Mul", [nodes[-1].output[0], scale], [name])]


def _halved(model: onnx.ModelProto, lossy: Collection[str]) -> onnx.ModelProto:
    """The initialisers that are halves in truth, and those named in `lossy`, as halves and a Cast."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        half = float16.half(array) if array.dtype == np.float32 and array.size >= FEW else None
        if half is not None and (tensor.name in lossy or np.array_equal(half, array)):
            kept.append(numpy_helper.from_array(half, f"{tensor.name}_half"))
            casts.append(cast(f"{tensor.name}_half", tensor.name, onnx.TensorProto.FLOAT))
        else:
            kept.append(tensor)
    return rebuilt(model, [*casts, *model.graph.node], kept)


def _large(model: onnx.ModelProto) -> list[tuple[onnx.TensorProto, int]]:
    """The network's float32 weights of at least LARGE numbers, each with the axis of its output channels."""
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    found = {}
    for node in (model.graph.node[place] for place in network(model)):
        tensor = constant.get(node.input[1]) if len(node.input) > 1 and node.op_type in CHANNEL else None
        if tensor is not None and tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1:
            found[tensor.name] = tensor, _channel(node)
    return [each for each in found.values() if math.prod(each[0].dims) >= LARGE]


def _channel(node: onnx.NodeProto) -> int:
    return 0 if any(a.name == "transB" and a.i for a in node.attribute) else CHANNEL[node.op_type]
