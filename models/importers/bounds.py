"""Rejects ONNX files with unbounded sizes, external data, custom operators or unsupported outputs.

Does not read files and does not change a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import onnx
from onnx import TensorProto

from models.importers.errors import ModelFileError, leave_out
from models.importers.ir import MAX_ELEMENTS, MAX_STEPS, MAX_TOTAL, quoted
from models.importers.opset import EXPORT


def check_file(model: onnx.ModelProto) -> None:
    """Raises ModelFileError for sizes above the limits, external data and custom operators.

    Nothing is computed from the model before this check.
    """
    total, nodes = 0, 0
    for graph in subgraphs(model.graph):
        nodes += len(graph.node)
        for node in graph.node:
            if node.domain not in ("", "ai.onnx") or not onnx.defs.has(node.op_type):
                name = f"{node.domain}.{node.op_type}".removeprefix(".")
                raise ModelFileError(
                    f"node {node.name!r} is the custom operator {name}. {EXPORT}, without functions and "
                    "without quantised operators of the exporter."
                )
        for tensor in _tensors(graph):
            if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
                raise ModelFileError(
                    f"{tensor.name!r} is stored in another file. Save the model as one file."
                )
            count = math.prod(tensor.dims) if min(tensor.dims, default=0) >= 0 else MAX_TOTAL
            total += count
            if count > 8 * tensor.ByteSize():
                raise ModelFileError(f"{tensor.name!r} claims {count} numbers in {tensor.ByteSize()} bytes.")
    if total > MAX_TOTAL or nodes > MAX_STEPS:
        raise ModelFileError(f"it claims {nodes} nodes and {total:,} numbers, which is too many.")
    if model.functions:
        raise ModelFileError(f"it has functions of its own. {EXPORT} and inline them (onnx.inliner).")


def check_shapes(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Raises ModelFileError for inferred shapes above the limits and outputs that are not tensors of numbers.

    `names` maps the outputs to their names for the message.
    """
    for graph in subgraphs(model.graph):
        for value in (*graph.value_info, *graph.output):
            known = math.prod(max(1, dim.dim_value) for dim in value.type.tensor_type.shape.dim)
            if known > MAX_ELEMENTS:
                name = quoted(names.get(value.name, value.name))
                raise ModelFileError(f"the tensor {name} has {known:,} numbers, more than {MAX_ELEMENTS:,}.")
    for value in model.graph.output:
        kind = value.type.WhichOneof("value")
        if kind != "tensor_type" or value.type.tensor_type.elem_type == TensorProto.STRING:
            actual = (
                "a tensor of strings" if kind == "tensor_type" else f"a {str(kind).removesuffix('_type')}"
            )
            raise ModelFileError(
                f"the output {quoted(names[value.name])} is {actual}, not a tensor of numbers.", leave_out
            )


def subgraphs(graph: onnx.GraphProto, depth: int = 0) -> Iterator[onnx.GraphProto]:
    """The graph and all graphs inside its nodes (of If, Loop). Raises ModelFileError above eight levels."""
    yield graph
    if depth > 8:
        raise ModelFileError("its graphs are nested more than eight levels deep.")
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                yield from subgraphs(inner, depth + 1)


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        raise ModelFileError(f"{sparse.values.name!r} is sparse. Save the model with dense weights.")
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t
