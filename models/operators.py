"""The TFLite operators the importer knows, each a small function that adds ONNX nodes.

Does not read files (tflite.py does); a new operator is one function and one line of OPERATORS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tflite
from onnx import helper

from models.tensors import PERMUTE, Array, Graph, Op, TfliteError


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
    _convolve(g, op, options, g.constant(op.inputs[1]).transpose(0, 3, 1, 2))  # o,h,w,i


def _depthwise(g: Graph, op: Op) -> None:
    options = op.options(tflite.DepthwiseConv2DOptions)
    weight = g.constant(op.inputs[1]).transpose(3, 0, 1, 2)  # 1,h,w,c
    _convolve(g, op, options, weight, group=g.shape(op.inputs[0])[3])


def _convolve(g: Graph, op: Op, options: Any, weight: Array, **grouped: int) -> None:
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    g.add(
        "Conv",
        op,
        [g.value(op.inputs[0]), g.weight(f"w{op.inputs[1]}", weight), *_bias(g, op)],
        options.FusedActivationFunction(),
        kernel_shape=weight.shape[2:],
        dilations=dilation,
        **grouped,
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
    g.add(
        "Clip",
        op,
        [
            g.value(op.inputs[0]),
            g.weight("zero", np.array(0, np.float32)),
            g.weight("six", np.array(6, np.float32)),
        ],
    )


def _mean(g: Graph, op: Op) -> None:
    axes = sorted(int(a) for a in g.constant(op.inputs[1]).ravel())
    if axes != [1, 2] or not op.options(tflite.ReducerOptions).KeepDims():
        raise TfliteError(
            f"operator {op.index} (MEAN): only the mean over height and width, kept, is supported"
        )
    g.add("GlobalAveragePool", op, [g.value(op.inputs[0])])


def _pad(g: Graph, op: Op) -> None:
    pads = g.constant(op.inputs[1]).astype(np.int64)
    if pads.shape[0] == 4:
        pads = pads[list(PERMUTE)]
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
    axis = PERMUTE.index(axis) if rank == 4 else axis
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
