"""Imported tf.js models compute the same as tf.js, and unreadable files end in an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from models.importers.errors import ModelFileError
from models.importers.formats import import_model, import_resizable
from models.verify import runners
from tests.support.small import Node, tfjs_files

Array = NDArray[Any]
RNG = np.random.default_rng(5)
WINDOW = {"data_format": "NHWC", "T": "DT_FLOAT"}
UP = {"strides": [1, 2, 2, 1], "data_format": "NHWC", "T": "DT_FLOAT"}
FLOAT, INT = {"T": "DT_FLOAT"}, {"T": "DT_INT32"}


def ours(model: onnx.ModelProto, x: Array) -> dict[str, Array]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    planes = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    rows = [session.run(None, {"picture": plane[None]}) for plane in planes]
    return {name: np.concatenate([row[n] for row in rows]) for n, name in enumerate(names)}


def compare(files: Mapping[str, bytes], x: Array, outputs: Mapping[str, str] | None = None) -> None:
    model = import_model("tfjs", files, (x.shape[1], x.shape[2]), outputs)
    found = ours(model, x)
    try:
        wanted = runners.in_graph_layout(model, runners.run("tfjs", files, x, outputs))
    except runners.MissingRuntimeError as error:
        pytest.skip(str(error))
    assert found.keys() == wanted.keys()
    for name in wanted:
        assert found[name].shape == wanted[name].shape, name
        scope = max(float(np.ptp(wanted[name])), 1.0)
        assert np.abs(found[name] - wanted[name]).max() <= 1e-5 * scope, name


def conv(name: str, source: str, weight: str, **more: Any) -> Node:
    options = {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 1, 1, 1], **WINDOW, **more}
    return Node("Conv2D", name, [source, weight], options)


def floats(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def ints(*numbers: int) -> Array:
    return np.array(numbers, np.int32)


def number(value: int) -> Array:
    return np.array(value, np.int32)


def test_windows_are_those_of_tfjs() -> None:
    """Odd sizes, both paddings, strides, dilations, several results per channel, fused operators."""
    nodes = [
        conv("two", "image", "w", strides=[1, 2, 2, 1]),
        conv("valid", "image", "w", padding="VALID"),
        conv("wide", "image", "w", dilations=[1, 2, 2, 1]),
        conv("as_bodypix", "image", "w", dilations=[2, 2, 1, 1]),
        Node("BiasAdd", "biased", ["two", "b"], WINDOW),
        Node("Relu6", "six", ["biased"], FLOAT),
    ]
    deep = {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 1, 1, 1], **WINDOW}
    nodes.append(Node("DepthwiseConv2dNative", "deep", ["image", "d"], deep))
    fused = {**deep, "fused_ops": ["BiasAdd", "Prelu"], "num_args": 2, "epsilon": 0.0}
    nodes.append(Node("_FusedConv2D", "fused", ["image", "w", "b", "slope"], fused))
    for kind, padding in (
        ("MaxPool", "SAME"),
        ("AvgPool", "SAME"),
        ("AvgPool", "VALID"),
        ("MaxPool", "VALID"),
    ):
        options = {"ksize": [1, 3, 3, 1], "strides": [1, 2, 2, 1], "padding": padding, **WINDOW}
        nodes.append(Node(kind, f"{kind}_{padding}", ["six"], options))
    weights = {"w": floats(3, 3, 3, 5), "d": floats(3, 3, 3, 2), "b": floats(5), "slope": floats(1, 1, 5)}
    outputs = {name: name for name in [node.name for node in nodes]}
    compare(tfjs_files(nodes, weights, (1, -1, -1, 3)), floats(2, 13, 18, 3), outputs)


def test_elements_are_moved_as_tfjs_does() -> None:
    half = {"align_corners": False, "half_pixel_centers": True, **FLOAT}
    corners = {"align_corners": True, "half_pixel_centers": False, **FLOAT}
    plain = {"align_corners": False, "half_pixel_centers": False, **FLOAT}
    masks = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0}
    nodes = [
        conv("c", "image", "w"),
        *(
            Node(kind, f"{kind}{index}", ["c", "size"], options)
            for index, options in enumerate((half, corners, plain))
            for kind in ("ResizeBilinear", "ResizeNearestNeighbor")
            if not (kind == "ResizeNearestNeighbor" and options is half)
        ),
        Node("DepthToSpace", "blocks", ["c"], {"block_size": 2, "data_format": "NHWC", **FLOAT}),
        Node("Pad", "padded", ["c", "pads"], FLOAT),
        Node("Mean", "pooled", ["c", "hw"], {"keep_dims": False, **FLOAT}),
        Node("Mean", "kept", ["c", "hw"], {"keep_dims": True, **FLOAT}),
        Node("MatMul", "dense", ["pooled", "m"], {"transpose_a": False, "transpose_b": False, **FLOAT}),
        Node("Softmax", "sure", ["dense"], FLOAT),
        Node("Reshape", "rows", ["c", "flat"], FLOAT),
        Node("ArgMax", "best", ["rows", "one"], FLOAT),
        Node("Transpose", "turned", ["rows", "order"], FLOAT),
        Node("ConcatV2", "joined", ["c", "image", "last"], {"N": 2, **FLOAT}),
        Node("StridedSlice", "part", ["c", "begin", "end", "steps"], {**masks, "end_mask": 4, **FLOAT}),
        Node("Shape", "shape", ["c"], {"out_type": "DT_INT32", **FLOAT}),
        Node(
            "StridedSlice",
            "first",
            ["shape", "zero1", "one1", "one1"],
            {**masks, "shrink_axis_mask": 1, **INT},
        ),
        Node("Pack", "asked", ["first", "minus", "four"], {"axis": 0, "N": 3, **INT}),
        Node("Reshape", "again", ["c", "asked"], FLOAT),
        Node("Squeeze", "thin", ["kept"], {"squeeze_dims": [1, 2], **FLOAT}),
        Node("Minimum", "low", ["c", "half"], FLOAT),
        Node("Maximum", "high", ["low", "less"], FLOAT),
        Node("LeakyRelu", "leaky", ["c"], {"alpha": 0.3, **FLOAT}),
        Node("GatherV2", "taken", ["rows", "hw", "one"], {"batch_dims": 0, **FLOAT}),
        Node("Sub", "against", ["c", "three"], FLOAT),
        Node("Identity", "same", ["against"], FLOAT),
        Node("Conv2DBackpropInput", "up", ["up_size", "u", "c"], {**UP, "padding": "SAME"}),
        Node("Conv2DBackpropInput", "wider", ["wider_size", "u", "c"], {**UP, "padding": "VALID"}),
        Node("MirrorPad", "mirrored", ["c", "pads"], {"mode": "REFLECT", **FLOAT}),
        Node("Max", "most", ["c", "last"], {"keep_dims": False, **FLOAT}),
        Node("Sum", "all", ["c", "hw"], {"keep_dims": True, **FLOAT}),
        Node("Slice", "corner", ["c", "begin", "few"], FLOAT),
        Node("Split", "halves", ["last", "c"], {"num_split": 2, **FLOAT}),
        Node("Sub", "between", ["halves", "halves:1"], FLOAT),
    ]
    weights = {
        "w": floats(1, 1, 3, 4),
        "m": floats(4, 3),
        "three": floats(1, 1, 4),
        "half": np.array(0.5, np.float32),
        "less": np.array(-0.25, np.float32),
        "size": ints(14, 9),
        "pads": np.array([[0, 0], [1, 2], [0, 3], [2, 0]], np.int32),
        "hw": ints(1, 2),
        "flat": ints(1, -1, 4),
        "u": floats(3, 3, 2, 4),
        "up_size": ints(1, 16, 12, 2),
        "wider_size": ints(1, 17, 13, 2),
        "few": ints(1, 4, -1, 3),
        "one": number(1),
        "order": ints(0, 2, 1),
        "last": number(-1),
        "begin": ints(0, 1, 2, 0),
        "end": ints(1, 5, 0, 4),
        "steps": ints(1, 2, 1, 1),
        "zero1": ints(0),
        "one1": ints(1),
        "minus": number(-1),
        "four": number(4),
    }
    constants = {"shape", "first", "asked"}
    outputs = {node.name: node.name for node in nodes if node.name not in constants}
    compare(tfjs_files(nodes, weights, (1, 8, 6, 3)), floats(2, 8, 6, 3), outputs)


def test_quantised_weights_keep_their_bytes() -> None:
    weights: dict[str, Array] = {
        "w8": RNG.integers(0, 256, (3, 3, 3, 4), np.uint8),
        "v16": RNG.integers(0, 65536, (1, 1, 3, 4), np.uint16),
        "h16": floats(1, 1, 3, 4).astype(np.float16),
        "b": RNG.integers(0, 256, 4, np.uint8),
    }
    quantised: dict[str, dict[str, Any]] = {
        "w8": {"dtype": "uint8", "scale": 0.01, "min": -0.77},
        "v16": {"dtype": "uint16", "scale": 1e-4, "min": -2.0},
        "h16": {"dtype": "float16"},
        "b": {"dtype": "uint8", "scale": 0.5, "min": -3.3},
    }
    nodes = [conv("a", "image", "w8"), conv("c", "image", "v16"), conv("d", "image", "h16")]
    nodes.append(Node("BiasAdd", "e", ["a", "b"], WINDOW))
    files = tfjs_files(nodes, weights, (1, -1, -1, 3), quantised)
    model = import_model("tfjs", files, (9, 9))
    stored = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert stored["w8"] == onnx.TensorProto.UINT8
    assert {kind for name, kind in stored.items() if not name.startswith("w8")} == {onnx.TensorProto.FLOAT}
    assert [node.op_type for node in model.graph.node].count("DequantizeLinear") == 1
    compare(files, floats(1, 9, 9, 3))


def test_one_graph_serves_the_sizes_that_pad_alike() -> None:
    nodes = [conv("a", "image", "w", strides=[1, 2, 2, 1]), conv("b", "a", "v", strides=[1, 2, 2, 1])]
    weights = {"w": floats(3, 3, 3, 4), "v": floats(3, 3, 4, 2)}
    files = tfjs_files(nodes, weights, (1, -1, -1, 3))
    sizes = [(17, 25), (33, 41)]
    model = import_resizable("tfjs", files, sizes)
    (given,) = model.graph.input
    assert [d.dim_param or d.dim_value for d in given.type.tensor_type.shape.dim] == [1, 3, "height", "width"]
    onnx.checker.check_model(model, full_check=True)
    for height, width in sizes:
        x = floats(1, height, width, 3)
        fixed = import_model("tfjs", files, (height, width))
        assert np.array_equal(ours(model, x)["b"], ours(fixed, x)["b"])
    with pytest.raises(ModelFileError, match=r"need different graphs, from Conv 'a' on. Use sizes"):
        import_resizable("tfjs", files, [(17, 25), (32, 41)])


def described(change: Any) -> dict[str, bytes]:
    """A good model with its model.json changed."""
    files = tfjs_files([conv("a", "image", "w")], {"w": floats(3, 3, 3, 4)}, (1, 8, 8, 3))
    model = json.loads(files["model.json"])
    change(model)
    return {**files, "model.json": json.dumps(model).encode()}


def other(**row: Any) -> Any:
    return lambda model: model["modelTopology"]["node"][-1].update(row)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"model.json": b"{"}, "model.json is not JSON"),
        ({"model.json": b"[1]"}, "does not contain a graph of nodes"),
        ({"model.json": b'{"modelTopology": {"model_config": {}}}'}, "it is a layers model. Convert it with"),
        (
            described(other(op="FFT")),
            r"node 'a' \(FFT\) is not an operator that the importer knows. Convert the",
        ),
        (described(other(input=["a", "w"])), "the node a needs its own result"),
        (described(other(input=["nowhere", "w"])), "the node nowhere is used but does not exist"),
        (
            described(lambda m: m["weightsManifest"][0].update(paths=["b"])),
            "the shard b is not in the files",
        ),
        (described(lambda m: m["weightsManifest"][0]["weights"][0].update(shape=[3, 3, 3, 5])), "incomplete"),
        (
            described(lambda m: m["weightsManifest"][0]["weights"][0].update(shape=[3, 3, 3, 3])),
            "bytes more than",
        ),
        (
            described(lambda m: m["weightsManifest"][0]["weights"][0].update(dtype="string")),
            "the unsupported type string",
        ),
    ],
)
def test_what_cannot_be_read_is_said(files: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(ModelFileError, match=sentence) as caught:
        import_model("tfjs", files)
    assert "\n" not in str(caught.value)


def test_a_size_is_asked_for() -> None:
    files = tfjs_files([conv("a", "image", "w")], {"w": floats(3, 3, 3, 4)}, (1, -1, -1, 3))
    with pytest.raises(ModelFileError, match="has no fixed size"):
        import_model("tfjs", files)
    with pytest.raises(
        ModelFileError, match=r"there is no tensor 'b' for the output 'mask'. The outputs of the file are: a"
    ):
        import_model("tfjs", files, (8, 8), {"mask": "b"})
