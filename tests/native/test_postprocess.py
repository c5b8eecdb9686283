"""The postprocessing of every kind, on networks made here: equal to reference.py, for all cuts and sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from app.core.card import Input, Size
from app.core.errors import UserError
from app.native.session import Session
from models import make
from models.graphs import wrap
from models.graphs.text import merge, text
from models.spec.card import Card, VariantSpec
from models.variants import lower, quantize
from models.verify import parity, reference

Array = NDArray[Any]
CUTS = (VariantSpec("a", ("wasm-ort", "webgpu"), "fp32"), VariantSpec("b", ("webgl",), "fp32"))


def card(kind: str, height: int, width: int, mask: tuple[int, int] = (0, 0), free: bool = False) -> Card:
    low = Size("low", Input(113, 161, "stretch"), (113, 161))
    own = Size("own", Input(height, width, "stretch"), (height, width))
    return Card(
        *("made", "Made", kind, "about", "MIT", "nobody"),
        sources=(),
        input=Input(height, width, "stretch"),
        scale=1 / 127.5,
        offset=-1.0,
        sizes=(low, own) if free else (),
        mask=mask,
        outputs={},
        gates={},
        loss={},
        variants=CUTS,
        file=Path("made.toml"),
    )


def network(size: tuple[int, int] | None, stride: int, **heads: int) -> onnx.ModelProto:
    """A convolution with `stride` and a 1x1 one for each head (name = channels); free sizes where None."""
    rng = np.random.default_rng(len(heads))
    height, width = size or ("height", "width")
    grid = (f"{(n - 1) // stride + 1}" for n in size) if size else ("r", "c")
    rows, columns = grid
    shown = ", ".join(f"float[1,{n},{rows},{columns}] {name}" for name, n in heads.items())
    lines = "\n".join(f"{name} = Conv(seen, w_{name})" for name in heads)
    body = f"""network (float[1,3,{height},{width}] picture) => ({shown}) {{
        all = Conv<strides = [{stride}, {stride}]>(picture, w)
        seen = Relu(all)
        {lines}
    }}"""
    weights = {f"w_{name}": rng.normal(size=(n, 8, 1, 1)).astype(np.float32) for name, n in heads.items()}
    return text(body, {"w": rng.normal(size=(8, 3, 1, 1)).astype(np.float32), **weights})


def flat(model: onnx.ModelProto, **shapes: tuple[int, ...]) -> onnx.ModelProto:
    """`model` with reshaped outputs, as in the published networks."""
    kinds = {v.name: v for v in model.graph.output}
    tail = helper.make_graph(
        [helper.make_node("Reshape", [f"{name}_planes", f"{name}_shape"], [name]) for name in shapes],
        "tail",
        [
            helper.make_tensor_value_info(
                f"{name}_planes",
                onnx.TensorProto.FLOAT,
                [d.dim_value for d in kinds[name].type.tensor_type.shape.dim],
            )
            for name in shapes
        ],
        [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in shapes.items()],
        [numpy_helper.from_array(np.array(s, np.int64), f"{n}_shape") for n, s in shapes.items()],
    )
    after = helper.make_model(tail, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    keep = [name for name in kinds if name not in shapes]
    return merge(model, after, [(name, f"{name}_planes") for name in shapes], keep)


MADE: dict[str, tuple[Card, onnx.ModelProto]] = {
    "BodyPix": (
        card("segmenter", 145, 209, (145, 209), free=True),
        network(None, 16, logits=1, parts=24),
    ),
    "BodyPix of one size, stride 8": (
        card("segmenter", 145, 209, (145, 209)),
        network((145, 209), 8, logits=1, parts=24),
    ),
    "a probability": (card("segmenter", 65, 65, (33, 33)), network((65, 65), 2, mask=1)),
    "PoseNet": (card("pose", 145, 209, free=True), network(None, 16, heatmaps=17, offsets=34)),
    "PoseNet of one size": (card("pose", 129, 129), network((129, 129), 16, heatmaps=17, offsets=34)),
    "MoveNet": (
        card("pose", 32, 32),
        flat(network((32, 32), 32, pose=51), pose=(1, 1, 17, 3)),
    ),
    "FaceMesh": (
        card("landmarks", 64, 64),
        flat(network((64, 64), 64, points=1404, presence=1), points=(1, 1404), presence=(1, 1)),
    ),
    "FaceMesh of the tf.js file": (
        card("landmarks", 64, 64),
        network((64, 64), 64, points=1404, presence_probability=1),
    ),
    "a classifier": (
        card("classifier", 32, 32),
        flat(network((32, 32), 32, logits=11, features=20), logits=(1, 11)),
    ),
    "BlazeFace": (
        card("detector", 128, 128, (64, 64)),
        flat(network((128, 128), 16, raw=16 * 14, logits=14), raw=(1, 896, 16), logits=(1, 896, 1)),
    ),
    "BlazeFace full range": (
        card("detector", 192, 192, (64, 64)),
        flat(network((192, 192), 4, raw=16, logits=1), raw=(1, 2304, 16), logits=(1, 2304, 1)),
    ),
    "a network": (card("network", 32, 48), network((32, 48), 8, one=3, other=2)),
}


@pytest.fixture(params=MADE, name="made")
def _made(request: pytest.FixtureRequest) -> tuple[Card, onnx.ModelProto]:
    found, model = MADE[request.param]
    return found, squashed(model)


def squashed(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with a Sigmoid after every output whose role is a probability."""
    names = [v.name for v in model.graph.output if v.name in ("mask", "presence_probability", "pose")]
    for name in names:
        value = next(v for v in model.graph.output if v.name == name)
        shape = ",".join(str(d.dim_value) for d in value.type.tensor_type.shape.dim)
        after = text(f"tail (float[{shape}] x) => (float[{shape}] {name}) {{ {name} = Sigmoid(x) }}")
        model = merge(model, after, [(name, "x")], [o.name for o in model.graph.output if o.name != name])
    return model


