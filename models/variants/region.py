"""Which nodes of a fused graph are the network: what may be quantised or computed in halves.

Does not change a graph. What comes before the first convolution (the front) and after the last one (decoding,
smoothing over time) is ours, costs next to nothing and stays float32.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx import helper

ANCHORS = ("Conv", "Gemm")  # the published networks begin and end with these
OURS = (
    "front",
    "back",
)  # whose nodes models/graphs/text.py names FRONT/...; PoseNet's back counts cells by a Conv
# Operators that compute in the type they are given and carry no positions, sizes or indices.
PLAIN = frozenset(
    {
        *ANCHORS,
        *("Add", "AveragePool", "Clip", "Concat", "ConvTranspose", "DepthToSpace", "Div", "Elu"),
        *("GlobalAveragePool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MatMul", "MaxPool"),
        *("Mul", "PRelu", "Pad", "ReduceMean", "Relu", "Reshape", "Resize", "Sigmoid", "Slice", "Split"),
        *("Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze"),
    }
)
# Inputs that are not of the operator's own type: shapes, axes, and Resize's factors, always float32.
OTHER: dict[str, tuple[int, ...]] = dict.fromkeys(
    ("Pad", "ReduceMean", "Reshape", "Split", "Squeeze", "Unsqueeze"), (1,)
)
OTHER |= {"Resize": (1, 2, 3), "Slice": (1, 2, 3, 4)}


def network(model: onnx.ModelProto) -> list[int]:
    """The places of the nodes between the first and the last Conv or Gemm, those included, in order.

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


def weights(node: onnx.NodeProto) -> list[str]:
    """The names of a node's inputs that are of the operator's own type."""
    return [name for i, name in enumerate(node.input) if name and i not in OTHER.get(node.op_type, ())]


def rebuilt(
    model: onnx.ModelProto, nodes: Iterable[onnx.NodeProto], initialisers: Iterable[onnx.TensorProto]
) -> onnx.ModelProto:
    """`model` with other nodes, and those of the initialisers that they use."""
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
    """A Cast node."""
    return helper.make_node("Cast", [source], [target], to=kind)
