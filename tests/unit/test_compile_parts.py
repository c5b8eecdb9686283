"""The pure parts of models.compile: Views, the arena, LEB128, packing, folding, layout.

Does not run a module: tests/native/test_compile_*.py do.
"""

from __future__ import annotations

from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.compile import arena, filling, graph, layout, packing, wasm
from models.compile.ir import (
    INPUT,
    Buffer,
    Expr,
    Step,
    UnsupportedError,
    View,
    apply,
    dense_strides,
    load,
    number,
    round_up,
)
from models.compile.packing import BLOCK, Const, Integers
from models.compile.weights import Weights

Array = NDArray[Any]


# ---- Views ----


def view(*shape: int, dtype: str = "f32") -> View:
    """A View of a Buffer of its own, its elements one after another."""
    return View(Buffer(4096), shape, dense_strides(shape), 0, dtype)


def places(view: View) -> Array:
    """The offset of each element, as an array of the View's shape."""
    grid = np.zeros(view.shape, np.int64) + view.offset
    for axis, stride in enumerate(view.strides):
        shape = [-1 if i == axis else 1 for i in range(len(view.shape))]
        grid = grid + np.arange(view.shape[axis]).reshape(shape) * stride
    return grid


def counted(*shape: int) -> Array:
    """What `places` gives for `view(*shape)`."""
    return np.arange(int(np.prod(shape))).reshape(shape)


def test_a_view_moves_as_an_array_does() -> None:
    v, a = view(2, 3, 4, 5), counted(2, 3, 4, 5)
    for order in permutations(range(4)):
        np.testing.assert_array_equal(places(v.transposed(order)), a.transpose(order))
    for axis, start, count, step in product(range(4), (0, 1), (1, 2), (1, 2)):
        if start + (count - 1) * step >= v.shape[axis]:
            continue
        cut = tuple(
            slice(start, start + (count - 1) * step + 1, step) if i == axis else slice(None) for i in range(4)
        )
        np.testing.assert_array_equal(places(v.sliced(axis, start, count, step)), a[cut])
    for axis in range(5):
        np.testing.assert_array_equal(places(v.unsqueezed(axis)), np.expand_dims(a, axis))
        np.testing.assert_array_equal(places(v.unsqueezed(axis).squeezed(axis)), a)


@pytest.mark.parametrize(
    ("small", "large"), [((3, 1), (2, 3, 4)), ((), (2,)), ((1, 4), (5, 3, 4)), ((2, 1, 1), (2, 3, 4))]
)
def test_a_view_is_broadcast_as_an_array_is(small: tuple[int, ...], large: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(
        places(view(*small).broadcast(large)), np.broadcast_to(counted(*small), large)
    )


def test_a_view_that_cannot_be_broadcast_says_so() -> None:
    with pytest.raises(ValueError, match="cannot be broadcast"):
        view(2, 3).broadcast((2, 4))


SHAPES = [
    (24,),
    (2, 12),
    (3, 8),
    (4, 6),
    (6, 4),
    (2, 3, 4),
    (4, 3, 2),
    (1, 24),
    (24, 1),
    (2, 1, 12),
    (2, 2, 2, 3),
]


@pytest.mark.parametrize("new", SHAPES, ids=str)
@pytest.mark.parametrize("old", SHAPES, ids=str)
def test_a_whole_view_takes_every_shape(old: tuple[int, ...], new: tuple[int, ...]) -> None:
    changed = view(*old).reshaped(new)
    assert changed is not None
    np.testing.assert_array_equal(places(changed), counted(*new))


@pytest.mark.parametrize("new", SHAPES, ids=str)
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_turned_view_takes_the_shapes_that_need_no_copy(
    order: tuple[int, ...], new: tuple[int, ...]
) -> None:
    v, a = view(2, 3, 4).transposed(order), counted(2, 3, 4).transpose(order)
    changed = v.reshaped(new)
    if changed is not None:
        np.testing.assert_array_equal(places(changed), a.reshape(new))
    elif order == (0, 1, 2):
        pytest.fail("it needs no copy")


def test_a_part_of_a_view_keeps_its_gaps() -> None:
    part, a = view(4, 6).sliced(1, 1, 4), counted(4, 6)[:, 1:5]
    assert part.reshaped((16,)) is None
    changed = part.reshaped((2, 2, 2, 2))
    assert changed is not None
    np.testing.assert_array_equal(places(changed), a.reshape(2, 2, 2, 2))
    assert not part.contiguous and view(4, 6).contiguous


def test_addresses_are_in_bytes() -> None:
    for dtype, size in (("f32", 4), ("u8", 1), ("i32", 4), ("mask", 4)):
        v = View(Buffer(64, offset=128), (2, 3), (3, 1), 5, dtype)
        assert (v.address, v.byte_strides, v.size) == (128 + 5 * size, (3 * size, size), 6)


# ---- expressions ----


def test_an_expression_walks_its_parts_once() -> None:
    shared = load(view(3))
    expr = apply("add", apply("mul", shared, number(2)), shared)
    assert [part.op for part in expr.walk()] == ["load", "number", "mul", "add"]
    moved = expr.map_views(lambda v: v.unsqueezed(0))
    assert [each.shape for each in moved.views] == [(1, 3)] and not moved.has_input
    assert apply("max", INPUT, number(0)).has_input


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        (apply("max", INPUT, number(0.0)), 0.0),
        (apply("add", INPUT, number(3.0)), 3.0),
        (apply("sigmoid", INPUT), 0.5),
        (apply("hardswish", INPUT), 0.0),
        (apply("prelu", apply("sub", INPUT, number(2.0)), number(0.5)), -1.0),
        (apply("min", apply("abs", apply("neg", number(2.0))), number(1.5)), 1.5),
        (apply("tanh", apply("mul", INPUT, load(view(1)))), 0.0),
        (apply("exp", INPUT), float("nan")),
    ],
)
def test_what_an_expression_makes_of_filling_zeros(expr: Expr, value: float) -> None:
    assert filling.at_zero(expr) == pytest.approx(value, nan_ok=True)