def built(found: Card, wanted: VariantSpec, model: onnx.ModelProto) -> tuple[str, list[bytes]]:
    rgba, graphs = make.graphs(found, wanted, model)
    parity.operators([quantize.dequantised(graph) for graph in graphs], wanted.backends)
    return rgba, [graph.SerializeToString() for graph in graphs]


@pytest.mark.parametrize("wanted", CUTS, ids=lambda wanted: "+".join(wanted.backends))
def test_a_wrapped_graph_computes_the_reference(
    made: tuple[Card, onnx.ModelProto], wanted: VariantSpec
) -> None:
    found, model = made
    rgba, graphs = built(found, wanted, model)
    assert parity.same(found, model, graphs, rgba) < 1e-4


def test_a_wrong_answer_is_seen(made: tuple[Card, onnx.ModelProto]) -> None:
    """The same check fails for a different network."""
    found, model = made
    other = onnx.ModelProto()
    other.CopyFrom(model)
    for tensor in other.graph.initializer:
        if tensor.name.startswith("w_"):
            array = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(-array[::-1].copy(), tensor.name))
    rgba, graphs = built(found, CUTS[0], model)
    with pytest.raises(UserError, match="differs from its network"):
        parity.same(found, other, graphs, rgba)


def quantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with the first convolution's weights as integers behind DequantizeLinear."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    tensor = next(t for t in result.graph.initializer if t.name == "w")
    array = numpy_helper.to_array(tensor)
    scale = (np.abs(array).max((1, 2, 3)) / 127).astype(np.float32)
    small = np.rint(array / scale[:, None, None, None]).astype(np.int8)
    tensor.CopyFrom(numpy_helper.from_array(small, "w_int8"))
    result.graph.initializer.append(numpy_helper.from_array(scale, "w_scale"))
    node = helper.make_node("DequantizeLinear", ["w_int8", "w_scale"], ["w"], axis=0)
    nodes = [node, *result.graph.node]
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    return result


