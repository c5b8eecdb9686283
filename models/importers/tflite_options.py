"""The operators of TFLite: the kind of each and how to read its options, in TensorFlow's terms.

Does not read tensors. A new operator is one line of KINDS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tflite

from models.importers.errors import ModelFileError
from models.importers.ir import Shape

INFINITE = float("inf")
FLEX = "tflite:"  # + name: the kind of an unknown operator; an error only where an output needs it
# Kinds whose quantised range may hold a folded activation function.
LINEAR = frozenset({"add", "conv", "dense", "depthwise"})


class Options:
    """The options table of one operator, with the shapes of its inputs and outputs."""

    def __init__(self, table: Any, label: str, shapes: list[Shape], inputs: int) -> None:
        self.table, self.label = table, label
        self.inputs, self.outputs = shapes[:inputs], shapes[inputs:]
        self.activation = 0

    def read(self, kind: str) -> Any:
        """The table as the class `kind` of the schema; sets `activation` to the fused one."""
        if self.table is None:
            raise ModelFileError(f"{self.label} has no options.")
        result = getattr(tflite, kind)()
        result.Init(self.table.Bytes, self.table.Pos)
        if hasattr(result, "FusedActivationFunction"):
            self.activation = int(result.FusedActivationFunction())
        return result


Values = dict[str, Any]
Read = Callable[[Options], Values]


def _padding(raw: Any) -> str:
    return "SAME" if raw.Padding() == tflite.Padding.SAME else "VALID"


def _window(kind: str, order: str) -> Read:
    def read(o: Options) -> Values:
        raw = o.read(kind)
        values: Values = {"strides": (raw.StrideH(), raw.StrideW()), "padding": _padding(raw), "order": order}
        return values | {"dilations": (raw.DilationHFactor(), raw.DilationWFactor())}

    return read


def _pool(o: Options) -> Values:
    raw = o.read("Pool2DOptions")
    size = {"kernel": (raw.FilterHeight(), raw.FilterWidth())}
    return {"strides": (raw.StrideH(), raw.StrideW()), "padding": _padding(raw), **size}


def _activated(kind: str) -> Read:
    """Options with the activation function alone; old files leave the table out."""

    def read(o: Options) -> Values:
        if o.table is not None:
            o.read(kind)
        return {}

    return read


def _field(kind: str, **names: str) -> Read:
    def read(o: Options) -> Values:
        raw = o.read(kind)
        return {key: getattr(raw, name)() for key, name in names.items()}

    return read


def _fixed(**values: Any) -> Read:
    return lambda o: values


def _resize(kind: str, mode: str) -> Read:
    def read(o: Options) -> Values:
        raw = o.read(kind)
        return {"mode": mode, "corners": bool(raw.AlignCorners()), "half": bool(raw.HalfPixelCenters())}

    return read


def _shape(o: Options) -> Values:
    return {"shape": list(o.outputs[0])}


def _slice(o: Options) -> Values:
    raw = o.read("StridedSliceOptions")
    masks = {"begin_mask": raw.BeginMask(), "end_mask": raw.EndMask()}
    return {
        **masks,
        "shrink_axis_mask": raw.ShrinkAxisMask(),
        "others": raw.EllipsisMask() | raw.NewAxisMask(),
    }


def _dense(o: Options) -> Values:
    raw = o.read("FullyConnectedOptions")
    if raw.WeightsFormat():
        raise ModelFileError(f"{o.label}: shuffled weights are not supported.")
    return {"transposed": True, "keep": raw.KeepNumDims()}


def _transpose(o: Options) -> Values:
    raw = o.read("TransposeConvOptions")
    return {**_bias_transpose(o), "strides": (raw.StrideH(), raw.StrideW()), "padding": _padding(raw)}


def _bias_transpose(o: Options) -> Values:
    """MediaPipe's Convolution2DTransposeBias, whose kernel is as large as the stride."""
    return {"out": o.outputs[0][1:3], "strides": None, "padding": "VALID", "order": "ohwi"}


