"""Finds the nodes of a wrapped graph that belong to the network and may be quantised or run in float16.

Does not change a graph. Preprocessing and postprocessing (decoding, smoothing over time) cost little and stay
float32.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx import helper

ANCHORS = ("Conv", "Gemm")  # the published networks begin and end with these
# The names that models/graphs/text.py gives to nodes of pre- and postprocessing begin with one of these. (The
# postprocessing of PoseNet has a Conv.)
OURS = ("preprocess", "postprocess")
# Operators that compute in the type of their inputs and do not handle positions, sizes or indices.
PLAIN = frozenset(
    {
        *ANCHORS,
        *("Add", "AveragePool", "Clip", "Concat", "ConvTranspose", "DepthToSpace", "Div", "Elu"),
        *("GlobalAveragePool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MatMul", "MaxPool"),
        *("Mul", "PRelu", "Pad", "ReduceMean", "Relu", "Reshape", "Resize", "Sigmoid", "Slice", "Split"),
        *("Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze"),
    }
)
# Inputs that do not have the operator's type: shapes, axes, and Resize's factors, which are always float32.
OTHER: dict[str, tuple[int, ...]] = dict.fromkeys(
    ("Pad", "ReduceMean", "Reshape", "Split", "Squeeze", "Unsqueeze"), (1,)
)
OTHER |= {"Resize": (1, 2, 3), "Slice": (1, 2, 3, 4)}


def network_nodes(model: onnx.ModelProto) -> list[int]:
    """The indices, in order, of the nodes from the first to the last Conv or Gemm, both included.

    Empty where there is neither.
    """
    nodes = list(model.graph.node)
    after: set[str] = set()
    inside: list[int] = []
    for place, node in enumerate(nodes):
        if node.name.split("/")[0] in OURS or node.op_type not in PLAIN:
            continue
        if node.op_type in ANCHORS or after & set(node.input):
            inside.append(place)
            after.update(node.output)
    before: set[str] = set()
    result = []
    for place in reversed(inside):
        if nodes[place].op_type in ANCHORS or before & set(nodes[place].output):
            result.append(place)
            before.update(nodes[place].input)
    return result[::-1]


def typed_inputs(node: onnx.NodeProto) -> list[str]:
    """The names of a node's inputs that have the operator's type."""
    return [name for i, name in enumerate(node.input) if name and i not in OTHER.get(node.op_type, ())]


def rebuild(
    model: onnx.ModelProto, nodes: Iterable[onnx.NodeProto], initialisers: Iterable[onnx.TensorProto]
) -> onnx.ModelProto:
    """`model` with these nodes, and with those of the initialisers that they use."""
    nodes, graph = list(nodes), model.graph
    used = {name for node in nodes for name in node.input}
    stored = [tensor for tensor in initialisers if tensor.name in used]
    return helper.make_model(
        helper.make_graph(nodes, graph.name, graph.input, graph.output, stored),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
        producer_name="vitrine",
    )


def cast(source: str, target: str, kind: int) -> onnx.NodeProto:
    """A node that casts `source` to the type `kind`."""
    return helper.make_node("Cast", [source], [target], to=kind)