@pytest.mark.parametrize("wanted", CUTS, ids=lambda wanted: "+".join(wanted.backends))
def test_quantised_weights_stay_as_published(wanted: VariantSpec) -> None:
    """Preprocessing scales their step: the integers stay those of the file, and the outputs are the same."""
    found, plain = MADE["BodyPix"]
    model = quantised(plain)
    rgba, graphs = built(found, wanted, model)
    assert parity.same(found, model, graphs, rgba) < 1e-4
    integers = numpy_helper.to_array(next(t for t in model.graph.initializer if t.name == "w_int8"))
    stored = onnx.load_from_string(graphs[0]).graph.initializer
    kept = [numpy_helper.to_array(t) for t in stored if t.data_type == onnx.TensorProto.INT8]
    assert len(kept) == (0 if "webgl" in wanted.backends else 1)
    assert all(np.array_equal(array, integers) for array in kept)


def test_one_graph_serves_every_size() -> None:
    """The graph has no constant of a fixed size: it also runs at a size that no card has."""
    for name, output in (("BodyPix", "mask"), ("PoseNet", "pose")):
        found, model = MADE[name]
        (graph,) = wrap.single_graph(found, model)
        sized = replace(parity.resized(found, 65, 97), sizes=found.sizes)
        sessions = [Session(graph.SerializeToString(), threads=1, dimensions={"height": 65, "width": 97})]
        network_session = Session(model.SerializeToString(), threads=1)
        picture = parity.pictures(65, 97, "photo")[0]
        x = np.ascontiguousarray(parity.planes(sized, picture).transpose(0, 3, 1, 2))
        expected = reference.expected_outputs(sized, network_session.run_now({"picture": x}))[output]
        assert np.nanmax(np.abs(parity.run(sized, sessions, picture)[output] - expected)) < 1e-5


def test_a_map_grows_as_bilinear_with_corners_on_corners() -> None:
    """A ramp stays a ramp, and the cells of the grid keep their numbers."""
    ramp = np.array([[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]])
    large = reference.enlarged(ramp, 5, 9)
    assert np.array_equal(large[::4, ::4], ramp)
    assert np.allclose(large, np.add.outer(np.arange(5.0), np.arange(9) / 4))


@pytest.mark.parametrize(
    ("kind", "heads", "said"),
    [
        ("segmenter", {"other": 1}, "needs the output mask or logits. Name it"),
        ("segmenter", {"logits": 2}, "must be one map of one channel"),
        ("pose", {"heatmaps": 17}, "needs the output offsets"),
        ("landmarks", {"points": 1404}, "need the outputs points and presence"),
        ("classifier", {"scores": 5}, "needs the outputs scores and features"),
        ("network", {"rgba": 3}, "must not be called rgba"),
        ("detector", {"raw": 16}, "needs the output logits"),
        ("detector", {"raw": 16, "logits": 1}, "models/graphs/detector.py has anchors for"),
    ],
)
def test_a_role_that_is_missing_is_named(kind: str, heads: dict[str, int], said: str) -> None:
    model = network((33, 33), 16, **heads)
    if "raw" in heads and "logits" in heads:
        model = flat(model, raw=(1, 9, 16), logits=(1, 9, 1))
    with pytest.raises(UserError, match=said) as error:
        make.graphs(card(kind, 33, 33, (33, 33)), CUTS[0], model)
    assert "\n" not in str(error.value)


def test_a_size_that_no_grid_divides_is_refused() -> None:
    with pytest.raises(UserError, match="cannot be enlarged"):
        make.graphs(card("segmenter", 40, 40, (40, 40)), CUTS[0], network((40, 40), 16, logits=1))


def test_webgl_computes_single_numbers_before_a_reshape() -> None:
    body = """g (float[1,16] x) => (float[1,1,4,4] y) <int64[4] shape = {1, 1, 4, 4}, float two = {2.0}> {
        a = Reshape(x, shape)
        b = Mul(a, two)
        y = Sigmoid(b)
    }"""
    model = text(body)
    lowered = lower.lower(model, ("webgl",))
    assert [node.op_type for node in lowered.graph.node] == ["Mul", "Sigmoid", "Reshape"]
    x = np.random.default_rng(0).normal(size=(1, 16)).astype(np.float32)
    a, b = (Session(m.SerializeToString(), threads=1).run_now({"x": x})["y"] for m in (model, lowered))
    assert np.array_equal(a, b)


