"""Elementwise work, moves, reductions and choices of models.compile over odd shapes, against onnxruntime.

Does not try convolutions and what follows them: test_compile_kernels.py does.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.compile import UnsupportedError, compile_graph
from tests.support.wasm_run import Running, check, graph, reference

Array = NDArray[Any]
node = helper.make_node


def normal(seed: int, *shape: int) -> Array:
    """Random floats."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


# ---- elementwise ----

WHOLE = (2, 3, 5, 6)
PARTS = [
    tuple(n if kept else 1 for n, kept in zip(WHOLE, mask, strict=True)) for mask in product((0, 1), repeat=4)
]


@pytest.mark.parametrize("part", [*PARTS, (5, 6), (6,), (5, 1), (1,), ()], ids=str)
def test_broadcasting_in_every_axis(part: tuple[int, ...]) -> None:
    feeds = {"x": normal(1, *WHOLE), "z": np.asarray(normal(2, *part))}
    nodes = [node("Add", ["x", "z"], ["a"]), node("Mul", ["z", "a"], ["b"]), node("Sub", ["b", "c"], ["y"])]
    check(graph(nodes, feeds, ["y"], {"c": normal(3, *part)}), feeds)


@pytest.mark.parametrize("left", [(3, 1, 6), (1, 5, 1), (3, 5, 6), (1, 1, 6)], ids=str)
@pytest.mark.parametrize("right", [(1, 5, 6), (5, 1), (3, 1, 1), (6,)], ids=str)
def test_both_sides_are_broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    feeds = {"x": normal(1, *left), "z": normal(2, *right)}
    check(graph([node("Add", ["x", "z"], ["a"]), node("Relu", ["a"], ["y"])], feeds, ["y"]), feeds, 1e-7)


UNARY = {
    "Abs": 0,
    "Neg": 0,
    "Relu": 0,
    "Floor": 0,
    "Ceil": 0,
    "Round": 0,
    "Identity": 0,
    "Sqrt": 0,
    "Reciprocal": 1e-7,
    "Exp": 3e-7,
    "Sigmoid": 3e-7,
    "Tanh": 5e-7,
    "HardSwish": 3e-7,
    "HardSigmoid": 3e-7,
    "LeakyRelu": 1e-7,
}


@pytest.mark.parametrize("op", UNARY)
def test_functions(op: str) -> None:
    x = np.concatenate([np.linspace(-6, 6, 4001), [0.5, 1.5, 2.5, -0.5, -1.5, 0, 1e-6, -1e-6]]).astype(
        np.float32
    )
    x = np.abs(x) if op == "Sqrt" else x[x != 0] if op == "Reciprocal" else x
    check(graph([node(op, ["x"], ["y"])], {"x": x}, ["y"]), {"x": x}, UNARY[op])


@pytest.mark.parametrize(("op", "limit"), [("Exp", 1e-6), ("Sigmoid", 5e-6)])
def test_functions_are_exact_in_every_number(op: str, limit: float) -> None:
    x = np.linspace(-25, 25, 20001).astype(np.float32)
    program = compile_graph(graph([node(op, ["x"], ["y"])], {"x": x}, ["y"]))
    exact = np.exp(x.astype(np.float64))
    exact = exact if op == "Exp" else exact / (1 + exact)
    for module in (program.simd, program.relaxed):
        got = Running(module, program.weights)({"x": x})["y"]
        assert np.abs(got / exact - 1).max() < limit


BINARY = ("Add", "Sub", "Mul", "Div", "Min", "Max")


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 31])
def test_pairs_of_floats(n: int, op: str) -> None:
    feeds = {"x": normal(1, n), "z": normal(2, n)}
    check(graph([node(op, ["x", "z"], ["y"])], feeds, ["y"]), feeds, 0)


@pytest.mark.parametrize("op", (*BINARY, "Mod"))
def test_pairs_of_integers(op: str) -> None:
    rng = np.random.default_rng(1)
    feeds = {
        "x": rng.integers(-1000, 1000, 41, np.int32),
        "z": rng.integers(1, 50, 41, np.int32) * rng.choice([-1, 1], 41).astype(np.int32),
    }
    check(graph([node(op, ["x", "z"], ["y"])], feeds, {"y": TensorProto.INT32}), feeds)


