"""Wrapped graphs and rewrites: smoothing, the selection of faces, the silhouette, WebGL's operators."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from app.core.card import MASKED
from app.core.errors import UserError
from app.core.nms import ROW, select
from app.native.session import Session
from models.graphs import detector, wrap
from models.graphs.text import text
from models.spec import cards
from models.spec.card import Card
from models.variants import lower
from models.verify import parity
from tests.native.conftest import Published

Array = NDArray[Any]


def session(model: onnx.ModelProto) -> Session:
    return Session(model.SerializeToString(), threads=1)


def blazeface() -> Card:
    return cards.read(cards.FOLDER / "blazeface.toml")


def face(x: float, y: float, size: float, roll: float = 0.0) -> list[float]:
    """A row of `faces`: a box around (x, y), eyes and mouth turned by `roll` radians."""
    c, s = np.cos(roll), np.sin(roll)
    marks = [(-0.2, -0.15), (0.2, -0.15), (0, 0.05), (0, 0.25), (-0.45, -0.05), (0.45, -0.05)]
    points = [(x + size * (c * u - s * v), y + size * (s * u + c * v)) for u, v in marks]
    half = size / 2
    return [0.9, x - half, y - half, x + half, y + half, *np.ravel(points).tolist()]


def draw(*rows: list[float], keep: float = 0.0, memory: float = 0.0) -> Array:
    faces = np.zeros((5, ROW), np.float32)
    for i, row in enumerate(rows):
        faces[i] = row
    feeds = {"memory": np.full((1, 1, 64, 64), memory, np.float32), "keep": np.array([keep], np.float32)}
    mask: Array = session(detector.portrait_mask(blazeface())).run_now({"faces": faces, **feeds})["mask"][
        0, 0
    ]
    return mask


def test_no_face_no_mask() -> None:
    assert draw().max() == 0


def test_head_and_shoulders_stand_below_one_another() -> None:
    mask = draw(face(0.5, 0.35, 0.3)) > 0.5
    assert mask[22, 32]  # the face
    assert not mask[22, 8]
    assert not mask[22, 56]
    assert not mask[2, 32]
    widths = mask.sum(1)
    assert widths[60] > widths[40] > widths[22]  # wider towards the lower edge
    assert np.array_equal(mask, mask[:, ::-1])


def test_the_edge_is_soft() -> None:
    for size in (0.05, 0.1, 0.3):
        mask = draw(face(0.5, 0.35, size))
        assert np.abs(np.diff(mask, axis=1)).max() < 0.5  # from 0 to 1 over more than two cells


def test_the_head_turns_with_the_eyes() -> None:
    upright, turned = (draw(face(0.5, 0.5, 0.3, roll)) > 0.5 for roll in (0.0, 0.6))
    crown = slice(0, 26)
    columns = np.arange(64)

    def middle(mask: Array) -> float:
        return float((mask[crown].sum(0) * columns).sum() / mask[crown].sum())

    assert middle(upright) == pytest.approx(31.5, abs=0.5)
    assert middle(turned) > 34  # a head turned clockwise leans to the right of the picture


def test_faces_are_united() -> None:
    left, right = face(0.25, 0.4, 0.2), face(0.75, 0.4, 0.2)
    both = draw(left, right)
    assert np.allclose(both, np.maximum(draw(left), draw(right)), atol=1e-6)


@pytest.mark.kinds(*MASKED)
def test_smoothing_holds_back_doubt_only(published: Published) -> None:
    """mask = p + (memory - p) * keep * 4p(1 - p); with keep 0 it is p."""
    card = published.card
    run = session(wrap.single_graph(card, published.network)[0]).run_now
    rgba = parity.pictures(card.input.height, card.input.width, "photo")[0]
    memory = np.random.default_rng(0).random((1, 1, *card.mask), np.float32)
    p, held = (
        run({"rgba": rgba, "memory": memory, "keep": np.array([keep], np.float32)})["mask"]
        for keep in (0.0, 0.8)
    )
    assert np.allclose(held, p + (memory - p) * 0.8 * 4 * p * (1 - p), atol=1e-6)
    assert 0 <= held.min() <= held.max() <= 1


@pytest.mark.parametrize("count", detector.ANCHORS)
@pytest.mark.parametrize("seed", range(8))
def test_python_and_the_graph_choose_the_same_faces(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    found = np.zeros((count, ROW), np.float32)
    found[:, 0] = rng.random(count) * (0.49 if seed == 0 else 1.0)
    found[:, 1:3] = rng.random((count, 2)) * 0.7
    found[:, 3:5] = found[:, 1:3] + rng.uniform(-0.05 if seed == 1 else 0.02, 0.3, (count, 2))
    found[:, 5:] = rng.random((count, 12))
    if seed > 4:  # a few crowds, as a face makes them
        found[:, 1:5] = found[rng.integers(0, 3, count), 1:5] + rng.normal(0, 0.01, (count, 4))
    graph = session(detector.select(count)).run_now({"candidates": found})["faces"]
    python = np.array(select(array("f", found.tobytes())), np.float32).reshape(5, ROW)
    assert np.abs(graph - python).max() < 1e-5
    assert (graph[:, 0] > 0).sum() == (0 if seed == 0 else (python[:, 0] > 0).sum())


@pytest.mark.kinds("detector")
def test_a_face_is_where_it_is(published: Published) -> None:
    """The astronaut of scikit-image: her face, by eye, as parts of the picture."""
    card = published.card
    rgba = parity.pictures(card.input.height, card.input.width, "photo")[0]
    faces = parity.run(card, [session(wrap.single_graph(card, published.network)[0])], rgba)["faces"]
    assert (faces[:, 0] > 0.5).tolist() == [True, False, False, False, False]
    assert faces[0, 1:5].tolist() == pytest.approx((45 / 128, 20 / 128, 67 / 128, 42 / 128), abs=6 / 128)


def convolutions(second: str) -> onnx.ModelProto:
    """Two 1x1 convolutions of equal shapes, the second followed by an activation."""
    weight = np.random.default_rng(0).normal(size=(8, 8, 1, 1)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node("Conv", ["a", "w"], ["c"])]
    nodes.append(helper.make_node(second, ["c"], ["y"]))
    values = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 8, 4, 4]) for n in ("x", "y")]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("activation", "becomes"), [("Relu", ["LeakyRelu"]), ("Sigmoid", ["Add", "Sigmoid"])]
)
def test_webgl_does_not_share_a_convolution_between_activations(activation: str, becomes: list[str]) -> None:
    model = convolutions(activation)
    lowered = lower.separate_activations(model)
    assert [node.op_type for node in lowered.graph.node] == ["Conv", "Conv", *becomes]
    x = np.random.default_rng(1).normal(size=(1, 8, 4, 4)).astype(np.float32)
    assert np.allclose(
        session(model).run_now({"x": x})["y"], session(lowered).run_now({"x": x})["y"], atol=1e-5
    )


def test_an_operator_webgl_gets_wrong_is_refused() -> None:
    body = """g (float[1,16] x) => (float[1,1,4,4] y) <int64[4] shape = {1, 1, 4, 4}> {
        a = Reshape(x, shape)
        y = Relu(a)
    }"""
    with pytest.raises(UserError, match="follows a Reshape"):
        parity.operators([text(body)], ("webgl",))
    assert parity.operators([text(body)], ("wasm-ort",)) == ["Relu", "Reshape"]


def test_an_operator_webgl_lacks_is_named() -> None:
    body = "g (float[1,16] x) => (float[1,16] y) { y = HardSwish(x) }"
    with pytest.raises(UserError, match="WebGL does not support HardSwish"):
        parity.operators([text(body)], ("webgl",))
