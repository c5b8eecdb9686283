"""Runs compiled graphs in wasmtime for the tests, and compares them with onnxruntime on the same graph.

Does not compile for a page: the memory is filled with rubbish first and every run has a bound, so that a read
of what was never written and an endless loop are seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import wasmtime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.compile import Program, compile_graph

Array = NDArray[Any]
FUEL = 400_000_000  # instructions of a run; the largest graph of the tests needs a hundredth
RUBBISH = 0xFF  # as float32 it is NaN, as int32 it is -1
TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int32): TensorProto.INT32,
}


def _engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.consume_fuel = True
    config.cranelift_opt_level = "none"
    return wasmtime.Engine(config)


ENGINE = _engine()


def about(module: bytes) -> dict[str, Any]:
    """What the module's custom section says."""

    def leb(at: int) -> tuple[int, int]:
        number = shift = 0
        while True:
            byte = module[at]
            at, number, shift = at + 1, number | (byte & 127) << shift, shift + 7
            if not byte & 128:
                return number, at

    at = 8
    while at < len(module):
        id, (size, begin) = module[at], leb(at + 1)
        at = begin + size
        if not id:
            length, name = leb(begin)
            if module[name : name + length] == b"vitrine":
                found: dict[str, Any] = json.loads(module[name + length : at])
                return found
    raise ValueError("The module has no section “vitrine”.")


class Running:
    """A module in wasmtime, its weights loaded."""

    def __init__(self, module: bytes, weights: bytes, rubbish: int = RUBBISH) -> None:
        """`rubbish`: the byte that fills the memory first."""
        self.about = about(module)
        self.store = wasmtime.Store(ENGINE)
        self.store.set_fuel(FUEL)
        exports: Any = wasmtime.Instance(self.store, wasmtime.Module(ENGINE, module), []).exports(self.store)
        self.exports = exports
        memory = exports["memory"]
        self.wasm_memory = memory
        self.memory: Array = np.ctypeslib.as_array(
            memory.data_ptr(self.store), (memory.data_len(self.store),)
        )
        self.memory[:] = rubbish
        start = self.about["weights"]["offset"]
        self.memory[start : start + len(weights)] = np.frombuffer(weights, np.uint8)
        self.exports["load"](self.store)

    def view(self, tensor: Mapping[str, Any]) -> Array:
        """An input or output in the module's memory."""
        dtype, shape = np.dtype(tensor["type"]), tuple(tensor["shape"])
        size = int(np.prod(shape)) * dtype.itemsize
        found: Array = self.memory[tensor["offset"] : tensor["offset"] + size].view(dtype).reshape(shape)
        return found

    def __call__(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        for name, tensor in self.about["inputs"].items():
            self.view(tensor)[...] = feeds[name]
        self.store.set_fuel(FUEL)
        self.exports["run"](self.store)
        return {name: self.view(tensor).copy() for name, tensor in self.about["outputs"].items()}


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Array | tuple[int, ...]],
    outputs: Mapping[str, int] | Sequence[str],
    constants: Mapping[str, Any] | None = None,
) -> onnx.ModelProto:
    """A model of opset 17.

    `inputs`: arrays or, for float32, shapes. `outputs`: their element types, float32 where only names are
    given.
    """
    kinds = outputs if isinstance(outputs, Mapping) else dict.fromkeys(outputs, TensorProto.FLOAT)
    made = helper.make_graph(
        list(nodes),
        "test",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, each)
            if isinstance(each, tuple)
            else helper.make_tensor_value_info(name, TYPES[each.dtype], each.shape)
            for name, each in inputs.items()
        ],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds.items()],
        [numpy_helper.from_array(np.asarray(each), name) for name, each in (constants or {}).items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def reference(model: onnx.ModelProto, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """What onnxruntime computes, without optimising."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in model.graph.output]
    return dict(zip(names, session.run(None, dict(feeds)), strict=True))


def difference(name: str, got: Array, expected: Array, tolerance: float = 1e-5) -> str:
    """What is wrong with an output, in words; empty where nothing is.

    `tolerance`: the difference allowed, as a part of the largest finite number; 0: bit for bit.
    """
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return f"{name} is {got.dtype} {got.shape}, not {expected.dtype} {expected.shape}"
    if got.dtype.kind != "f" or not tolerance:
        wrong = (
            got != expected
            if got.dtype.kind != "f"
            else ~((got == expected) | (np.isnan(got) & np.isnan(expected)))
        )
        if not wrong.any():
            return ""
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        return (
            f"{name}{list(at)} is {got[at]}, not {expected[at]} ({int(wrong.sum())} of {wrong.size} differ)"
        )
    finite = np.isfinite(expected)
    if not np.array_equal(np.where(finite, 0, got), np.where(finite, 0, expected), equal_nan=True):
        return f"{name} differs in infinities or NaN"
    if not finite.any():
        return ""
    limit = tolerance * float(np.abs(expected[finite]).max())
    off = np.where(finite, np.abs(got.astype(np.float64) - np.where(finite, expected, 0)), 0)
    off = np.where(np.isnan(off), np.inf, off)
    if (off <= limit).all():
        return ""
    at = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
    return (
        f"{name}{list(at)} is {got[at]}, not {expected[at]} ({int((off > limit).sum())} of {off.size} differ)"
    )


def check(
    model: onnx.ModelProto,
    feeds: Mapping[str, Array],
    tolerance: float = 1e-5,
    expected: Mapping[str, Array] | None = None,
) -> Program:
    """Compile a model, run both modules on rubbish, and compare with onnxruntime or with `expected`."""
    program = compile_graph(model)
    wanted = reference(model, feeds) if expected is None else expected
    for kind in ("simd", "relaxed"):
        got = Running(getattr(program, kind), program.weights)(feeds)
        for name, each in wanted.items():
            problem = difference(name, got[name], np.asarray(each), tolerance)
            assert not problem, f"{kind}: {problem}\n{onnx.printer.to_text(model)[:3000]}"
    return program