@pytest.mark.parametrize("op", ["Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual"])
@pytest.mark.parametrize("kind", ["float32", "int32"])
def test_comparisons_and_what_they_choose(kind: str, op: str) -> None:
    rng = np.random.default_rng(1)
    feeds = {"x": rng.integers(-3, 4, (3, 7)).astype(kind), "z": rng.integers(-3, 4, 7).astype(kind)}
    nodes = [
        node(op, ["x", "z"], ["m"]),
        node("Not", ["m"], ["n"]),
        node("Cast", ["n"], ["f"], to=TensorProto.FLOAT),
        node("Where", ["m", "x", "z"], ["w"]),
        node("Cast", ["w"], ["v"], to=TensorProto.FLOAT),
        node("Less", ["v", "f"], ["l"]),
        node("Or", ["l", "m"], ["o"]),
        node("And", ["o", "n"], ["a"]),
        node("Where", ["a", "v", "f"], ["y"]),
    ]
    check(graph(nodes, feeds, ["y", "f", "v"]), feeds, 0)


def test_casts() -> None:
    x = np.array([-3.7, -1, -0.2, 0, 0.2, 0.9, 1, 2.5, 300.9], np.float32)
    nodes = [
        node("Cast", ["x"], ["i"], to=TensorProto.INT32),
        node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        node("Cast", ["x"], ["b"], to=TensorProto.BOOL),
        node("Cast", ["b"], ["g"], to=TensorProto.FLOAT),
        node("Cast", ["b"], ["j"], to=TensorProto.INT32),
        node("Cast", ["j"], ["d"], to=TensorProto.BOOL),
        node("Cast", ["d"], ["h"], to=TensorProto.FLOAT),
        node("Cast", ["x"], ["l"], to=TensorProto.INT64),
        node("Cast", ["l"], ["k"], to=TensorProto.INT32),
    ]
    outputs = dict.fromkeys("fgh", TensorProto.FLOAT) | dict.fromkeys("ijk", TensorProto.INT32)
    check(graph(nodes, {"x": x}, outputs), {"x": x}, 0)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (4, 8), (2, 7)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bytes_in_and_out(channels: int, size: tuple[int, int]) -> None:
    x = np.random.default_rng(1).integers(0, 256, (1, *size, channels), np.uint8)
    nodes = [
        node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        node("Cast", ["t"], ["f"], to=TensorProto.FLOAT),
        node("Mul", ["f", "half"], ["h"]),
        node("Add", ["h", "fifty"], ["a"]),
        node("Cast", ["a"], ["y"], to=TensorProto.UINT8),
        node("Slice", ["x", "c0", "c1", "c3"], ["first"]),
        node("Concat", ["x", "x"], ["twice"], axis=3),
    ]
    constants = {
        "half": np.float32(0.5),
        "fifty": np.float32(50),
        "c0": np.array([0]),
        "c1": np.array([1]),
        "c3": np.array([3]),
    }
    outputs = dict.fromkeys(("y", "first", "twice", "t"), TensorProto.UINT8) | {"f": TensorProto.FLOAT}
    check(graph(nodes, {"x": x}, outputs, constants), {"x": x}, 0)


def test_bytes_out_are_limited() -> None:
    x = np.array([-1e9, -5, 0, 254.9, 255, 256, 300, 1e9], np.float32)
    model = graph([node("Cast", ["x"], ["y"], to=TensorProto.UINT8)], {"x": x}, {"y": TensorProto.UINT8})
    check(model, {"x": x}, 0, {"y": np.array([0, 0, 0, 254, 255, 255, 255, 255], np.uint8)})


# ---- reductions ----

AXES = [axes for n in range(1, 5) for axes in combinations(range(4), n)]


