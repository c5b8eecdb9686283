"""What every compiled module promises: valid, of a fixed size, repeatable; and that odd numbers do no harm.

Does not test single kernels: test_compile_kernels.py does.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.compile import Program, UnsupportedError, compile_graph
from tests.support import random_graphs
from tests.support.wasm_run import Running, about, graph, reference

Array = NDArray[Any]
node = helper.make_node
SEEDS = range(1000, 1012)
MODULES = ("simd", "relaxed")


def normal(seed: int, *shape: int) -> Array:
    """Random floats."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@cache
def network() -> tuple[onnx.ModelProto, dict[str, Array]]:
    """A small network with every kind of kernel that a mask or a detector needs."""
    w = {
        "w0": normal(0, 6, 3, 3, 3),
        "w1": normal(1, 6, 1, 3, 3),
        "w2": normal(2, 10, 6, 1, 1),
        "w3": normal(3, 10, 10, 1, 1),
        "w4": normal(4, 10, 1, 2, 2),
        "slope": normal(5, 6, 1, 1),
        "twice": np.array([1, 1, 2, 2], np.float32),
        "k": np.array([3]),
        "flat": np.array([-1]),
        "to": np.array([0, 0, 0, 0, 0, 4, 0, 0]),
    }
    nodes = [
        node("Conv", ["x", "w0"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("PRelu", ["a", "slope"], ["b"]),
        node("Conv", ["b", "w1"], ["c"], pads=[1, 1, 1, 1], group=6),
        node("HardSwish", ["c"], ["d"]),
        node("Conv", ["d", "w2"], ["e"]),
        node("Pad", ["b", "to"], ["p"]),
        node("Add", ["e", "p"], ["f"]),
        node("GlobalAveragePool", ["f"], ["g"]),
        node("Conv", ["g", "w3"], ["h"]),
        node("Sigmoid", ["h"], ["s"]),
        node("Mul", ["f", "s"], ["m"]),
        node("MaxPool", ["m"], ["n"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Resize", ["n", "", "twice"], ["u"], mode="linear"),
        node("Conv", ["m", "w3"], ["v"]),
        node("Add", ["v", "u"], ["t"]),
        node("ConvTranspose", ["t", "w4"], ["l"], strides=[2, 2]),
        node("Sigmoid", ["l"], ["mask"]),
        node("Softmax", ["g"], ["soft"], axis=1),
        node("Tanh", ["t"], ["tanh"]),
        node("Exp", ["h"], ["exp"]),
        node("Reshape", ["l", "flat"], ["row"]),
        node("TopK", ["row", "k"], ["best", "q"]),
        node("Gather", ["row", "q"], ["again"]),
        node("ArgMax", ["t"], ["z"], axis=1),
        node("Cast", ["z"], ["place"], to=TensorProto.INT32),
        node("Sqrt", ["t"], ["root"]),
        node("ReduceMean", ["t"], ["mean"], axes=[1]),
        node("ReduceMax", ["t"], ["most"], axes=[2, 3]),
        node("Cast", ["t"], ["whole"], to=TensorProto.INT32),
        node("Cast", ["t"], ["bytes"], to=TensorProto.UINT8),
    ]
    names = ("mask", "soft", "tanh", "exp", "best", "again", "root", "mean", "most")
    outputs = dict.fromkeys(names, TensorProto.FLOAT) | {
        "place": TensorProto.INT32,
        "whole": TensorProto.INT32,
        "bytes": TensorProto.UINT8,
    }
    x = normal(6, 1, 3, 12, 16)
    return graph(nodes, {"x": x}, outputs, w), {"x": x}


@cache
def program() -> Program:
    """The network, compiled."""
    return compile_graph(network()[0])


def test_the_network_is_right() -> None:
    model, feeds = network()
    expected = reference(model, feeds)
    for kind in MODULES:
        got = Running(getattr(program(), kind), program().weights)(feeds)
        for name in ("mask", "soft", "tanh", "best", "mean", "most", "place"):
            np.testing.assert_allclose(got[name], expected[name], rtol=2e-4, atol=1e-5)


# ---- odd numbers ----

ODD = {
    "NaN": np.nan,
    "infinity": np.inf,
    "-infinity": -np.inf,
    "the largest": 3.4e38,
    "the lowest": -3.4e38,
    "denormal": 1e-40,
    "-denormal": -1e-40,
    "large": 1e20,
    "small": 1e-20,
    "-0": -0.0,
}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("number", ODD)
def test_odd_numbers_end_and_leave_no_trace(number: str, module: str) -> None:
    """The fuel of a run bounds it: no loop waits for a number. The next run is as if nothing had been."""
    _, feeds = network()
    running = Running(getattr(program(), module), program().weights)
    good = running(feeds)
    for share in (1.0, 0.02):
        x = feeds["x"].copy()
        x[np.random.default_rng(1).random(x.shape) < share] = ODD[number]
        running(feeds)
        before = running.store.get_fuel()
        odd = running({"x": x})
        assert abs(running.store.get_fuel() - before) < 20_000  # TopK's searches are of different lengths
        assert ((odd["place"] >= 0) & (odd["place"] < 10)).all()
        if "denormal" in number or number in ("-0", "small"):
            assert all(np.isfinite(odd[name]).all() for name in ("mask", "soft", "tanh", "exp", "best"))
    for name, value in running(feeds).items():
        assert value.tobytes() == good[name].tobytes(), name


@pytest.mark.parametrize("op", ["Sigmoid", "Tanh", "Exp", "HardSwish", "Softmax"])
def test_functions_of_odd_numbers(op: str) -> None:
    """As onnxruntime's where the result is a number; exp is limited to what is no denormal and finite."""
    x = np.array([-np.inf, -3e38, -200, -90, -88, -1e-40, 0, 1e-40, 88, 90, 200, 3e38, np.inf], np.float32)
    x = x[:, None] if op == "Softmax" else x
    extra: dict[str, Any] = {"axis": 1} if op == "Softmax" else {}
    model = graph([node(op, ["x"], ["y"], **extra)], {"x": x}, ["y"])
    compiled, expected = compile_graph(model), reference(model, {"x": x})["y"]
    for kind in MODULES:
        got = Running(getattr(compiled, kind), compiled.weights)({"x": x})["y"]
        if op == "Exp":
            expected = np.clip(expected, np.exp(np.float32(-87)), np.exp(np.float32(87)))
        usual = np.isfinite(expected) & np.isfinite(x)
        np.testing.assert_allclose(got[usual], expected[usual], rtol=1e-5, atol=1e-12)
        tiny = (got != 0) & (np.abs(got) < 1.1754943e-38) & (np.abs(x) > 1e-38)
        assert not tiny.any(), "a denormal comes out, which makes what follows slow"


def test_squares_of_a_mask_are_no_denormals() -> None:
    """A mask of noise is nearly 0 everywhere; its square must not be so small that arithmetic is slow."""
    x = np.array([-1e9, -200, -100, -87, -60, -40, -30], np.float32)
    nodes = [node("Sigmoid", ["x"], ["s"]), node("Mul", ["s", "s"], ["y"])]
    compiled = compile_graph(graph(nodes, {"x": x}, ["y"]))
    assert (Running(compiled.simd, compiled.weights)({"x": x})["y"] > 1e-37).all()


# ---- what is refused ----

REFUSED: dict[str, tuple[onnx.NodeProto, dict[str, Any], str]] = {
    "operator": (node("Erf", ["x"], ["y"]), {}, "Erf (y): this operator is not supported"),
    "groups": (
        node("Conv", ["x", "w"], ["y"], group=2),
        {"w": np.ones((4, 2, 1, 1), np.float32)},
        "Conv (y): 2 groups of 4 channels",
    ),
    "auto_pad": (
        node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER"),
        {"w": np.ones((4, 4, 3, 3), np.float32)},
        "Conv (y): only two-dimensional",
    ),
    "weights": (node("Conv", ["x", "z"], ["y"]), {}, "Conv (y): z is not a constant"),
    "pool": (node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[2, 2]), {}, "MaxPool (y): only"),
    "last window": (
        node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        {},
        "MaxPool (y): a last window",
    ),
    "window": (node("MaxPool", ["x"], ["y"], kernel_shape=[9, 9]), {}, "MaxPool (y): its window is larger"),
    "resize": (
        node("Resize", ["x", "", "f"], ["y"], mode="linear"),
        {"f": np.array([1, 1, 1.5, 1], np.float32)},
        "Resize (y): enlarging",
    ),
    "nearest": (
        node("Resize", ["x", "", "f"], ["y"], mode="nearest"),
        {"f": np.array([1, 1, 2, 2], np.float32)},
        "Resize (y): the mode “nearest”",
    ),
    "reflect": (
        node("Pad", ["x", "w"], ["y"], mode="reflect"),
        {"w": np.array([0, 0, 1, 0, 0, 0, 0, 0])},
        "Pad (y): the mode “reflect”",
    ),
    "cut": (node("Pad", ["x", "w"], ["y"]), {"w": np.array([0, 0, -1, 0, 0, 0, 0, 0])}, "Pad (y): it cuts"),
    "type": (node("Cast", ["x"], ["y"], to=TensorProto.DOUBLE), {}, "Cast (y): numbers of type DOUBLE"),
    "transposed": (
        node("ConvTranspose", ["x", "w"], ["y"], strides=[3, 3]),
        {"w": np.ones((4, 2, 3, 3), np.float32)},
        "ConvTranspose (y): a transposed",
    ),
    "several rows": (
        node("TopK", ["x", "k"], ["y", "q"]),
        {"k": np.array([2])},
        "TopK (y): only the largest floats of a single row",
    ),
    "rest of floats": (node("Mod", ["x", "z"], ["y"], fmod=1), {}, "Mod (y)"),
    "sum of integers": (node("ReduceSum", ["i"], ["y"]), {}, "ReduceSum (y)"),
    "softmax of integers": (node("Neg", ["i"], ["y"]), {}, "Neg (y)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_compiled_says_which_node_and_why(case: str) -> None:
    made, constants, text = REFUSED[case]
    inputs = {"x": normal(1, 1, 4, 5, 5), "z": normal(2, 1, 4, 5, 5), "i": np.zeros((2, 3), np.int32)}
    kind = TensorProto.INT32 if "i" in made.input else TensorProto.FLOAT
    model = graph(
        [made], {name: inputs[name] for name in made.input if name in inputs}, {"y": kind}, constants
    )
    with pytest.raises(UnsupportedError) as error:
        compile_graph(model)
    assert text in str(error.value)


def test_free_dimensions_need_sizes() -> None:
    model = graph([node("Relu", ["x"], ["y"])], {"x": (1, 3)}, ["y"])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "width"
    with pytest.raises(UnsupportedError, match="“width”; give it a size"):
        compile_graph(model)
    compiled = compile_graph(model, {"width": 5})
    assert about(compiled.simd)["outputs"]["y"]["shape"] == [1, 5]


def test_types_of_inputs_and_outputs() -> None:
    model = graph([node("Cast", ["x"], ["y"], to=TensorProto.INT64)], {"x": (3,)}, {"y": TensorProto.INT64})
    with pytest.raises(UnsupportedError, match="y has elements of type INT64"):
        compile_graph(model)


# ---- every module ----


@cache
def several() -> list[tuple[random_graphs.Graph, Program]]:
    """Random graphs that compile."""
    made = []
    for seed in SEEDS:
        g = random_graphs.make(seed)
        try:
            made.append((g, compile_graph(g.model())))
        except UnsupportedError:
            continue
    return made


def test_memory_does_not_grow_and_what_goes_in_and_out_lies_apart() -> None:
    for _, compiled in several():
        assert about(compiled.simd) == about(compiled.relaxed)
        running = Running(compiled.simd, compiled.weights)
        limits = running.wasm_memory.type(running.store).limits
        assert limits.min == limits.max
        tensors = [*running.about["inputs"].values(), *running.about["outputs"].values()]
        spans = sorted(
            (t["offset"], t["offset"] + int(np.prod(t["shape"])) * np.dtype(t["type"]).itemsize)
            for t in tensors
        )
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
        assert all(begin % 64 == 0 for begin, _ in spans)
        assert spans[-1][1] <= running.memory.size


def test_a_run_changes_neither_weights_nor_inputs() -> None:
    for g, compiled in several():
        running = Running(compiled.relaxed, compiled.weights)
        feeds = {name: g.inputs[name] for name in running.about["inputs"]}
        widened = running.memory[: running.about["weights"]["offset"]].copy()
        running(feeds)
        np.testing.assert_array_equal(running.memory[: widened.size], widened)
        for name, value in feeds.items():
            np.testing.assert_array_equal(running.view(running.about["inputs"][name]), value)


def test_what_the_memory_held_before_does_not_matter() -> None:
    for g, compiled in several():
        results = []
        for rubbish in (0x00, 0x55, 0xFF):
            running = Running(compiled.simd, compiled.weights, rubbish)
            feeds = {name: g.inputs[name] for name in running.about["inputs"]}
            running({name: np.ones_like(value) for name, value in feeds.items()})
            results.append(running(feeds))
        for name in results[0]:
            assert len({result[name].tobytes() for result in results}) == 1, name


def test_compiling_twice_gives_the_same_bytes() -> None:
    model, _ = network()
    again = compile_graph(model)
    assert (again.simd, again.relaxed, again.weights) == (
        program().simd,
        program().relaxed,
        program().weights,
    )


SCRIPT = """
import { readFileSync } from "node:fs";
const weights = readFileSync("weights.bin");
const { about, feeds } = JSON.parse(readFileSync("given.json", "utf8"));
const bytes = readFileSync("module.wasm");
if (!WebAssembly.validate(bytes)) throw new Error("the module is not valid");
const { instance } = await WebAssembly.instantiate(bytes);
const { memory, load, run } = instance.exports;
new Uint8Array(memory.buffer).fill(255);
new Uint8Array(memory.buffer).set(weights, about.weights.offset);
load();
const before = memory.buffer;
for (const [name, values] of Object.entries(feeds))
  new Float32Array(memory.buffer, about.inputs[name].offset, values.length).set(values);
run();
if (memory.buffer !== before) throw new Error("the memory has grown");
const { offset, shape } = about.outputs.mask;
const mask = new Float32Array(memory.buffer, offset, shape.reduce((a, b) => a * b, 1));
console.log(JSON.stringify([...mask]));
"""


def test_a_module_runs_in_node(tmp_path: Path) -> None:
    _, feeds = network()
    given = {
        "about": about(program().simd),
        "feeds": {name: x.reshape(-1).tolist() for name, x in feeds.items()},
    }
    (tmp_path / "module.wasm").write_bytes(program().simd)
    (tmp_path / "weights.bin").write_bytes(program().weights)
    (tmp_path / "given.json").write_text(json.dumps(given))
    (tmp_path / "run.mjs").write_text(SCRIPT)
    ran = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert not ran.returncode, ran.stderr
    expected = Running(program().simd, program().weights)(feeds)["mask"]
    np.testing.assert_array_equal(np.array(json.loads(ran.stdout), np.float32), expected.reshape(-1))
