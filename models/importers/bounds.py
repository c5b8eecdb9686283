"""What no ONNX graph here has: sizes without bounds, parts elsewhere, operators of its own, odd outputs.

Does not read files and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import onnx
from onnx import TensorProto

from models.importers.ir import MAX_ELEMENTS, MAX_STEPS, MAX_TOTAL, Unreadable, shown
from models.importers.opset import EXPORT


def claimed(model: onnx.ModelProto) -> None:
    """Raises Unreadable before anything is computed of sizes that no model here has, or of foreign parts."""
    total, nodes = 0, 0
    for graph in graphs(model.graph):
        nodes += len(graph.node)
        for node in graph.node:
            if node.domain not in ("", "ai.onnx") or not onnx.defs.has(node.op_type):
                own = f"{node.domain}.{node.op_type}".removeprefix(".")
                raise Unreadable(
                    f"node {node.name!r} is {own}, an operator of its own: {EXPORT} "
                    "and without functions or quantised operators of the exporter"
                )
        for tensor in _tensors(graph):
            if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
                raise Unreadable(f"{tensor.name!r} lies in another file: save the model as one file")
            count = math.prod(tensor.dims) if min(tensor.dims, default=0) >= 0 else MAX_TOTAL
            total += count
            if count > 8 * tensor.ByteSize():
                raise Unreadable(f"{tensor.name!r} claims {count} numbers in {tensor.ByteSize()} bytes")
    if total > MAX_TOTAL or nodes > MAX_STEPS:
        raise Unreadable(f"it claims {nodes} nodes and {total:,} numbers")
    if model.functions:
        raise Unreadable(f"it has functions of its own: {EXPORT} and inline them (onnx.inliner)")


def computable(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Raises Unreadable where a size that is computed has no bounds, or an output is not a tensor of numbers.

    `names` is what the outputs are called in what is said.
    """
    for graph in graphs(model.graph):
        for value in (*graph.value_info, *graph.output):
            known = math.prod(max(1, dim.dim_value) for dim in value.type.tensor_type.shape.dim)
            if known > MAX_ELEMENTS:
                name = shown(names.get(value.name, value.name))
                raise Unreadable(f"the tensor {name} has {known:,} numbers, more than {MAX_ELEMENTS:,}")
    for value in model.graph.output:
        kind = value.type.WhichOneof("value")
        if kind != "tensor_type" or value.type.tensor_type.elem_type == TensorProto.STRING:
            what = "strings" if kind == "tensor_type" else f"a {str(kind).removesuffix('_type')}"
            raise Unreadable(
                f"the output {shown(names[value.name])} is {what}, not a tensor of numbers: name others in "
                "[outputs] to leave it out"
            )


def graphs(graph: onnx.GraphProto, depth: int = 0) -> Iterator[onnx.GraphProto]:
    """The graph and those inside its nodes (of If, Loop). Raises Unreadable where they are too deep."""
    yield graph
    if depth > 8:
        raise Unreadable("graphs lie in graphs more than eight deep")
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                yield from graphs(inner, depth + 1)


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        raise Unreadable(f"{sparse.values.name!r} is sparse: save the model with dense weights")
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t