@pytest.mark.parametrize("axes", AXES, ids=str)
@pytest.mark.parametrize("kind", ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"])
def test_reductions_over_every_set_of_axes(kind: str, axes: tuple[int, ...]) -> None:
    for keep, shape in ((1, (2, 3, 4, 5)), (0, (1, 9, 2, 8)), (1, (2, 1, 7, 1))):
        x = normal(1, *shape)
        given: tuple[list[str], dict[str, Any], dict[str, Array]] = (["x"], {"axes": axes}, {})
        if kind == "ReduceSum":
            given = ["x", "axes"], {}, {"axes": np.array(axes)}
        made = node(kind, given[0], ["y"], keepdims=keep, **given[1])
        check(
            graph([made], {"x": x}, ["y"], given[2]),
            {"x": x},
            1e-5 if kind not in ("ReduceMax", "ReduceMin") else 0,
        )


def test_means_of_several_maps() -> None:
    x = normal(1, 3, 43, 4, 4)
    check(graph([node("GlobalAveragePool", ["x"], ["y"])], {"x": x}, ["y"]), {"x": x})


@pytest.mark.parametrize("shape", [(1, 3, 5, 6), (1, 8, 4, 4), (1, 42, 1, 3), (1, 5, 1, 1)], ids=str)
@pytest.mark.parametrize("axes", [(1,), (2, 3), (2,), (3,), (1, 2, 3)], ids=str)
def test_reductions_of_a_map(axes: tuple[int, ...], shape: tuple[int, ...]) -> None:
    x = normal(1, *shape)
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("ReduceMean", ["a"], ["m"], axes=axes),
        node("ReduceMax", ["a"], ["y"], axes=axes),
    ]
    check(graph(nodes, {"x": x}, ["y", "m"], {"w": normal(2, shape[1], shape[1], 1, 1)}), {"x": x})


@pytest.mark.parametrize("shape", [(1, 5), (7,), (2, 3, 4), (1, 21, 3, 5), (1, 1), (1, 1001)], ids=str)
def test_softmax(shape: tuple[int, ...]) -> None:
    x = normal(1, *shape) * 5
    for axis in range(-1, len(shape)):
        check(graph([node("Softmax", ["x"], ["y"], axis=axis)], {"x": x}, ["y"]), {"x": x}, 2e-6)


@pytest.mark.parametrize("shape", [(1, 5), (7,), (2, 3, 4), (1, 21, 3, 5), (1, 17, 4, 4), (9, 1)], ids=str)
@pytest.mark.parametrize("keep", [0, 1])
def test_arg_max_takes_the_first_of_equal_ones(keep: int, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).integers(-3, 3, shape).astype(np.float32)
    for axis in range(len(shape)):
        nodes = [
            node("ArgMax", ["x"], ["p"], axis=axis, keepdims=keep),
            node("Cast", ["p"], ["y"], to=TensorProto.INT32),
        ]
        check(graph(nodes, {"x": x}, {"y": TensorProto.INT32}), {"x": x})


# ---- choices ----


def top(x: Array, k: int) -> onnx.ModelProto:
    """The k largest: numbers v and places p."""
    nodes = [node("TopK", ["x", "k"], ["v", "q"]), node("Cast", ["q"], ["p"], to=TensorProto.INT32)]
    return graph(nodes, {"x": x}, {"v": TensorProto.FLOAT, "p": TensorProto.INT32}, {"k": np.array([k])})


@pytest.mark.parametrize(
    ("n", "k"), [(1, 1), (5, 5), (16, 16), (17, 3), (17, 17), (64, 10), (65, 65), (900, 16)]
)
def test_the_largest(n: int, k: int) -> None:
    x = np.random.default_rng(n).permutation(n).astype(np.float32) - n // 2
    check(top(x, k), {"x": x}, 0)
    check(top(x[None], k), {"x": x[None]}, 0)


