"""Compiles graphs to WebAssembly modules and writes these as files: the graphs of the backend "wasm".

Does not know how to compile (models/compile/ does) and does not compare results (models/verify/compiled.py
does).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from app.core.card import Graph, Variant
from models import artifacts
from models.artifacts import OPSET
from models.compile import Program, UnsupportedError, compile_graph

__all__ = ["Program", "UnsupportedError", "beside", "compile_graph", "graph", "variants"]

# The modules of a Program, and the feature of the browser that they need. The first that can run is used.
FORMS = (("compiled-relaxed", "relaxed-simd"), ("compiled", ""))


def graph(
    name: str, weights: str, model: onnx.ModelProto, out: Path, dimensions: Mapping[str, int] | None = None
) -> Graph:
    """A small graph of this project as a compiled one, in out/models; its twin for relaxed SIMD is no faster.

    `weights`: the name of the weights' file, which graphs may share. `dimensions`: sizes of its free
    dimensions, by name. A graph without them that cannot be compiled is stored for onnxruntime; with them,
    this raises UnsupportedError.
    """
    try:
        program = compile_graph(model, dimensions)
    except UnsupportedError:
        if dimensions:
            raise
        return artifacts.write(name, artifacts.serialize(model), out)
    stored = artifacts.write(weights, program.weights, out, suffix="bin")
    return artifacts.write(name, program.simd, out, suffix="wasm", weights=stored)


def variants(
    program: Program,
    name: str,
    weights: str,
    backends: Sequence[str],
    out: Path,
    rgba: str = "uint8",
    folder: str = "models",
) -> tuple[Variant, ...]:
    """The Variants of a compiled graph, whose files are then in out/folder: `name` and its `weights`."""
    stored = artifacts.write(weights, program.weights, out, folder, "bin")
    modules = dict(zip(FORMS, (program.relaxed, program.simd), strict=True))
    if program.relaxed == program.simd:
        del modules[FORMS[0]]
    return tuple(
        Variant(
            id,
            tuple(backends),
            (artifacts.write(f"{name}-{id}", module, out, folder, "wasm", stored),),
            rgba,
            OPSET,
            needs,
        )
        for (id, needs), module in modules.items()
    )


def beside(
    model: onnx.ModelProto,
    name: str,
    backends: Sequence[str],
    out: Path,
    folder: str = "models",
    rgba: str = "uint8",
) -> tuple[Variant, ...]:
    """The compiled Variants of a graph of this project that runs beside a model. Raises UnsupportedError."""
    return variants(compile_graph(model), name, f"{name}-weights", backends, out, rgba, folder)
