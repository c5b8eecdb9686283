"""Builds small ONNX models from ONNX text and merges two models into one.

Does not know particular networks or backends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper, parser

from models.artifacts import OPSET

HEAD = f'<ir_version: 8, opset_import: ["" : {OPSET}]>\n'

# mask = p + (memory - p) * keep * 4p(1 - p): a pixel is smoothed only where the network is unsure of it.
SMOOTHING = """
    still = Mul(p, p)
    doubt = Sub(p, still)
    gain = Mul(keep, four)
    hold = Mul(doubt, gain)
    change = Sub(memory, p)
    step = Mul(change, hold)
    mask = Add(p, step)
"""


def text(body: str, weights: Mapping[str, NDArray[np.generic]] | None = None) -> onnx.ModelProto:
    """The checked model of ONNX text (one graph, opset 17) with `weights` as its initialisers.

    Its nodes are named "<graph>/<output>", so that they can be told from those of a network.
    """
    model = parser.parse_model(HEAD + body)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in (weights or {}).items()
    )
    for node in model.graph.node:
        node.name = f"{model.graph.name}/{node.output[0]}"
    onnx.checker.check_model(model, full_check=True)
    return model


def initializers(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    """The initialisers by name."""
    return {tensor.name: tensor for tensor in model.graph.initializer}


def output_names(model: onnx.ModelProto) -> list[str]:
    """The names of the outputs, in order."""
    return [value.name for value in model.graph.output]


def node_inputs(node: onnx.NodeProto) -> set[str]:
    """The names of the values a node may use: its inputs, and all names in the graphs of an If or Loop."""
    inner = (name for a in node.attribute if a.HasField("g") for name in _names(a.g))
    return {*node.input, *inner}


def shapes(model: onnx.ModelProto, pinned: Mapping[str, int] | None = None) -> dict[str, tuple[int, ...]]:
    """The shapes of all values that shape inference finds; an unknown size is 0.

    `pinned` first gives sizes to free dimensions. Raises onnx.shape_inference.InferenceError.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    for value in copy.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in (pinned or {}):
                dim.dim_value = (pinned or {})[dim.dim_param]
    if pinned:
        for value in copy.graph.output:  # they are inferred again
            value.type.tensor_type.ClearField("shape")
    copy = onnx.shape_inference.infer_shapes(copy, strict_mode=True)
    values = (*copy.graph.input, *copy.graph.output, *copy.graph.value_info)
    return {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in values}


def merge(
    first: onnx.ModelProto,
    second: onnx.ModelProto,
    connections: Sequence[tuple[str, str]],
    extra_outputs: Collection[str] = (),
) -> onnx.ModelProto:
    """Merges two models; `connections` pairs outputs of `first` with the inputs of `second` they feed.

    The outputs are those of `second` and the `extra_outputs` of `first`. Inputs and outputs keep their names.
    Other names change only where both models have them. Raises onnx.checker.ValidationError where the two
    do not fit.
    """
    fed = {b: a for a, b in connections}
    open_inputs = [value for value in second.graph.input if value.name not in fed]
    public = {v.name for v in (*open_inputs, *second.graph.output)}
    fixed = {v.name for v in first.graph.input} | set(extra_outputs)
    used = set(_names(first.graph)) | set(_names(second.graph))
    clash = set(_names(first.graph)) & set(_names(second.graph))
    before = {name: _fresh(name, used) for name in sorted((clash & public) - fixed)}
    after = {name: before.get(fed[name], fed[name]) for name in fed}
    after |= {name: _fresh(name, used) for name in sorted(clash - public - set(fed))}
    a, b = _renamed(first.graph, before), _renamed(second.graph, after)
    inputs = [*a.input, *(v for v in b.input if v.name in public and v.name not in fixed)]
    extra = [v for v in a.output if v.name in extra_outputs]
    merged = helper.make_graph(
        [*a.node, *b.node], first.graph.name, inputs, [*extra, *b.output], [*a.initializer, *b.initializer]
    )
    opsets = {o.domain: o for o in (*second.opset_import, *first.opset_import)}
    model = helper.make_model(
        merged, opset_imports=list(opsets.values()), ir_version=8, producer_name="vitrine"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _names(graph: onnx.GraphProto) -> Iterator[str]:
    """The name of every value in the graph, also in the graphs inside its nodes."""
    for part in (graph.input, graph.output, graph.initializer):
        yield from (item.name for item in part)
    for node in graph.node:
        yield from (name for name in (*node.input, *node.output) if name)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _names(attribute.g)


def _fresh(name: str, used: set[str]) -> str:
    while name in used:
        name += "_"
    used.add(name)
    return name


def _renamed(graph: onnx.GraphProto, names: Mapping[str, str]) -> onnx.GraphProto:
    copy = onnx.GraphProto()
    copy.CopyFrom(graph)
    rename(copy, lambda name: names.get(name, name))
    return copy


def rename(graph: onnx.GraphProto, new: Callable[[str], str]) -> None:
    """Renames every value in the graph, also in the graphs inside its nodes, by the function `new`."""
    for part in (graph.input, graph.output, graph.initializer):
        for item in part:
            item.name = new(item.name)
    for node in graph.node:
        node.input[:] = [new(name) for name in node.input]
        node.output[:] = [new(name) for name in node.output]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                rename(attribute.g, new)