# ---- layout ----


def test_which_views_have_their_channels_last() -> None:
    assert layout.is_channels_last(View(Buffer(0), (1, 6, 4, 5), (160, 1, 40, 8)))
    assert not layout.is_channels_last(view(1, 6, 4, 5))
    assert not layout.is_channels_last(view(1, 6, 1, 1))  # planes of one pixel
    assert not layout.is_channels_last(View(Buffer(0), (1, 1, 4, 5), (20, 1, 5, 1)))
    assert not layout.is_channels_last(View(Buffer(0), (2, 6, 4, 5), (160, 1, 40, 8)))  # no single map
    assert not layout.is_channels_last(View(Buffer(0), (1, 6, 4, 5), (6, 1, 0, 0)))  # repeated


def test_filling_channels_are_computed_with_a_map() -> None:
    target = View(Buffer(0, map=(4, 5, 8)), (1, 6, 4, 5), (160, 1, 40, 8))
    factor = view(1, 6, 1, 1).broadcast((1, 6, 4, 5))
    whole, expr = layout.with_filling(target, load(factor))
    assert whole.shape == (1, 8, 4, 5) and expr.views[0].shape == (1, 8, 4, 5)
    planes = load(view(1, 6, 4, 5))
    assert layout.with_filling(target, planes) == (target, planes)


# ---- the arena ----


def test_buffers_in_use_at_the_same_time_lie_apart() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        buffers = [Buffer(int(rng.integers(1, 3000))) for _ in range(int(rng.integers(2, 30)))]
        views = [View(buffer, (1,), (1,)) for buffer in buffers]
        steps = []
        for _ in range(int(rng.integers(1, 20))):
            chosen = [views[int(i)] for i in rng.integers(0, len(views), 4)]
            steps.append(Step("", chosen[:2], chosen[2:3], lambda f: None, scratch=[chosen[3].buffer]))
        fixed = buffers[:2]
        end = arena.plan(steps, fixed, 4096)
        life = {buffer: {-1, len(steps)} for buffer in fixed}
        for i, step in enumerate(steps):
            for buffer in (*(v.buffer for v in (*step.reads, *step.writes)), *step.scratch):
                life.setdefault(buffer, set()).add(i)
        for one in life:
            assert one.offset >= 4096 and one.offset % 64 == 0 and one.offset + one.bytes + arena.SLACK <= end
            for other in life:
                at_once = min(life[one]) <= max(life[other]) and min(life[other]) <= max(life[one])
                if one is not other and at_once:
                    apart = one.offset + one.bytes + arena.SLACK <= other.offset
                    assert apart or other.offset + other.bytes + arena.SLACK <= one.offset


