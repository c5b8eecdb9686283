"""Importer: a TFLite file becomes a float32 ONNX model in NCHW layout.

Does not fuse, lower or check accuracy, and does not need TensorFlow: only the published schema.
Layout: tensors of four dimensions are NCHW in the result, all others keep the order of the file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 17
# The largest model we import has 300 operators and 1.2 MB of weights; the limits only stop nonsense.
MAX_OPERATORS = 10_000
MAX_TENSORS = 50_000
MAX_ELEMENTS = 1 << 26

Array = NDArray[Any]
_NAMES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
_TYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}
_PERMUTE = (0, 3, 1, 2)  # NHWC -> NCHW


class TfliteError(ValueError):
    """The file is not a TFLite model this importer can read; the message says why."""


@dataclass
class Op:
    """One operator of the file: names its tensors, reads its options."""

    index: int
    name: str
    inputs: list[int]
    outputs: list[int]
    raw: Any

    def options(self, kind: Any) -> Any:
        """The operator's options as the schema class `kind`."""
        table = self.raw.BuiltinOptions()
        if table is None:
            raise TfliteError(f"operator {self.index} ({self.name}) has no options")
        result = kind()
        result.Init(table.Bytes, table.Pos)
        return result


@dataclass
class Graph:
    """The ONNX graph in the making, with what is known of the file's tensors."""

    raw: Any
    model: Any
    constants: dict[int, Array] = field(default_factory=dict)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Shape in the file's own order."""
        if not 0 <= tensor < self.raw.TensorsLength():
            raise TfliteError(f"tensor {tensor} does not exist")
        raw = self.raw.Tensors(tensor)
        shape = tuple(int(n) for n in raw.ShapeAsNumpy()) if raw.ShapeLength() else ()
        if len(shape) > 6 or any(n <= 0 for n in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise TfliteError(f"tensor {tensor} has the shape {shape}")
        return shape

    def constant(self, tensor: int) -> Array:
        """The numbers stored for a tensor; halves become float32."""
        if tensor in self.constants:
            return self.constants[tensor]
        shape, raw = self.shape(tensor), self.raw.Tensors(tensor)
        dtype = _TYPES.get(raw.Type())
        data = self.model.Buffers(raw.Buffer()).DataAsNumpy()
        if dtype is None or not isinstance(data, np.ndarray):
            raise TfliteError(f"tensor {tensor} is no float or integer constant")
        if data.nbytes != math.prod(shape) * np.dtype(dtype).itemsize:
            raise TfliteError(f"tensor {tensor} holds {data.nbytes} bytes, its shape {shape} says otherwise")
        array = data.view(dtype).reshape(shape)
        self.constants[tensor] = array.astype(np.float32) if dtype is np.float16 else array
        return self.constants[tensor]

    def is_constant(self, tensor: int) -> bool:
        """Whether the tensor's numbers are in the file."""
        if tensor in self.constants:
            return True
        raw = self.raw.Tensors(tensor)
        return bool(0 < raw.Buffer() < self.model.BuffersLength()) and bool(
            self.model.Buffers(raw.Buffer()).DataLength()
        )

    def value(self, tensor: int) -> str:
        """The ONNX name of an activation or constant."""
        if not self.is_constant(tensor):
            return f"t{tensor}"
        array = self.constant(tensor)
        return self.weight(f"w{tensor}", array.transpose(_PERMUTE) if array.ndim == 4 else array)

    def weight(self, name: str, array: Array) -> str:
        """Stores an initialiser."""
        self.weights[name] = np.ascontiguousarray(array)
        return name

    def add(self, kind: str, op: Op, inputs: list[str], activation: int = 0, **attributes: Any) -> None:
        """Adds the node that makes the operator's output, then its fused activation."""
        output = f"t{op.outputs[0]}"
        steps: dict[int, list[str]] = {
            tflite.ActivationFunctionType.NONE: [],
            tflite.ActivationFunctionType.RELU: ["Relu"],
            tflite.ActivationFunctionType.RELU6: ["Clip"],
        }
        if activation not in steps:
            raise TfliteError(f"operator {op.index} ({op.name}): activation {activation} is not supported")
        after = steps[activation]
        first = output + "_linear" if after else output
        self.nodes.append(helper.make_node(kind, inputs, [first], f"{kind}_{op.index}", **attributes))
        for step in after:
            limits = (
                [self.weight("zero", np.float32(0)), self.weight("six", np.float32(6))] if step == "Clip" else []
            )
            self.nodes.append(helper.make_node(step, [first, *limits], [output], f"{step}_{op.index}"))


def _window(
    g: Graph, op: Op, kernel: tuple[int, int], options: Any, dilation: tuple[int, int] = (1, 1)
) -> dict[str, Any]:
    """Strides and explicit pads of a sliding window (TensorFlow's SAME pads more at the end)."""
    size, stride = g.shape(op.inputs[0])[1:3], (options.StrideH(), options.StrideW())
    if min(*stride, *dilation, *kernel) < 1 or max(*stride, *dilation, *kernel) > 1024:
        raise TfliteError(f"operator {op.index} ({op.name}): stride {stride}, kernel {kernel}")
    pads = [0, 0, 0, 0]
    if options.Padding() == tflite.Padding.SAME:
        for axis in (0, 1):
            reach = (kernel[axis] - 1) * dilation[axis] + 1
            total = max((math.ceil(size[axis] / stride[axis]) - 1) * stride[axis] + reach - size[axis], 0)
            pads[axis], pads[axis + 2] = total // 2, total - total // 2
    return {"strides": stride, "pads": pads}


def _bias(g: Graph, op: Op) -> list[str]:
    return [g.value(op.inputs[2])] if len(op.inputs) > 2 and op.inputs[2] >= 0 else []


def _conv(g: Graph, op: Op) -> None:
    options = op.options(tflite.Conv2DOptions)
    weight = g.constant(op.inputs[1]).transpose(0, 3, 1, 2)  # o,h,w,i
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    g.add(
        "Conv",
        op,
        [g.value(op.inputs[0]), g.weight(f"w{op.inputs[1]}", weight), *_bias(g, op)],
        options.FusedActivationFunction(),
        kernel_shape=weight.shape[2:],
        dilations=dilation,
        **_window(g, op, weight.shape[2:], options, dilation),
    )


def _depthwise(g: Graph, op: Op) -> None:
    options = op.options(tflite.DepthwiseConv2DOptions)
    weight = g.constant(op.inputs[1]).transpose(3, 0, 1, 2)  # 1,h,w,c
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    g.add(
        "Conv",
        op,
        [g.value(op.inputs[0]), g.weight(f"w{op.inputs[1]}", weight), *_bias(g, op)],
        options.FusedActivationFunction(),
        kernel_shape=weight.shape[2:],
        dilations=dilation,
        group=g.shape(op.inputs[0])[3],
        **_window(g, op, weight.shape[2:], options, dilation),
    )


def _transpose_conv(g: Graph, op: Op) -> None:
    """MediaPipe's Convolution2DTransposeBias. Weights o,h,w,i; no overlap where kernel = stride."""
    weight = g.constant(op.inputs[1]).transpose(3, 0, 1, 2)  # ONNX wants i,o,h,w
    size, out = g.shape(op.inputs[0]), g.shape(op.outputs[0])
    stride = (out[1] // size[1], out[2] // size[2])
    if stride != weight.shape[2:] or (out[1], out[2]) != (size[1] * stride[0], size[2] * stride[1]):
        raise TfliteError(f"operator {op.index} ({op.name}): only kernel = stride is supported")
    inputs = [g.value(op.inputs[0]), g.weight(f"w{op.inputs[1]}", weight), *_bias(g, op)]
    g.add("ConvTranspose", op, inputs, kernel_shape=stride, strides=stride)


def _pool(kind: str) -> Callable[[Graph, Op], None]:
    def build(g: Graph, op: Op) -> None:
        options = op.options(tflite.Pool2DOptions)
        kernel = (options.FilterHeight(), options.FilterWidth())
        window = _window(g, op, kernel, options)
        activation = options.FusedActivationFunction()
        if kind == "AveragePool" and kernel == g.shape(op.inputs[0])[1:3]:
            g.add("GlobalAveragePool", op, [g.value(op.inputs[0])], activation)
            return
        g.add(kind, op, [g.value(op.inputs[0])], activation, kernel_shape=kernel, **window)

    return build


def _binary(kind: str, schema: Any) -> Callable[[Graph, Op], None]:
    def build(g: Graph, op: Op) -> None:
        g.add(kind, op, [g.value(i) for i in op.inputs[:2]], op.options(schema).FusedActivationFunction())

    return build


def _unary(kind: str, **attributes: Any) -> Callable[[Graph, Op], None]:
    def build(g: Graph, op: Op) -> None:
        g.add(kind, op, [g.value(op.inputs[0])], **attributes)

    return build


def _relu6(g: Graph, op: Op) -> None:
    g.add("Clip", op, [g.value(op.inputs[0]), g.weight("zero", np.float32(0)), g.weight("six", np.float32(6))])


def _mean(g: Graph, op: Op) -> None:
    axes = sorted(int(a) for a in g.constant(op.inputs[1]).ravel())
    if axes != [1, 2] or not op.options(tflite.ReducerOptions).KeepDims():
        raise TfliteError(f"operator {op.index} (MEAN): only the mean over height and width, kept, is supported")
    g.add("GlobalAveragePool", op, [g.value(op.inputs[0])])


def _pad(g: Graph, op: Op) -> None:
    pads = g.constant(op.inputs[1]).astype(np.int64)
    if pads.shape[0] == 4:
        pads = pads[list(_PERMUTE)]
    g.add("Pad", op, [g.value(op.inputs[0]), g.weight(f"w{op.inputs[1]}", pads.T.ravel())])


def _resize(g: Graph, op: Op) -> None:
    options = op.options(tflite.ResizeBilinearOptions)
    mode = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
    size, out = g.shape(op.inputs[0]), g.shape(op.outputs[0])
    scales = np.array([1, 1, out[1] / size[1], out[2] / size[2]], np.float32)
    inputs = [g.value(op.inputs[0]), "", g.weight(f"scales{op.index}", scales)]
    transform = "align_corners" if options.AlignCorners() else mode
    g.add("Resize", op, inputs, mode="linear", coordinate_transformation_mode=transform)


def _reshape(g: Graph, op: Op) -> None:
    name, shape = g.value(op.inputs[0]), g.shape(op.outputs[0])
    if len(shape) == 4:
        raise TfliteError(f"operator {op.index} (RESHAPE): a result of four dimensions is not supported")
    if len(g.shape(op.inputs[0])) == 4:  # the file counts its elements in NHWC order
        g.nodes.append(helper.make_node("Transpose", [name], [name + f"_nhwc{op.index}"], perm=(0, 2, 3, 1)))
        name += f"_nhwc{op.index}"
    g.add("Reshape", op, [name, g.weight(f"shape{op.index}", np.array(shape, np.int64))])


def _concat(g: Graph, op: Op) -> None:
    options, rank = op.options(tflite.ConcatenationOptions), len(g.shape(op.outputs[0]))
    axis = options.Axis() % rank
    axis = _PERMUTE.index(axis) if rank == 4 else axis
    g.add("Concat", op, [g.value(i) for i in op.inputs], options.FusedActivationFunction(), axis=axis)


def _dequantize(g: Graph, op: Op) -> None:
    g.constants[op.outputs[0]] = g.constant(op.inputs[0]).astype(np.float32)  # half precision weights


OPERATORS: dict[str, Callable[[Graph, Op], None]] = {
    "ADD": _binary("Add", tflite.AddOptions),
    "AVERAGE_POOL_2D": _pool("AveragePool"),
    "CONCATENATION": _concat,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEQUANTIZE": _dequantize,
    "HARD_SWISH": _unary("HardSwish"),
    "LOGISTIC": _unary("Sigmoid"),
    "MAX_POOL_2D": _pool("MaxPool"),
    "MEAN": _mean,
    "MUL": _binary("Mul", tflite.MulOptions),
    "PAD": _pad,
    "RELU": _unary("Relu"),
    "RELU6": _relu6,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize,
    "Convolution2DTransposeBias": _transpose_conv,
}


def _operators(g: Graph) -> list[Op]:
    found = []
    for index in range(g.raw.OperatorsLength()):
        raw = g.raw.Operators(index)
        code = g.model.OperatorCodes(raw.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = _NAMES.get(number, str(number))
        if name == "CUSTOM":
            name = (code.CustomCode() or b"").decode()
        if name not in OPERATORS:
            raise TfliteError(f"operator {index} is {name or 'unnamed'}, which the importer does not know")
        inputs, outputs = [
            [int(i) for i in (array if isinstance(array, np.ndarray) else ())]
            for array in (raw.InputsAsNumpy(), raw.OutputsAsNumpy())
        ]
        if not inputs or len(outputs) != 1:
            raise TfliteError(f"operator {index} ({name}) has {len(inputs)} inputs and {len(outputs)} outputs")
        found.append(Op(index, name, inputs, outputs, raw))
    return found


def _values(g: Graph, tensors: Array) -> list[onnx.ValueInfoProto]:
    result = []
    for tensor in tensors:
        shape = g.shape(int(tensor))
        shape = tuple(shape[i] for i in _PERMUTE) if len(shape) == 4 else shape
        result.append(helper.make_tensor_value_info(f"t{tensor}", onnx.TensorProto.FLOAT, shape))
    return result


def _read(data: bytes) -> onnx.ModelProto:
    if data[4:8] != b"TFL3":
        raise TfliteError("it does not begin as a TFLite file")
    model = tflite.Model.GetRootAs(data, 0)
    if model.SubgraphsLength() != 1:
        raise TfliteError(f"it has {model.SubgraphsLength()} subgraphs, not 1")
    g = Graph(model.Subgraphs(0), model)
    if g.raw.OperatorsLength() > MAX_OPERATORS or g.raw.TensorsLength() > MAX_TENSORS:
        raise TfliteError(f"it claims {g.raw.OperatorsLength()} operators, {g.raw.TensorsLength()} tensors")
    for op in _operators(g):
        OPERATORS[op.name](g, op)
    inputs, outputs = _values(g, g.raw.InputsAsNumpy()), _values(g, g.raw.OutputsAsNumpy())
    weights = [numpy_helper.from_array(array, name) for name, array in g.weights.items()]
    graph = helper.make_graph(g.nodes, "model", inputs, outputs, weights)
    result = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="vitrine"
    )
    onnx.checker.check_model(result, full_check=True)
    return onnx.shape_inference.infer_shapes(result, strict_mode=True)


def read(data: bytes) -> onnx.ModelProto:
    """The model in `data` as ONNX, opset 17, float32.

    Inputs and outputs are in the file's order, named t<index>. Raises TfliteError for a file that is
    damaged, or holds an operator or option outside OPERATORS; the message names it.
    """
    try:
        return _read(data)
    except TfliteError as error:
        raise TfliteError(f"TFLite file not readable: {error}") from None
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError) as error:
        # What flatbuffers and NumPy raise on offsets that point nowhere.
        raise TfliteError(f"TFLite file damaged: {error}") from None
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise TfliteError(f"TFLite file inconsistent: {str(error).strip().splitlines()[0]}") from None