BEGINNINGS = {
    "two users of the picture": "a = Conv(picture, w)\nb = Conv(picture, w)\nout = Add(a, b)",
    "no convolution": "out = Relu(picture)",
    "a convolution whose weights another uses": "a = Conv(picture, w)\nout = Conv(a, w)",
    "a convolution with computed weights": "v = Tanh(w)\nout = Conv(picture, v)",
}


@pytest.mark.parametrize("lines", BEGINNINGS.values(), ids=BEGINNINGS)
def test_preprocessing_scales_however_a_network_begins(lines: str) -> None:
    body = f"network (float[1,3,32,48] picture) => (float[1,3,32,48] out) {{ {lines} }}"
    weight = np.random.default_rng(2).normal(size=(3, 3, 1, 1)).astype(np.float32)
    model = text(body, {"w": weight} if "w)" in lines else {})
    for shift in (0.0, -1.0):
        found = replace(card("network", 32, 48), offset=shift)
        rgba, graphs = built(found, CUTS[0], model)
        assert parity.same(found, model, graphs, rgba) < 1e-6


def test_a_network_with_a_branch_keeps_its_names() -> None:
    """Values that an If uses from outside are renamed, kept and fed like any input."""
    value = helper.make_tensor_value_info
    branches = {}
    for name, kind in (("then_branch", "Add"), ("else_branch", "Mul")):
        node = helper.make_node(kind, ["colours", "more"], [f"{name}_out"])
        out = value(f"{name}_out", onnx.TensorProto.FLOAT, [1, 3, 8, 8])
        branches[name] = helper.make_graph([node], name, [], [out])
    nodes = [
        helper.make_node("Identity", ["picture"], ["colours"]),
        helper.make_node("ReduceMax", ["colours"], ["top"], keepdims=0),
        helper.make_node("Greater", ["top", "more_than"], ["bright"]),
        helper.make_node("If", ["bright"], ["out"], **branches),
    ]
    weights = [
        numpy_helper.from_array(np.array(n, np.float32), name)
        for name, n in (("more", 2), ("more_than", 0.9))
    ]
    shape = [1, 3, 8, 8]
    picture, out = (value(name, onnx.TensorProto.FLOAT, shape) for name in ("picture", "out"))
    graph = helper.make_graph(nodes, "network", [picture], [out], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    found = card("network", 8, 8)
    rgba, graphs = built(found, CUTS[0], model)
    assert parity.same(found, model, graphs, rgba) < 1e-6


@pytest.mark.parametrize(("inputs", "moved"), [("x, , factors", True), ("x, , , sizes", False)])
def test_a_resize_that_names_its_channels_stays_before_its_convolution(inputs: str, moved: bool) -> None:
    body = f"""network (float[1,3,4,4] x) => (float[1,2,8,8] y) {{
        large = Resize<mode = "linear">({inputs})
        y = Conv(large, w)
    }}"""
    weight = np.random.default_rng(3).normal(size=(2, 3, 1, 1)).astype(np.float32)
    name = inputs.split(", ")[-1]
    extent: dict[str, Array] = {
        "factors": np.array([1, 1, 2, 2], np.float32),
        "sizes": np.array([1, 3, 8, 8], np.int64),
    }
    model = text(body, {"w": weight, name: extent[name]})
    lowered = lower.lower(model, ("wasm-ort",))
    assert (lowered.graph.node[0].op_type == "Conv") is moved
    x = np.random.default_rng(4).normal(size=(1, 3, 4, 4)).astype(np.float32)
    a, b = (Session(m.SerializeToString(), threads=1).run_now({"x": x})["y"] for m in (model, lowered))
    assert np.allclose(a, b, atol=1e-5)