def test_buffers_in_use_one_after_another_share_memory() -> None:
    buffers = [Buffer(1000) for _ in range(10)]
    steps = [
        Step("", [View(a, (1,), (1,))], [View(b, (1,), (1,))], lambda f: None) for a, b in pairwise(buffers)
    ]
    assert arena.plan(steps, [], 0) == 2 * round_up(1000 + arena.SLACK, 64)


def test_a_buffer_with_a_place_stays_there() -> None:
    weights = Buffer(64, offset=64)
    arena.plan([Step("", [View(weights, (1,), (1,))], [], lambda f: None)], [], 1024)
    assert weights.offset == 64


# ---- the binary format ----


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (624485, "e58e26"),
        (2**32 - 1, "ffffffff0f"),
    ],
)
def test_unsigned_leb128(value: int, expected: str) -> None:
    assert wasm.unsigned(value).hex() == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "00"),
        (1, "01"),
        (63, "3f"),
        (64, "c000"),
        (-1, "7f"),
        (-64, "40"),
        (-65, "bf7f"),
        (-123456, "c0bb78"),
        (2**31 - 1, "ffffffff07"),
        (-(2**31), "8080808078"),
    ],
)
def test_signed_leb128(value: int, expected: str) -> None:
    assert wasm.signed(value).hex() == expected


def test_locals_of_one_type_are_declared_together() -> None:
    f = wasm.Function("f", (wasm.I32,))
    for kind in (wasm.V128, wasm.V128, wasm.I32, wasm.V128):
        f.local(kind)
    assert f.encode().hex() == "0803027b017f017b0b"


# ---- packing ----


@pytest.mark.parametrize("outputs", [1, 3, 4, 5, 8, 9, 12, 42])
def test_weights_are_packed_in_blocks_of_outputs(outputs: int) -> None:
    array = np.arange(outputs * 3, dtype=np.float32).reshape(outputs, 3) + 1
    parts = packing.dense_blocks(array)
    columns = np.concatenate([part.transpose(0, 2, 1).reshape(-1, 3) for part in parts])
    np.testing.assert_array_equal(columns[:outputs], array)
    assert not columns[outputs:].any() and len(columns) == round_up(outputs, 4)
    assert [part.shape[2] for part in parts] in ([BLOCK], [4], [BLOCK, 4], [BLOCK, BLOCK])


def test_an_axis_is_filled_up_with_zeros() -> None:
    np.testing.assert_array_equal(packing.padded(np.ones((2, 3)), 1, 4), [[1, 1, 1, 0]] * 2)
    whole = np.ones((2, 4))
    assert packing.padded(whole, 1, 4) is whole


def test_integers_are_packed_with_what_widens_them() -> None:
    small = np.arange(6, dtype=np.int8).reshape(3, 2)
    integers = Integers(small, np.full((1, 1), 2.0), np.array([[1.0], [2.0], [3.0]]))
    packed = Const(integers.widened(), integers).packed(lambda array: array.T[None])
    assert packed.integers is not None
    np.testing.assert_array_equal(packed.integers.widened(), packed.array)


def test_weights_are_stored_in_the_smallest_form_and_once() -> None:
    store = Weights()
    half = np.arange(64, dtype=np.float32).reshape(8, 8) / 8
    full = half + np.float32(1e-6)
    few = np.array([0.1, 0.2], np.float32)
    first, again = store.dense(Const(half)), store.dense(Const(half.copy()))
    store.dense(Const(full))
    store.data(Const(few))
    assert first.buffer is again.buffer
    assert {form: len(pieces) for form, pieces in store.pieces.items()} == {"f32": 2, "f16": 1, "i8": 0}
    assert store.place(64) == 64 + 2 * 256 + 32
    assert len(store.file()) == 2 * 64 + 4 * 64 + 32


# ---- reading ----


def model(
    nodes: list[onnx.NodeProto], constants: dict[str, Array], outputs: int = TensorProto.FLOAT
) -> onnx.ModelProto:
    """A model of one input x of [3, 4] and one output y."""
    return helper.make_model(
        helper.make_graph(
            nodes,
            "test",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, (3, 4))],
            [helper.make_tensor_value_info("y", outputs, None)],
            [numpy_helper.from_array(np.asarray(each), name) for name, each in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
    )