@pytest.mark.parametrize("n", [5, 16, 40])
def test_the_largest_of_equal_numbers(n: int) -> None:
    for x in (np.zeros(n, np.float32), np.random.default_rng(1).integers(0, 3, n).astype(np.float32)):
        for k in (1, n // 2, n):
            check(top(x, k), {"x": x}, 0)


@pytest.mark.parametrize("n", [5, 16, 37])
def test_the_largest_of_numbers_that_are_infinite(n: int) -> None:
    x = np.random.default_rng(1).choice([np.inf, -np.inf, 0, 1], n).astype(np.float32)
    check(top(x, n), {"x": x}, 0)
    x = np.full(n, -np.inf, np.float32)
    check(top(x, n), {"x": x}, 0)


@pytest.mark.parametrize("n", [5, 16, 37])
def test_the_largest_with_nan_are_places_of_the_row(n: int) -> None:
    rng = np.random.default_rng(1)
    for x in (np.full(n, np.nan, np.float32), rng.choice([np.nan, 1, -np.inf, 2], n).astype(np.float32)):
        program = compile_graph(top(x, n))
        for module in (program.simd, program.relaxed):
            places = Running(module, program.weights)({"x": x})["p"]
            assert (places >= 0).all() and (places < n).all()


def suppression(n: int, count: int, most: Any, overlap: Any, enough: Any) -> onnx.ModelProto:
    """The numbers of boxes that stay, then `n`, as the graphs of detectors have it."""
    given = {"most": most, "overlap": overlap, "enough": enough}
    constants = {name: np.array([each]) for name, each in given.items() if each is not None}
    names = [name if name in constants else "" for name in given]
    while names and not names[-1]:
        names.pop()
    constants |= {"two": np.array([2]), "three": np.array([3]), "one": np.array([1]), "zero": np.array([0])}
    constants |= {"none": np.full(count, n), "count": np.array([count])}
    nodes = [
        node("NonMaxSuppression", ["boxes", "scores", *names], ["rows"]),
        node("Slice", ["rows", "two", "three", "one"], ["column"]),
        node("Squeeze", ["column", "one"], ["flat"]),
        node("Concat", ["flat", "none"], ["long"], axis=0),
        node("Slice", ["long", "zero", "count", "zero"], ["cut"]),
        node("Cast", ["cut"], ["y"], to=TensorProto.INT32),
    ]
    return graph(nodes, {"boxes": (1, n, 4), "scores": (1, 1, n)}, {"y": TensorProto.INT32}, constants)


def boxes(n: int, seed: int = 1) -> Array:
    """Boxes that overlap, some with corners the other way round, some empty."""
    rng = np.random.default_rng(seed)
    corner, size = rng.random((n, 2)), rng.random((n, 2)) * 0.5
    size[:: max(1, n // 3)] *= rng.choice([-1.0, 0.0], (len(size[:: max(1, n // 3)]), 1))
    return np.concatenate([corner, corner + size], 1)[None].astype(np.float32)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.9, 1.0, None])
@pytest.mark.parametrize("most", [1, 5, 100])
def test_suppression(most: int, overlap: float | None, n: int) -> None:
    scores = np.random.default_rng(2).permutation(n).astype(np.float32)[None, None] / np.float32(
        n
    ) - np.float32(0.2)
    limit = None if overlap is None else np.float32(overlap)
    for enough in (np.float32(0.1), np.float32(-5), None):
        feeds = {"boxes": boxes(n), "scores": scores}
        check(suppression(n, 5, np.int64(most), limit, enough), feeds)


@pytest.mark.parametrize("case", ["equal scores", "equal boxes", "nothing is enough", "none wanted"])
def test_suppression_at_its_limits(case: str) -> None:
    scores = np.linspace(0.9, 0.2, 9, dtype=np.float32)[None, None]
    scores = np.full_like(scores, 0.5) if case == "equal scores" else scores
    places = np.repeat(boxes(1, 4), 9, 1) if case == "equal boxes" else boxes(9)
    enough = np.float32(1) if case == "nothing is enough" else np.float32(0.1)
    most = np.int64(0 if case == "none wanted" else 4)
    check(suppression(9, 4, most, np.float32(0.4), enough), {"boxes": places, "scores": scores})


def test_suppression_ends_with_nan() -> None:
    n = 12
    program = compile_graph(suppression(n, 5, np.int64(5), np.float32(0.3), np.float32(0.1)))
    for value in (np.nan, np.inf, -np.inf):
        for which in ("boxes", "scores", "both"):
            feeds = {"boxes": boxes(n), "scores": np.linspace(0, 1, n, dtype=np.float32)[None, None]}
            for name in feeds if which == "both" else [which]:
                feeds[name] = feeds[name].copy()
                feeds[name].reshape(-1)[::2] = value
            got = Running(program.simd, program.weights)(feeds)["y"]
            assert (got >= 0).all() and (got <= n).all()


@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 5, 4), (1, 3, 4, 5)], ids=str)
@pytest.mark.parametrize("indices", [(), (1,), (3,), (2, 2)], ids=str)
def test_gather(indices: tuple[int, ...], shape: tuple[int, ...]) -> None:
    x = normal(1, *shape)
    for axis, n in enumerate(shape):
        places = np.random.default_rng(axis).integers(-n, n, indices)
        check(
            graph([node("Gather", ["x", "p"], ["y"], axis=axis)], {"x": x}, ["y"], {"p": places}), {"x": x}, 0
        )
        nodes = [
            node("Cast", ["q"], ["p"], to=TensorProto.INT64),
            node("Gather", ["x", "p"], ["y"], axis=axis),
        ]
        feeds = {"x": x, "q": np.asarray(places, np.int32)}
        check(graph(nodes, feeds, ["y"]), feeds, 0)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("rows", [(1,), (4,), (2, 3)], ids=str)
