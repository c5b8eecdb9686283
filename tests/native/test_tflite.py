"""Imported TFLite models compute the same as LiteRT, quantised ones up to their rounding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
import tflite
from numpy.typing import NDArray

from models.importers.errors import ModelFileError
from models.importers.formats import import_model
from models.verify import runners
from tests.native.test_tfjs import ours
from tests.support.small import Operator, Tensor, constant, tflite_file

Array = NDArray[Any]
RNG = np.random.default_rng(6)
SAME, VALID = tflite.Padding.SAME, tflite.Padding.VALID
RELU, RELU6 = tflite.ActivationFunctionType.RELU, tflite.ActivationFunctionType.RELU6
IMAGE = Tensor("image", (1, 9, 12, 3))


def floats(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def conv(**more: int) -> dict[str, int]:
    return {"Padding": SAME, "StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1, **more}


def both(data: bytes, x: Array, outputs: Mapping[str, str] | None = None) -> list[tuple[str, Array, Array]]:
    """(role, ours, theirs) of a file."""
    files = {"model.tflite": data}
    model = import_model("tflite", files, None, outputs)
    found = ours(model, x)
    try:
        wanted = runners.in_graph_layout(model, runners.run("tflite", files, x, outputs))
    except runners.MissingRuntimeError as error:
        pytest.skip(str(error))
    assert {name: array.shape for name, array in found.items()} == {n: a.shape for n, a in wanted.items()}
    return [(name, found[name], wanted[name]) for name in wanted]


def test_operators_compute_what_litert_does() -> None:
    pool = {"FilterHeight": 3, "FilterWidth": 2, "StrideH": 2, "StrideW": 2}
    tensors = [
        IMAGE,
        constant("w", floats(4, 3, 3, 3)),
        constant("b", floats(4)),
        constant("d", floats(1, 3, 3, 8)),
        constant("e", floats(8)),
        constant("slope", floats(1, 1, 4)),
        constant("pads", [[0, 0], [1, 0], [0, 2], [0, 3]], "int32"),
        constant("hw", [1, 2], "int32"),
        constant("size", [10, 14], "int32"),
        constant("flat", [1, 108, 4], "int32"),
        constant("m", floats(5, 4)),
        constant("where", [[0, 1, 2], [0, 3, 4]], "int32"),
        constant("axis", 1, "int32"),
        constant("five", 5, "int32"),
        Tensor("c", (1, 9, 12, 4)),
        Tensor("six", (1, 5, 6, 4)),
        Tensor("deep", (1, 7, 10, 8)),
        Tensor("pr", (1, 9, 12, 4)),
        Tensor("mx", (1, 5, 6, 4)),
        Tensor("av", (1, 4, 6, 4)),
        Tensor("pd", (1, 10, 14, 7)),
        Tensor("mean", (1, 1, 1, 4)),
        Tensor("fc", (1, 5)),
        Tensor("big", (1, 10, 14, 4)),
        Tensor("near", (1, 10, 14, 4)),
        Tensor("rows", (1, 108, 4)),
        Tensor("points", (2, 4)),
        Tensor("best", (1, 4), "int32"),
        Tensor("row", (1, 4), "int32"),
        Tensor("back", (1, 4), "int32"),
        Tensor("number", (1, 4)),
        Tensor("packed", (2, 1, 4)),
        Tensor("sum", (1, 9, 12, 4)),
        Tensor("cat", (1, 9, 12, 7)),
        Tensor("swish", (1, 9, 12, 4)),
        Tensor("sure", (1, 108, 4)),
        constant("u", floats(2, 3, 3, 4)),
        constant("up_size", [1, 18, 24, 2], "int32"),
        constant("last", 3, "int32"),
        Tensor("up", (1, 18, 24, 2)),
        Tensor("left", (1, 9, 12, 2)),
        Tensor("right", (1, 9, 12, 2)),
        Tensor("between", (1, 9, 12, 2)),
    ]
    operators = [
        Operator("CONV_2D", ["image", "w", "b"], ["c"], "Conv2DOptions", conv()),
        Operator(
            "CONV_2D",
            ["image", "w", "b"],
            ["six"],
            "Conv2DOptions",
            conv(StrideH=2, StrideW=2, FusedActivationFunction=RELU6),
        ),
        Operator(
            "DEPTHWISE_CONV_2D",
            ["c", "d", "e"],
            ["deep"],
            "DepthwiseConv2DOptions",
            conv(Padding=VALID, DepthMultiplier=2, FusedActivationFunction=RELU),
        ),
        Operator("PRELU", ["c", "slope"], ["pr"]),
        Operator("MAX_POOL_2D", ["c"], ["mx"], "Pool2DOptions", {"Padding": SAME, **pool}),
        Operator("AVERAGE_POOL_2D", ["c"], ["av"], "Pool2DOptions", {"Padding": VALID, **pool}),
        Operator("PAD", ["c", "pads"], ["pd"], "PadOptions"),
        Operator("MEAN", ["c", "hw"], ["mean"], "ReducerOptions", {"KeepDims": True}),
        Operator("FULLY_CONNECTED", ["mean", "m"], ["fc"], "FullyConnectedOptions"),
        Operator(
            "RESIZE_BILINEAR", ["c", "size"], ["big"], "ResizeBilinearOptions", {"HalfPixelCenters": True}
        ),
        Operator("RESIZE_NEAREST_NEIGHBOR", ["c", "size"], ["near"], "ResizeNearestNeighborOptions"),
        Operator("RESHAPE", ["c", "flat"], ["rows"], "ReshapeOptions"),
        Operator("GATHER_ND", ["c", "where"], ["points"], "GatherNdOptions"),
        Operator(
            "ARG_MAX", ["rows", "axis"], ["best"], "ArgMaxOptions", {"OutputType": tflite.TensorType.INT32}
        ),
        Operator("FLOOR_DIV", ["best", "five"], ["row"], "FloorDivOptions"),
        Operator("SUB", ["row", "best"], ["back"], "SubOptions"),
        Operator("CAST", ["back"], ["number"], "CastOptions"),
        Operator("PACK", ["number", "number"], ["packed"], "PackOptions", {"ValuesCount": 2, "Axis": 0}),
        Operator("ADD", ["pr", "mean"], ["sum"], "AddOptions", {"FusedActivationFunction": RELU}),
        Operator("CONCATENATION", ["image", "c"], ["cat"], "ConcatenationOptions", {"Axis": 3}),
        Operator("HARD_SWISH", ["c"], ["swish"], "HardSwishOptions"),
        Operator(
            "TRANSPOSE_CONV",
            ["up_size", "u", "c"],
            ["up"],
            "TransposeConvOptions",
            {"Padding": SAME, "StrideH": 2, "StrideW": 2},
        ),
        Operator("SPLIT", ["last", "c"], ["left", "right"], "SplitOptions", {"NumSplits": 2}),
        Operator("SUB", ["left", "right"], ["between"], "SubOptions"),
        Operator("SOFTMAX", ["rows"], ["sure"], "SoftmaxOptions", {"Beta": 1.0}),
    ]
    made = [operator.outputs[0] for operator in operators]
    for name, a, b in both(tflite_file(tensors, operators, ["image"], made), floats(2, 9, 12, 3)):
        assert np.abs(a - b).max() <= 1e-5 * max(float(np.ptp(b)), 1.0), name


def quantised(axis: int) -> bytes:
    """uint8 in, a per-channel and a per-tensor int8 convolution, uint8 out: what a converter writes."""
    per_channel = {"scales": [0.01, 0.02, 0.03, 0.04], "axis": axis}
    bias_scales = [0.01 * s * 0.5 for s in (1, 2, 3, 4)]
    tensors = [
        Tensor("image", (1, 8, 8, 3), "uint8", None, [0.5], [10]),
        Tensor("signed", (1, 8, 8, 3), "int8", None, [0.5], [-118]),
        constant("w", RNG.integers(-127, 128, (4, 3, 3, 3)), "int8", **per_channel),
        constant("b", RNG.integers(-900, 900, 4), "int32", scales=bias_scales),
        Tensor("a", (1, 8, 8, 4), "int8", None, [6 / 255], [-128]),
        constant("v", RNG.integers(-127, 128, (2, 1, 1, 4)), "int8", scales=[0.005], zeros=[0]),
        constant("u", [40, -30], "int32", scales=[6 / 255 * 0.005]),
        Tensor("c", (1, 8, 8, 2), "int8", None, [0.2], [3]),
        Tensor("answer", (1, 8, 8, 2), "uint8", None, [0.2], [131]),
    ]
    operators = [
        Operator("QUANTIZE", ["image"], ["signed"], "QuantizeOptions"),
        Operator("CONV_2D", ["signed", "w", "b"], ["a"], "Conv2DOptions", conv()),  # its range is a RELU6
        Operator("CONV_2D", ["a", "v", "u"], ["c"], "Conv2DOptions", conv()),
        Operator("QUANTIZE", ["c"], ["answer"], "QuantizeOptions"),
    ]
    return tflite_file(tensors, operators, ["image"], ["answer"])


def test_quantised_files_are_floats_with_their_bytes_kept() -> None:
    data = quantised(0)
    model = import_model("tflite", {"": data}, None, {"inside": "a", "mask": "answer"})
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("DequantizeLinear") == 2
    assert kinds.count("Clip") == 1  # the activation that the converter folded into the range of `a`
    assert [t.data_type for t in stored.values()].count(onnx.TensorProto.INT8) == 4  # two weights, two zeros
    assert onnx.TensorProto.INT32 not in {t.data_type for t in stored.values()}
    x = RNG.integers(0, 256, (3, 8, 8, 3)).astype(np.float32) * 0.5 - 5
    results = {name: (a, b) for name, a, b in both(data, x, {"inside": "a", "mask": "answer"})}
    inside, mask = results["inside"], results["mask"]
    assert np.abs(inside[0] - inside[1]).max() <= 1.01 * 6 / 255  # one step: LiteRT rounds twice
    assert np.abs(mask[0] - mask[1]).max() <= 0.2 * 1.5


def test_a_scale_for_every_channel_has_to_fit() -> None:
    with pytest.raises(
        ModelFileError, match="TFLite file not readable: tensor 2 has 4 scales along axis 1 of"
    ):
        import_model("tflite", {"": quantised(1)})


def small(name: str = "LOGISTIC", shape: tuple[int, ...] = (1, 8, 8, 4), **more: Any) -> bytes:
    tensors = [Tensor("image", (1, 8, 8, 3)), constant("w", floats(4, 1, 1, 3)), Tensor("a", (1, 8, 8, 4))]
    tensors.append(Tensor("answer", shape))
    operators = [Operator("CONV_2D", ["image", "w"], ["a"], "Conv2DOptions", conv())]
    operators.append(Operator(name, ["a"], ["answer"], **more))
    return tflite_file(tensors, operators, ["image"], ["answer"])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "does not begin as a TFLite file"),
        (b"\x1c\0\0\0TFL3" + b"\xff" * 200, "TFLite file damaged"),
        (
            small("MyOwn"),
            r"operator 1 \(MyOwn, output 'answer'\) is not an operator that the importer knows. Name 'a' in",
        ),
        (small("L2_NORMALIZATION"), "L2_NORMALIZATION, output 'answer'.*or convert the model to ONNX"),
        (small(shape=(1, 8, 8, 5)), r"computes the shape \(1, 8, 8, 4\), but the file states \(1, 8, 8, 5\)"),
        (small("MAX_POOL_2D"), "operator 1 .* has no options"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, sentence: str) -> None:
    with pytest.raises(ModelFileError, match=sentence) as caught:
        import_model("tflite", {"": data})
    assert "\n" not in str(caught.value)


def test_an_unknown_operator_nobody_needs_does_no_harm() -> None:
    model = import_model("tflite", {"": small("MyOwn")}, None, {"features": "a"})
    assert [node.op_type for node in model.graph.node] == ["Conv"]


def test_another_size_is_refused() -> None:
    with pytest.raises(
        ModelFileError, match=r"its input is 8 x 8, not 16 x 16. Change the size in \[input\]"
    ):
        import_model("tflite", {"": small()}, (16, 16))
