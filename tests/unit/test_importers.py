"""models.importers.formats on ONNX files made here: layouts, types, opsets, roles, and errors.

Does not test other formats (tests/native/test_tflite.py and test_tfjs.py do).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.importers.errors import ModelFileError
from models.importers.formats import import_model, import_resizable
from models.verify import runners
from tests.support import models_given

Array = NDArray[Any]
RNG = np.random.default_rng(4)


def run(model: onnx.ModelProto, feeds: Mapping[str, Array]) -> list[Array]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[Array] = session.run(None, dict(feeds))
    return found


def network(
    shape: list[Any],
    kind: int = TensorProto.FLOAT,
    opset: int = 17,
    nodes: list[onnx.NodeProto] | None = None,
) -> bytes:
    """An ONNX file: `image` of that shape and type to `answer`, by default a Relu and a Neg."""
    made = nodes or [helper.make_node("Relu", ["image"], ["a"]), helper.make_node("Neg", ["a"], ["answer"])]
    graph = helper.make_graph(
        made,
        "given",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("answer", kind, None)],
        [numpy_helper.from_array(np.ones((1,), np.float32), "one")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(model.SerializeToString())


def test_the_picture_is_planes_of_floats_whatever_the_file_takes() -> None:
    x = RNG.standard_normal((1, 3, 6, 5)).astype(np.float32)
    for shape, kind in (
        ([1, 3, 6, 5], TensorProto.FLOAT),
        ([1, 6, 5, 3], TensorProto.FLOAT),
        (["batch", 3, "h", "w"], TensorProto.FLOAT),
        ([0, 3, 6, 5], TensorProto.FLOAT),
        ([1, 3, 6, 5], TensorProto.FLOAT16),
    ):
        model = import_model("onnx", {"m.onnx": network(shape, kind)}, (6, 5))
        (given,) = model.graph.input
        assert given.name == "picture"
        assert [d.dim_value for d in given.type.tensor_type.shape.dim] == [1, 3, 6, 5]
        assert given.type.tensor_type.elem_type == TensorProto.FLOAT
        (answer,) = run(model, {"picture": x})
        wanted = -np.maximum(x, 0)
        wanted = wanted.transpose(0, 2, 3, 1) if shape[-1] == 3 else wanted
        assert np.allclose(answer, wanted, atol=2e-3 if kind == TensorProto.FLOAT16 else 0)


@pytest.mark.parametrize("opset", [11, 13, 17, 19, 21])
def test_other_opsets_become_17(opset: int) -> None:
    data = models_given.onnx_file(opset=opset)
    model = import_model("onnx", {"m.onnx": data})
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    x = RNG.standard_normal((2, 32, 32, 3)).astype(np.float32)
    theirs = runners.run("onnx", {"m.onnx": data}, x)["answer"]
    ours = np.concatenate([run(model, {"picture": p[None].transpose(0, 3, 1, 2).copy()})[0] for p in x])
    assert np.abs(ours - theirs).max() <= 1e-6


def test_outputs_are_any_tensors_by_role_and_the_rest_is_gone() -> None:
    data = models_given.onnx_file()
    model = import_model("onnx", {"m.onnx": data}, None, {"features": "b"})
    assert [node.op_type for node in model.graph.node] == ["Conv", "Relu"]
    assert [tensor.name for tensor in model.graph.initializer] == ["w"]
    assert [value.name for value in model.graph.output] == ["features"]
    x = RNG.standard_normal((1, 32, 32, 3)).astype(np.float32)
    (ours,) = run(model, {"picture": x.transpose(0, 3, 1, 2).copy()})
    theirs = runners.run("onnx", {"m.onnx": data}, x, {"features": "b"})["features"]
    assert np.abs(ours - theirs).max() <= 1e-6


def test_names_that_meet_give_way() -> None:
    """One tensor for two roles, a role with another tensor's name, a tensor that is called picture."""
    nodes = [
        helper.make_node("Relu", ["image"], ["picture"]),
        helper.make_node("Neg", ["picture"], ["mask"]),
        helper.make_node("Add", ["mask", "one"], ["answer"]),
    ]
    data = network([1, 3, 4, 4], nodes=nodes)
    roles = {"mask": "answer", "again": "answer", "one": "mask"}
    model = import_model("onnx", {"m.onnx": data}, None, roles)
    x = RNG.standard_normal((1, 3, 4, 4)).astype(np.float32)
    mask, again, one = run(model, {"picture": x})
    assert np.array_equal(one, -np.maximum(x, 0))
    assert np.array_equal(mask, one + 1)
    assert np.array_equal(again, mask)


def test_one_graph_serves_all_sizes_of_a_card() -> None:
    data = models_given.onnx_file(side=None)
    model = import_resizable("onnx", {"m.onnx": data}, [(16, 24), (32, 40)])
    for height, width in ((16, 24), (32, 40)):
        (answer,) = run(model, {"picture": np.zeros((1, 3, height, width), np.float32)})
        assert answer.shape == (1, 1, height, width)
    with pytest.raises(ModelFileError, match="its input is 32 x 32, not 16 x 24"):
        import_resizable("onnx", {"m.onnx": models_given.onnx_file()}, [(16, 24), (32, 32)])


def own(domain: str) -> list[onnx.NodeProto]:
    return [helper.make_node("Fancy", ["image"], ["answer"], "mine", domain=domain)]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no protobuf", "ONNX file damaged"),
        (network([1, 3, "h", "w"]), "its input has no fixed size. Give one"),
        (
            network([1, 1, 8, 8]),
            r"its input has the shape \[1, 1, 8, 8\]; only one picture of three channels",
        ),
        (network([4, 3, 8, 8]), "only one picture of three channels"),
        (network([1, 3, 8, 8], TensorProto.INT64), "not a picture of floats or bytes"),
        (
            network([1, 3, 8, 8], nodes=own("com.example")),
            r"'mine' is the custom operator com.example.Fancy",
        ),
        (network([1, 3, 8, 8], nodes=own("")), "Fancy"),
        (
            network([1, 3, 8, 8], nodes=[helper.make_node("Relu", ["image"], ["b"])]),
            "no node computes the output",
        ),
        (models_given.onnx_file(opset=99), "opset|version"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, sentence: str) -> None:
    with pytest.raises(ModelFileError, match=sentence) as caught:
        import_model("onnx", {"m.onnx": data})
    assert "\n" not in str(caught.value)


def test_a_wrong_role_names_what_there_is() -> None:
    with pytest.raises(
        ModelFileError,
        match=r"there is no tensor 'c2' for the output 'mask'. The outputs of the file are: answer",
    ):
        import_model("onnx", {"m.onnx": models_given.onnx_file()}, None, {"mask": "c2"})