def test_gather_nd(rows: tuple[int, ...], depth: int) -> None:
    x = normal(1, 3, 4, 5)
    places = np.stack([np.random.default_rng(n).integers(-n, n, rows) for n in x.shape[:depth]], -1)
    check(graph([node("GatherND", ["x", "p"], ["y"])], {"x": x}, ["y"], {"p": places}), {"x": x}, 0)


@pytest.mark.parametrize("op", ["Gather", "GatherND"])
def test_places_outside_are_limited(op: str) -> None:
    x = normal(1, 5, 3)
    q = np.array([-2147483648, -99, -6, -5, -1, 0, 4, 5, 99, 2147483647], np.int32)
    nodes = [node("Cast", ["q"], ["p"], to=TensorProto.INT64), node(op, ["x", "p"], ["y"])]
    feeds = {"x": x, "q": q if op == "Gather" else q[:, None]}
    counted = np.where(q < 0, q.astype(np.int64) + 5, q)
    check(graph(nodes, feeds, ["y"]), feeds, 0, {"y": x[np.clip(counted, 0, 4)]})


# ---- moves: bit for bit ----


def constant(*numbers: int) -> Array:
    return np.array(numbers, np.int64)


MOVES: dict[str, tuple[list[onnx.NodeProto], dict[str, Array]]] = {
    "concat 0": ([node("Concat", ["x", "x"], ["y"], axis=0)], {}),
    "concat 1": ([node("Concat", ["x", "c", "x"], ["y"], axis=1)], {"c": normal(3, 2, 1, 4, 5)}),
    "concat -1": ([node("Concat", ["x", "x", "x"], ["y"], axis=-1)], {}),
    "concat of sums": (
        [node("Relu", ["x"], ["a"]), node("Neg", ["x"], ["b"]), node("Concat", ["a", "b"], ["y"], axis=2)],
        {},
    ),
    "slice": (
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": constant(1, -4), "e": constant(3, 99), "a": constant(1, 3), "t": constant(1, 2)},
    ),
    "slice 3": (
        [node("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": constant(1), "e": constant(99), "a": constant(-1), "t": constant(3)},
    ),
    "slice all": ([node("Slice", ["x", "s", "e"], ["y"])], {"s": constant(0, 1), "e": constant(1, 2)}),
    "split": (
        [node("Split", ["x", "n"], ["a", "b"], axis=3), node("Concat", ["b", "a"], ["y"], axis=3)],
        {"n": constant(2, 3)},
    ),
    "split evenly": ([node("Split", ["x"], ["a", "b"], axis=2), node("Sub", ["b", "a"], ["y"])], {}),
    "pad": ([node("Pad", ["x", "w"], ["y"])], {"w": constant(0, 1, 2, 0, 0, 0, 1, 3)}),
    "pad with a number": (
        [node("Pad", ["x", "w", "v"], ["y"])],
        {"w": constant(1, 0, 0, 2, 0, 0, 1, 0), "v": np.array(-1.5, np.float32)},
    ),
    "pad the edge": ([node("Pad", ["x", "w"], ["y"], mode="edge")], {"w": constant(0, 2, 1, 0, 0, 0, 3, 2)}),
    "pad an expression": (
        [node("Neg", ["x"], ["a"]), node("Pad", ["a", "w"], ["y"], mode="edge")],
        {"w": constant(0, 0, 1, 1, 0, 0, 1, 1)},
    ),
    "reshape": ([node("Reshape", ["x", "s"], ["y"])], {"s": constant(4, 0, -1)}),
    "reshape a part": (
        [node("Slice", ["x", "z", "e", "a"], ["p"]), node("Reshape", ["p", "s"], ["y"])],
        {"z": constant(1), "e": constant(4), "a": constant(3), "s": constant(-1, 8)},
    ),
    "flatten": ([node("Flatten", ["x"], ["y"], axis=2)], {}),
    "squeeze": (
        [
            node("Unsqueeze", ["x", "a"], ["b"]),
            node("Transpose", ["b"], ["c"], perm=[5, 0, 3, 1, 2, 4]),
            node("Squeeze", ["c"], ["y"]),
        ],
        {"a": constant(0, -1)},
    ),
    "expand": (
        [node("Slice", ["x", "z", "e", "a"], ["p"]), node("Expand", ["p", "s"], ["y"])],
        {"z": constant(1), "e": constant(2), "a": constant(1), "s": constant(2, 6, 4, 5)},
    ),
    "identity": ([node("Identity", ["x"], ["y"])], {}),
    "two steps": (
        [
            node("Transpose", ["x"], ["a"], perm=[0, 2, 3, 1]),
            node("Reshape", ["a", "s"], ["b"]),
            node("Transpose", ["b"], ["y"], perm=[1, 0]),
        ],
        {"s": constant(40, 3)},
    ),
    "patches": (
        [
            node("Reshape", ["x", "s"], ["a"]),
            node("Transpose", ["a"], ["b"], perm=[0, 3, 2, 1, 4]),
            node("Reshape", ["b", "t"], ["y"]),
        ],
        {"s": constant(2, 3, 2, 2, 5), "t": constant(2, 12, 5)},
    ),
}


@pytest.mark.parametrize("move", MOVES)
def test_moves(move: str) -> None:
    nodes, constants = MOVES[move]
    x = normal(1, 2, 3, 4, 5)
    check(graph(nodes, {"x": x}, ["y"], constants), {"x": x}, 0)


@pytest.mark.parametrize(
    "order", [order for order in product(range(4), repeat=4) if len(set(order)) == 4], ids=str
)
def test_every_order_of_axes(order: tuple[int, ...]) -> None:
    x = normal(1, 2, 3, 4, 5)
    nodes = [node("Transpose", ["x"], ["t"], perm=order), node("Reshape", ["t", "s"], ["y"])]
    check(graph(nodes, {"x": x}, ["y", "t"], {"s": constant(8, -1)}), {"x": x}, 0)


def test_what_is_only_handed_on() -> None:
    """An output that is an input, a constant, or another output again."""
    x = normal(1, 2, 3)
    nodes = [
        node("Relu", ["x"], ["a"]),
        node("Identity", ["a"], ["b"]),
        node("Identity", ["c"], ["d"]),
        node("Identity", ["x"], ["e"]),
    ]
    check(graph(nodes, {"x": x}, ["a", "b", "d", "e"], {"c": normal(2, 2, 2)}), {"x": x}, 0)


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_is_the_same_optimised(seed: int) -> None:
    """What these tests compare with is what the page's onnxruntime computes."""
    import onnxruntime as ort

    x = normal(seed, 1, 3, 6, 7)
    nodes = [node("Conv", ["x", "w"], ["a"]), node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["y"])]
    model = graph(nodes, {"x": x}, ["y"], {"w": normal(seed, 4, 3, 3, 3)})
    (other,) = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
        None, {"x": x}
    )
    np.testing.assert_allclose(reference(model, {"x": x})["y"], other, atol=1e-5)


def test_refused_moves_say_why() -> None:
    x = normal(1, 4, 4)
    backwards = {"s": constant(3), "e": constant(-5), "a": constant(0), "t": constant(-1)}
    with pytest.raises(UnsupportedError, match=r"Slice \(y\): it goes backwards"):
        compile_graph(graph([node("Slice", ["x", *backwards], ["y"])], {"x": x}, ["y"], backwards))