def _mirror(o: Options) -> Values:
    if o.read("MirrorPadOptions").Mode() != tflite.MirrorPadMode.REFLECT:
        raise ModelFileError(f"{o.label}: only mirror padding without the edge (REFLECT) is supported.")
    return {"mode": "reflect"}


# Operators whose inputs have another order than those of their step.
INPUTS = {"TRANSPOSE_CONV": (2, 1, 3)}


KINDS: dict[str, tuple[str, Read | None]] = {
    "ABS": ("abs", None),
    "ADD": ("add", _activated("AddOptions")),
    "ARG_MAX": ("arg_max", None),
    "AVERAGE_POOL_2D": ("average_pool", _pool),
    "CAST": ("cast", None),
    "CONCATENATION": ("concat", _field("ConcatenationOptions", axis="Axis")),
    "CONV_2D": ("conv", _window("Conv2DOptions", "ohwi")),
    "DEPTHWISE_CONV_2D": ("depthwise", _window("DepthwiseConv2DOptions", "1hwc")),
    "DEPTH_TO_SPACE": ("depth_to_space", _field("DepthToSpaceOptions", block="BlockSize")),
    "DEQUANTIZE": ("same", None),
    "DIV": ("div", _activated("DivOptions")),
    "ELU": ("elu", None),
    "EXP": ("exp", None),
    "EXPAND_DIMS": ("reshape", _shape),
    "FLOOR": ("floor", None),
    "FLOOR_DIV": ("floor_div", None),
    "FULLY_CONNECTED": ("dense", _dense),
    "GATHER": ("gather", _field("GatherOptions", axis="Axis")),
    "GATHER_ND": ("gather_nd", None),
    "HARD_SWISH": ("hard_swish", None),
    "LEAKY_RELU": ("leaky_relu", _field("LeakyReluOptions", alpha="Alpha")),
    "LOGISTIC": ("sigmoid", None),
    "MAXIMUM": ("maximum", None),
    "MAX_POOL_2D": ("max_pool", _pool),
    "MEAN": ("mean", _field("ReducerOptions", keep="KeepDims")),
    "MINIMUM": ("minimum", None),
    "MIRROR_PAD": ("pad", _mirror),
    "MUL": ("mul", _activated("MulOptions")),
    "NEG": ("neg", None),
    "PACK": ("pack", _field("PackOptions", axis="Axis")),
    "PAD": ("pad", None),
    "PADV2": ("pad", None),
    "PRELU": ("prelu", None),
    "QUANTIZE": ("same", None),
    "REDUCE_MAX": ("max", _field("ReducerOptions", keep="KeepDims")),
    "RELU": ("relu", None),
    "RELU6": ("clip", _fixed(low=0.0, high=6.0)),
    "RELU_N1_TO_1": ("clip", _fixed(low=-1.0, high=1.0)),
    "RESHAPE": ("reshape", _shape),
    "RESIZE_BILINEAR": ("resize", _resize("ResizeBilinearOptions", "linear")),
    "RESIZE_NEAREST_NEIGHBOR": ("resize", _resize("ResizeNearestNeighborOptions", "nearest")),
    "RSQRT": ("rsqrt", None),
    "SHAPE": ("shape", None),
    "SLICE": ("slice", None),
    "SOFTMAX": ("softmax", _field("SoftmaxOptions", beta="Beta")),
    "SPLIT": ("split", None),
    "SQRT": ("sqrt", None),
    "SQUEEZE": ("reshape", _shape),
    "STRIDED_SLICE": ("strided_slice", _slice),
    "SUB": ("sub", _activated("SubOptions")),
    "SUM": ("sum", _field("ReducerOptions", keep="KeepDims")),
    "TANH": ("tanh", None),
    "TRANSPOSE": ("transpose", None),
    "TRANSPOSE_CONV": ("transpose_conv", _transpose),
    "UNPACK": ("unpack", _field("UnpackOptions", axis="Axis")),
}
CUSTOM: dict[str, tuple[str, Read | None]] = {
    "Convolution2DTransposeBias": ("transpose_conv", _bias_transpose),
}
