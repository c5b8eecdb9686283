"""The rules of models.compile.rewrite: where they apply, where they must not, and that results stay the same.

Does not test lowering or kernels: the other files test_compile_*.py do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper

from models.compile import UnsupportedError, compile_graph, graph, rewrite
from models.compile.rewrite import Rule, Surroundings
from tests.support import wasm_run

Array = NDArray[Any]
node = helper.make_node
MORE, FEW = 12, 5  # channels, not a multiple of 4


def normal(seed: int, *shape: int) -> Array:
    """Random floats."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


CONSTANTS: dict[str, Array] = {
    "square": normal(1, MORE, MORE, 1, 1),
    "fewer": normal(2, FEW, MORE, 1, 1),
    "wider": normal(3, MORE, FEW, 1, 1),
    "large": normal(4, FEW, MORE, 3, 3),
    "grouped": normal(5, MORE, MORE // 2, 1, 1),
    "b": normal(6, MORE),
    "c": normal(7, FEW),
    "map": normal(8, 1, MORE, 6, 8),
    "twice": np.array([1, 1, 2, 2], np.float32),
    "half": np.array([1, 1, 0.5, 0.5], np.float32),
    "one and a half": np.array([1, 1, 1.5, 1], np.float32),
    "size": np.array([1, MORE, 6, 8]),
}
INPUTS = {
    "x": normal(10, 1, MORE, 6, 8),
    "q": normal(11, 1, MORE, 3, 4),
    "large q": normal(12, 1, MORE, 12, 16),
}


def enlarged(scales: str = "twice", q: str = "q", **attributes: Any) -> onnx.NodeProto:
    """r, which is q enlarged."""
    return node("Resize", [q, "", scales], ["r"], **{"mode": "linear", **attributes})


def conv(x: str, weights: str, y: str, *bias: str, **attributes: Any) -> onnx.NodeProto:
    """A convolution."""
    return node("Conv", [x, weights, *bias], [y], **attributes)


ADD, MEAN = node("Add", ["x", "r"], ["t"]), node("GlobalAveragePool", ["t"], ["y"])
MEAN_OF_SUM = [enlarged(), ADD, MEAN]
POINTWISE_OF_SUM = [enlarged(), ADD, conv("t", "fewer", "y", "c")]
MEAN_OF_POINTWISE = [conv("x", "fewer", "t", "c"), MEAN, conv("t", "wider", "z", "b")]
MERGED = [conv("x", "square", "t", "b"), conv("t", "fewer", "y", "c")]

# By rule: graphs, and the operators after the rule (sorted); "y" and, where it is made, "z" are outputs.
APPLIES: dict[str, tuple[Rule, Sequence[onnx.NodeProto], str]] = {
    "mean of sum": (rewrite.mean_of_sum, MEAN_OF_SUM, "Add GlobalAveragePool GlobalAveragePool"),
    "mean of sum, turned": (
        rewrite.mean_of_sum,
        [enlarged(), node("Add", ["r", "x"], ["t"]), MEAN],
        "Add GlobalAveragePool GlobalAveragePool",
    ),
    "mean of sum, which is also read": (
        rewrite.mean_of_sum,
        [*MEAN_OF_SUM, node("Relu", ["t"], ["z"])],
        "Add Add GlobalAveragePool GlobalAveragePool Relu Resize",
    ),
    "pointwise of sum": (rewrite.pointwise_of_sum, POINTWISE_OF_SUM, "Add Conv Conv Resize"),
    "pointwise of sum, turned, without bias": (
        rewrite.pointwise_of_sum,
        [enlarged(), node("Add", ["r", "x"], ["t"]), conv("t", "square", "y")],
        "Add Conv Conv Resize",
    ),
    "mean of pointwise": (rewrite.mean_of_pointwise, MEAN_OF_POINTWISE, "Conv Conv Conv GlobalAveragePool"),
    "merged": (rewrite.merged_pointwise, MERGED, "Conv"),
    "merged, without the first bias": (
        rewrite.merged_pointwise,
        [conv("x", "square", "t"), conv("t", "fewer", "y", "c")],
        "Conv",
    ),
    "merged, without the second bias": (
        rewrite.merged_pointwise,
        [conv("x", "square", "t", "b"), conv("t", "fewer", "y", "")],
        "Conv",
    ),
}

LEFT_ALONE: dict[str, tuple[Rule, Sequence[onnx.NodeProto]]] = {
    "mean of sum: nearest": (rewrite.mean_of_sum, [enlarged(mode="nearest"), ADD, MEAN]),
    "mean of sum: corners": (
        rewrite.mean_of_sum,
        [enlarged(coordinate_transformation_mode="align_corners"), ADD, MEAN],
    ),
    "mean of sum: a part of a row": (
        rewrite.mean_of_sum,
        [
            node("Slice", ["q", "first", "last", "axis"], ["s"]),
            enlarged("one and a half", "s"),
            node("Add", ["u", "r"], ["t"]),
            MEAN,
        ],
    ),
    "mean of sum: smaller": (rewrite.mean_of_sum, [enlarged("half", "large q"), ADD, MEAN]),
    "mean of sum: a size": (
        rewrite.mean_of_sum,
        [node("Resize", ["q", "", "", "size"], ["r"], mode="linear"), ADD, MEAN],
    ),
    "mean of sum: a constant": (rewrite.mean_of_sum, [enlarged(), node("Add", ["map", "r"], ["t"]), MEAN]),
    "mean of sum: no sum": (rewrite.mean_of_sum, [enlarged(), node("Mul", ["x", "r"], ["t"]), MEAN]),
    "mean of sum: nothing enlarged": (rewrite.mean_of_sum, [node("Add", ["x", "x"], ["t"]), MEAN]),
    "mean of sum: another pool": (
        rewrite.mean_of_sum,
        [enlarged(), ADD, node("MaxPool", ["t"], ["y"], kernel_shape=[6, 8])],
    ),
    "pointwise of sum: more channels": (
        rewrite.pointwise_of_sum,
        [
            conv("x", "fewer", "a"),
            conv("q", "fewer", "s"),
            enlarged(q="s"),
            node("Add", ["a", "r"], ["t"]),
            conv("t", "wider", "y"),
        ],
    ),
    "pointwise of sum: the sum is also read": (
        rewrite.pointwise_of_sum,
        [*POINTWISE_OF_SUM, node("Relu", ["t"], ["z"])],
    ),
    "pointwise of sum: larger": (
        rewrite.pointwise_of_sum,
        [enlarged(), ADD, conv("t", "large", "y", "c")],
    ),
    "pointwise of sum: steps": (
        rewrite.pointwise_of_sum,
        [enlarged(), ADD, conv("t", "fewer", "y", "c", strides=[2, 2])],
    ),
    "pointwise of sum: pads": (
        rewrite.pointwise_of_sum,
        [enlarged(), ADD, conv("t", "fewer", "y", "c", pads=[1, 1, 1, 1])],
    ),
    "pointwise of sum: nearest": (
        rewrite.pointwise_of_sum,
        [enlarged(mode="nearest"), *POINTWISE_OF_SUM[1:]],
    ),
    "mean of pointwise: only the mean": (rewrite.mean_of_pointwise, MEAN_OF_POINTWISE[:2]),
    "mean of pointwise: another reader": (
        rewrite.mean_of_pointwise,
        [*MEAN_OF_POINTWISE[:2], node("Relu", ["t"], ["z"])],
    ),
    "mean of pointwise: larger": (
        rewrite.mean_of_pointwise,
        [conv("x", "large", "t", "c"), *MEAN_OF_POINTWISE[1:]],
    ),
    "mean of pointwise: an activation": (
        rewrite.mean_of_pointwise,
        [conv("x", "fewer", "a", "c"), node("Relu", ["a"], ["t"]), *MEAN_OF_POINTWISE[1:]],
    ),
    "merged: an activation": (
        rewrite.merged_pointwise,
        [conv("x", "square", "a", "b"), node("Relu", ["a"], ["t"]), MERGED[1]],
    ),
    "merged: the first is also read": (rewrite.merged_pointwise, [*MERGED, node("Relu", ["t"], ["z"])]),
    "merged: more work": (
        rewrite.merged_pointwise,
        [conv("x", "fewer", "t", "c"), conv("t", "wider", "y", "b")],
    ),
    "merged: the first is larger": (
        rewrite.merged_pointwise,
        [conv("x", "large", "t", "c"), conv("t", "wider", "y")],
    ),
    "merged: groups": (
        rewrite.merged_pointwise,
        [conv("x", "grouped", "t", "b", group=2), conv("t", "fewer", "y", "c")],
    ),
    "merged: a bias that is computed": (
        rewrite.merged_pointwise,
        [
            node("ReduceMean", ["x"], ["mean"], axes=[0, 2, 3], keepdims=0),
            conv("x", "square", "t", "mean"),
            MERGED[1],
        ],
    ),
}
CONSTANTS |= {"first": np.array([0]), "last": np.array([2]), "axis": np.array([2])}
INPUTS |= {"u": normal(13, 1, MORE, 3, 4)}


def model(nodes: Sequence[onnx.NodeProto]) -> tuple[onnx.ModelProto, Mapping[str, Array]]:
    """A model of these nodes, and inputs for it."""
    read = {name for each in nodes for name in each.input}
    made = [name for each in nodes for name in each.output if name in ("y", "z")]
    feeds = {name: array for name, array in INPUTS.items() if name in read}
    constants = {name: array for name, array in CONSTANTS.items() if name in read}
    return wasm_run.graph(nodes, feeds, made, constants), feeds


def fits(rule: Rule, read: graph.Graph) -> int:
    """How many nodes of a graph a rule replaces."""
    around = Surroundings.of(read)
    return sum(rule(around, each) is not None for each in list(read.nodes))


@pytest.mark.parametrize("case", APPLIES)
def test_a_rule_applies_and_changes_no_result(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule, nodes, after = APPLIES[case]
    made, feeds = model(nodes)
    assert fits(rule, graph.read(made, {})) == 1
    monkeypatch.setattr(rewrite, "RULES", (rule,))
    assert " ".join(sorted(each.op for each in rewrite.simplified(graph.read(made, {})).nodes)) == after
    wasm_run.check(made, feeds, 1e-5)


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_a_rule_leaves_a_graph_alone(case: str) -> None:
    rule, nodes = LEFT_ALONE[case]
    made, feeds = model(nodes)
    wasm_run.reference(made, feeds)  # the case is a valid graph
    assert fits(rule, graph.read(made, {})) == 0
    try:
        wasm_run.check(made, feeds, 1e-5)
    except UnsupportedError:
        assert any(each.op_type in ("Resize", "Conv") for each in nodes), "only these may be refused"


def test_rules_build_on_each_other() -> None:
    """A decoder's block as in the Selfie models: all four rules, and nothing is left to do afterwards."""
    nodes = [
        conv("q", "square", "s", "b"),
        enlarged(q="s"),
        ADD,
        MEAN,
        conv("y", "square", "w", "b"),
        node("Sigmoid", ["w"], ["f"]),
        node("Mul", ["x", "f"], ["m"]),
        node("Add", ["m", "r"], ["n"]),
        conv("n", "fewer", "z", "c"),
    ]
    made, feeds = model(nodes)
    once = rewrite.simplified(graph.read(made, {}))
    assert len(rewrite.simplified(once).nodes) == len(once.nodes)
    assert not any(fits(rule, once) for rule in rewrite.RULES)
    wasm_run.check(made, feeds, 1e-5)


@pytest.mark.parametrize("shape", [(MORE, 1, 1), (8,), (1, 1, 6, 8)])
def test_a_sum_that_is_broadcast_is_right_or_refused(shape: tuple[int, ...]) -> None:
    """Rules do not know shapes: what does not fit afterwards is refused, never computed wrongly."""
    for last in (MEAN, conv("t", "fewer", "y", "c")):
        made, _ = model([enlarged(), ADD, last])
        feeds = {"x": normal(1, *shape), "q": INPUTS["q"]}
        del made.graph.input[:]
        made.graph.input.extend(
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, each.shape)
            for name, each in feeds.items()
        )
        try:
            compile_graph(made)
        except UnsupportedError:
            continue
        wasm_run.check(made, feeds, 1e-5)
