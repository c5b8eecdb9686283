"""The forms in which a variant stores its weights, on small graphs made here, run by native onnxruntime.

Does not evaluate the real models: bench/variants.py measures them, and their cards have the gates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from app.native.session import Session
from models import make
from models.artifacts import serialize
from models.sources import fetch
from models.spec import cards
from models.spec.card import Card
from models.variants import choice, float16, quantize
from models.variants.region import network_nodes
from models.verify import parity

Array = NDArray[Any]
RNG = np.random.default_rng(3)
WIDE = RNG.normal(0, 0.3, (32, 16, 3, 3)).astype(np.float32)  # 4608 numbers: a large weight
FIRST = RNG.normal(0, 0.002, (16, 3, 3, 3)).astype(np.float32)  # small numbers, as a folded 1/255 leaves them
PICTURES = [{"rgba": RNG.integers(0, 256, (1, 12, 12, 4), np.uint8)} for _ in range(6)]


def model(packed: bool = False) -> onnx.ModelProto:
    """Preprocessing, two convolutions, postprocessing with numbers above float16; `packed`: int8 weights."""
    node = helper.make_node
    weights: dict[str, Array] = {"first": FIRST, "bias": np.full(32, 0.1, np.float32)}
    weights |= {"begin": np.array([0]), "end": np.array([3]), "axis": np.array([1])}
    weights |= {"low": np.array(0, np.float32), "high": np.array(1, np.float32)}
    weights |= {"huge": np.array([1e9], np.float32)}
    nodes = [
        node("Transpose", ["rgba"], ["layers"], "preprocess/layers", perm=[0, 3, 1, 2]),
        node("Slice", ["layers", "begin", "end", "axis"], ["bytes"], "preprocess/bytes"),
        node("Cast", ["bytes"], ["planes"], "preprocess/planes", to=1),
        node("Conv", ["planes", "first"], ["a"], pads=[1] * 4),
        node("Relu", ["a"], ["b"]),
        node("Conv", ["b", "second", "bias"], ["c"], pads=[1] * 4),
        node("Mul", ["c", "huge"], ["far"], "postprocess/far"),
        node("Clip", ["far", "low", "high"], ["sign"], "postprocess/sign"),
        node("Mul", ["sign", "c"], ["y"], "postprocess/y"),
    ]
    if packed:
        scale = np.abs(WIDE).max((1, 2, 3)) / 127
        weights |= {"scale": scale, "integers": np.rint(WIDE / scale[:, None, None, None]).astype(np.int8)}
        nodes.insert(0, node("DequantizeLinear", ["integers", "scale"], ["second"], axis=0))
    else:
        weights["second"] = WIDE
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("rgba", onnx.TensorProto.UINT8, [1, 12, 12, 4])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 32, 12, 12])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made


def run(made: onnx.ModelProto) -> list[Array]:
    onnx.checker.check_model(made, full_check=True)
    session = Session(made.SerializeToString(), threads=1)
    return [session.run_now(feeds)["y"] for feeds in PICTURES]


def off(found: Sequence[Array], exact: Sequence[Array]) -> float:
    """The largest difference, relative to the range."""
    return float(max(np.abs(a - b).max() for a, b in zip(found, exact, strict=True)) / np.ptp(exact))


def kinds(made: onnx.ModelProto) -> set[str]:
    return {node.op_type for node in made.graph.node}


def constant(made: onnx.ModelProto, name: str) -> Array:
    return next(numpy_helper.to_array(t) for t in made.graph.initializer if t.name == name)


@pytest.mark.parametrize(
    ("weights", "most", "size"),  # 1: as large as float32; measured 0, 4e-4, 4e-3, 1e-2, 1e-3
    [("fp32", 0, 1), ("fp16", 1e-3, 0.6), ("int8", 1e-2, 0.4), ("qdq", 3e-2, 0.6), ("half", 3e-3, 0.6)],
)
def test_a_variant_is_smaller_and_nearly_the_same(weights: str, most: float, size: float) -> None:
    stored = quantize.CONVERT[weights](model(), PICTURES)
    assert off(run(stored), run(model())) <= most
    assert len(stored.SerializeToString()) <= size * len(model().SerializeToString()) + 1
    assert [v.name for v in (*stored.graph.input, *stored.graph.output)] == ["rgba", "y"]


def test_the_network_is_between_the_convolutions() -> None:
    made = model()
    assert [made.graph.node[place].op_type for place in network_nodes(made)] == ["Conv", "Relu", "Conv"]


def test_published_integers_are_stored_as_they_are() -> None:
    stored = quantize.int8(model(packed=True))
    assert np.array_equal(constant(stored, "integers"), constant(model(packed=True), "integers"))
    assert "DequantizeLinear" not in kinds(stored)
    assert off(run(stored), run(model(packed=True))) <= 1e-6


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("by_channel", [False, True])
def test_unpacked_is_what_dequantize_linear_gives(kind: type[np.generic], by_channel: bool) -> None:
    limits = np.iinfo(kind)  # type: ignore[type-var]
    whole = RNG.integers(limits.min, limits.max, (32, 16, 3, 3)).astype(kind)
    count = 32 if by_channel else 1
    scale = RNG.random(count).astype(np.float32)
    zero = (RNG.integers(-20, 20, count) + (limits.max + limits.min) // 2).astype(kind)
    packed = model(packed=True)
    for name, array in (("integers", whole), ("scale", scale if by_channel else scale[0])):
        tensor = next(t for t in packed.graph.initializer if t.name == name)
        tensor.CopyFrom(numpy_helper.from_array(np.asarray(array), name))
    packed.graph.initializer.append(
        numpy_helper.from_array(np.asarray(zero if by_channel else zero[0]), "zero")
    )
    packed.graph.node[0].input.append("zero")
    exact = run(packed)
    assert kinds(quantize.dequantised(packed)) == kinds(model())
    assert off(run(quantize.dequantised(packed)), exact) <= 1e-6
    assert off(run(quantize.cast_and_mul(packed)), exact) <= 1e-6


def test_what_is_exact_as_halves_stays_exact() -> None:
    made = model()
    tensor = next(t for t in made.graph.initializer if t.name == "second")
    tensor.CopyFrom(numpy_helper.from_array(WIDE.astype(np.float16).astype(np.float32), "second"))
    assert off(run(quantize.fp16(made)), run(made)) == 0


def test_a_small_weight_that_would_lose_a_bit_stays() -> None:
    for weights in ("fp16", "int8"):
        stored = quantize.CONVERT[weights](model(), ())
        assert np.array_equal(constant(stored, "first"), FIRST)


def test_float16_leaves_pre_and_postprocessing_alone() -> None:
    stored = quantize.half(model())
    assert constant(stored, "huge")[0] == np.float32(1e9)  # no half is as large
    exact = run(model())
    rounded = run(float16.rounded_to_float16(model()))
    assert 0 < off(rounded, exact) <= 3e-3
    weight = constant(stored, "first_half_1")  # as it is used by the first convolution only
    assert weight.dtype == np.float16
    assert 0.25 < np.abs(weight).max() <= 1  # not among the smallest halves, which a GPU may take for zero


def test_static_int8_computes_in_integers_and_needs_pictures() -> None:
    stored = quantize.qdq(model(), PICTURES)
    assert "QuantizeLinear" in kinds(stored)
    assert constant(stored, "huge")[0] == np.float32(1e9)
    with pytest.raises(ValueError, match="pictures"):
        quantize.qdq(model(), ())


def test_a_channel_of_zeros_stays_zeros() -> None:
    made = model()
    tensor = next(t for t in made.graph.initializer if t.name == "second")
    empty = WIDE.copy()
    empty[5] = 0
    tensor.CopyFrom(numpy_helper.from_array(empty, "second"))
    assert off(run(quantize.int8(made)), run(made)) <= 1e-2


def loss(
    card: Card, exact: list[onnx.ModelProto], found: list[onnx.ModelProto], rgba: str
) -> dict[str, float]:
    """The loss of one form of a card's graphs against another, on the photos."""
    return parity.loss(card, list(map(serialize, exact)), list(map(serialize, found)), rgba)


@pytest.mark.parametrize("id", ["selfie-landscape", "blazeface"])
@pytest.mark.parametrize("weights", list(quantize.CONVERT))
def test_real_graphs_run_in_every_form(id: str, weights: str) -> None:
    """In float16 too, which the processor runs in float32: its result is near that of rounding in between."""
    card = cards.read(cards.FOLDER / f"{id}.toml")
    try:
        fetched = fetch.fetch(card, lambda _: None)
    except fetch.MissingSourceError as error:
        pytest.skip(str(error))
    card = card.of(fetched.source)
    wanted = next(wanted for wanted in card.variants if wanted.weights == weights)
    rgba, fused = make.graphs(card, wanted, make.imported(card, fetched))
    stored = make.stored(card, wanted, fused, rgba)
    exact = [quantize.dequantised(each) for each in fused]
    found = loss(card, exact, stored, rgba)
    if weights == "half":
        assert (
            choice.missed_gates(
                card.loss, loss(card, [float16.rounded_to_float16(m) for m in exact], stored, rgba)
            )
            == []
        )
    if weights not in ("int8", "qdq"):  # those may miss it on models this small, and are not shipped then
        assert choice.missed_gates(card.loss, found) == []
    assert set(found) == set(card.loss)
