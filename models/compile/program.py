"""compile_graph(): an ONNX graph becomes a WebAssembly module, its twin for relaxed SIMD, and a weights file.

Does not write files and does not run the module: app.native and app.page do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from models.compile import arena, graph, operators, rewrite, wasm
from models.compile.ir import DTYPES, Step, View, round_up
from models.compile.lower import Lowering
from models.compile.wasm import PAGE, Function

SECTION = "vitrine"  # the custom section that describes the module
VERSION = 1
ALIGN = 64
TYPES = {own: name for name, own in DTYPES.items()} | {"mask": "int32"}


@dataclass(frozen=True)
class Program:
    """A compiled graph. Both modules read the same weights.

    A module exports `memory`, whose size is fixed, `load()` and `run()`. Copy the weights to their offset and
    call load() once; then copy inputs to their offsets, call run(), and read outputs at theirs. Tensors are
    contiguous, the last axis first.
    """

    simd: bytes
    relaxed: bytes
    weights: bytes
    steps: tuple[tuple[str, int], ...]  # title of each step of run(), and its multiplications


def compile_graph(
    model: onnx.ModelProto, dimensions: Mapping[str, int] | None = None, profile: bool = False
) -> Program:
    """Compile a float graph; `dimensions` gives its free dimensions their sizes.

    `profile`: each step is exported too, as step0, step1, ... Raises UnsupportedError, which names what
    cannot be compiled.
    """
    assert operators  # importing the package registers the handlers
    low = Lowering(rewrite.simplified(graph.read(model, dimensions or {})))
    low.run()
    start = ALIGN
    end = round_up(low.weights.place(start), ALIGN)
    fixed = [view.buffer for view in (*low.inputs.values(), *low.outputs.values())]
    file = low.weights.file()
    top = max(arena.plan(low.steps, fixed, end), end + len(file) + ALIGN)
    pages = round_up(top + ALIGN, PAGE) // PAGE
    about = {
        "version": VERSION,
        "weights": {"offset": end, "bytes": len(file)},
        "inputs": {name: _described(view) for name, view in low.inputs.items()},
        "outputs": {name: _described(view) for name, view in low.outputs.items()},
    }
    custom = {SECTION: json.dumps(about, separators=(",", ":")).encode()}
    simd, relaxed = (_module(low, start, end, pages, custom, kind, profile) for kind in (False, True))
    return Program(simd, relaxed, file, tuple((step.title, step.macs) for step in low.steps))


def _described(view: View) -> dict[str, object]:
    return {"type": TYPES[view.dtype], "shape": list(view.shape), "offset": view.address}


def _module(
    low: Lowering, start: int, end: int, pages: int, custom: dict[str, bytes], relaxed: bool, profile: bool
) -> bytes:
    functions = low.weights.loader(start, end)
    load = len(functions) - 1
    run = Function("run")
    for step in low.steps:
        run.call(len(functions))
        functions.append(_function(step, relaxed))
    exports = {"load": load, "run": len(functions)}
    if profile:
        exports |= {f"step{i}": load + 1 + i for i in range(len(low.steps))}
    return wasm.module([*functions, run], exports, pages, custom)


def _function(step: Step, relaxed: bool) -> Function:
    f = Function(step.title, relaxed=relaxed)
    step.emit(f)
    return f