def test_nodes_of_constants_are_folded_and_unread_ones_go() -> None:
    nodes = [
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Mul", ["x", "c"], ["y"]),
        helper.make_node("Neg", ["x"], ["unread"]),
    ]
    made = graph.read(model(nodes, {"a": np.array(2, np.float32), "b": np.array(3, np.float32)}), {})
    assert [str(each) for each in made.nodes] == ["Mul (y)"]
    assert made.constants["c"].array == 5
    assert (made.inputs[0].shape, made.inputs[0].dtype, made.outputs) == (
        (3, 4),
        "float32",
        [("y", "float32")],
    )


QUANTISED = np.random.default_rng(1).integers(-128, 128, (4, 3)).astype(np.int8)
CHAINS: dict[str, tuple[list[tuple[str, list[str], dict[str, Any]]], Array, bool]] = {
    "cast": ([("Cast", ["q"], {"to": 1})], QUANTISED, True),
    "unsigned": (
        [("Cast", ["q"], {"to": 1}), ("Sub", ["0", "z"], {}), ("Mul", ["1", "s"], {})],
        QUANTISED.view(np.uint8),
        True,
    ),
    "scaled": ([("Cast", ["q"], {"to": 1}), ("Mul", ["s", "0"], {})], QUANTISED, True),
    "dequantised": ([("DequantizeLinear", ["q", "r"], {"axis": 0})], QUANTISED, True),
    "dequantised, unsigned": (
        [("DequantizeLinear", ["q", "r", "u"], {"axis": 0})],
        QUANTISED.view(np.uint8),
        True,
    ),
    "turned": (
        [("Cast", ["q"], {"to": 1}), ("Mul", ["0", "s"], {}), ("Transpose", ["1"], {"perm": [1, 0]})],
        QUANTISED,
        True,
    ),
    "scaled, then shifted": (
        [("Cast", ["q"], {"to": 1}), ("Mul", ["0", "s"], {}), ("Sub", ["1", "z"], {})],
        QUANTISED,
        False,
    ),
    "squared": ([("Cast", ["q"], {"to": 1}), ("Abs", ["0"], {})], QUANTISED, False),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_integers_are_kept_where_they_are_only_widened(chain: str) -> None:
    rows, q, kept = CHAINS[chain]
    made = [
        helper.make_node(op, names, [str(i)], **attributes) for i, (op, names, attributes) in enumerate(rows)
    ]
    last = str(len(rows) - 1)
    constants = {
        "q": q,
        "z": np.full((1, 1), 128, np.float32),
        "s": np.full((1, 1), 0.03, np.float32),
        "r": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        "u": np.array([128, 0, 255, 7], np.uint8),
    }
    const = graph.read(
        model([*made, helper.make_node("MatMul", ["x", last], ["y"])], constants), {}
    ).constants[last]
    assert (const.integers is not None) is kept
    if const.integers is not None:
        np.testing.assert_array_equal(const.integers.widened(), const.array)
        assert const.integers.small.dtype == np.int8


def test_numbers_of_boxes_cut_to_a_length_become_one_node() -> None:
    nodes = [
        helper.make_node("NonMaxSuppression", ["boxes", "scores", "most"], ["rows"]),
        helper.make_node("Slice", ["rows", "two", "three", "one"], ["column"]),
        helper.make_node("Squeeze", ["column", "one"], ["flat"]),
        helper.make_node("Concat", ["flat", "none"], ["long"], axis=0),
        helper.make_node("Slice", ["long", "zero", "five", "zero"], ["y"]),
    ]
    constants = {name: np.array([i]) for i, name in enumerate(("zero", "one", "two", "three"))}
    constants |= {"most": np.array([5]), "five": np.array([5]), "none": np.full(5, 99)}
    made = model(nodes, constants, TensorProto.INT32)
    (only,) = graph.read(made, {}).nodes
    assert only.op == "PaddedNonMaxSuppression" and (only.attributes["count"], only.attributes["none"]) == (
        5,
        99,
    )
    assert only.inputs == ("boxes", "scores", "most") and only.outputs == ("y",)
    nodes.append(helper.make_node("Cast", ["flat"], ["z"], to=6))  # something else reads the free length
    made = model(nodes, constants, TensorProto.INT32)
    made.graph.output.append(helper.make_tensor_value_info("z", TensorProto.INT32, None))
    assert "NonMaxSuppression" in [each.op for each in graph.read(made, {}).nodes]


def test_a_model_of_other_types_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="y has elements of type DOUBLE"):
        graph.read(model([helper.make_node("Cast", ["x"], ["y"], to=11)], {}, TensorProto.DOUBLE), {})
