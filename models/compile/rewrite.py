"""Algebra on a graph before lowering: the same results, up to rounding, with less work.

Does not know memory, code or the shapes of values. Each rule looks at one node and gives the nodes that
replace it; the rules are applied until none fits. They serve decoders that add an enlarged map to another one
and weigh channels by their means. In the rules' names and docstrings, "pointwise" is a 1 x 1 convolution, W
its weights and b its bias.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.compile.graph import Graph, Node, needed
from models.compile.packing import Const

ONES = [1, 1]


@dataclass
class Surroundings:
    """What rules ask about a graph."""

    graph: Graph
    producers: Mapping[str, Node]
    users: Mapping[str, list[Node]]

    @classmethod
    def of(cls, graph: Graph) -> Surroundings:
        """Those of a graph as it is now."""
        producers = {name: node for node in graph.nodes for name in node.outputs}
        users: dict[str, list[Node]] = {name: [] for name, _ in graph.outputs}
        for name, _ in graph.outputs:
            users[name].append(Node("Output", (name,), (), {}))
        for node in graph.nodes:
            for name in dict.fromkeys(node.inputs):
                users.setdefault(name, []).append(node)
        return cls(graph, producers, users)

    def only_user(self, name: str) -> bool:
        """Whether a single node reads a value."""
        return len(self.users.get(name, [])) == 1

    def made_by(self, name: str, op: str) -> Node | None:
        """The node that makes a value, if it is of this operator."""
        node = self.producers.get(name)
        return node if node is not None and node.op == op else None

    def operands(self, node: Node, op: str) -> tuple[str, Node] | None:
        """(an operand that is no constant, the node of this operator that makes the other one)."""
        for one, other in (node.inputs, node.inputs[::-1]):
            found = self.made_by(other, op)
            if found and one not in self.graph.constants:
                return one, found
        return None

    def pointwise(self, node: Node | None) -> Const | None:
        """The weights of a 1 x 1 convolution of all channels with constant weights and bias; else None."""
        if node is None or node.op != "Conv" or any(node.attributes.get("pads", [])):
            return None
        weights = self.graph.constants.get(node.inputs[1])
        plain = node.attributes.get("group", 1) == 1 and node.attributes.get("strides", ONES) == ONES
        known = all(name in self.graph.constants for name in node.inputs[2:] if name)
        return weights if weights and plain and known and weights.array.shape[2:] == (1, 1) else None

    def constant(self, name: str, const: Const) -> str:
        """Add a constant."""
        self.graph.constants[name] = const
        return name

    def enlarges(self, node: Node) -> bool:
        """Whether a Resize keeps the mean of a map.

        It does if it is linear, pixels have their centres in the middle, and rows and columns are multiplied
        by whole numbers.
        """
        a = node.attributes
        centred = a.get("coordinate_transformation_mode", b"half_pixel") == b"half_pixel"
        scales = self.graph.constants.get(node.inputs[2]) if len(node.inputs) == 3 else None
        if a.get("mode") != b"linear" or not centred or scales is None or scales.array.size != 4:
            return False
        factors = scales.array
        return bool(
            (factors == np.round(factors)).all() and (factors >= 1).all() and (factors[:2] == 1).all()
        )


Rule = Callable[[Surroundings, Node], list[Node] | None]


def mean_of_sum(around: Surroundings, node: Node) -> list[Node] | None:
    """mean(a + enlarged(q)) = mean(a) + mean(q)."""
    if node.op != "GlobalAveragePool":
        return None
    total = around.made_by(node.inputs[0], "Add")
    parts = around.operands(total, "Resize") if total else None
    if parts is None or not around.enlarges(parts[1]):
        return None
    (name,) = node.outputs
    means = [
        replace(node, inputs=(each,), outputs=(f"{name} of {i}",))
        for i, each in enumerate((parts[0], parts[1].inputs[0]))
    ]
    return [*means, Node("Add", (means[0].outputs[0], means[1].outputs[0]), node.outputs, {})]


def pointwise_of_sum(around: Surroundings, node: Node) -> list[Node] | None:
    """W (a + enlarged(q)) + b = (W a + b) + enlarged(W q)."""
    weights = around.pointwise(node)
    total = around.made_by(node.inputs[0], "Add") if weights else None
    parts = around.operands(total, "Resize") if total and around.only_user(node.inputs[0]) else None
    if (
        weights is None
        or parts is None
        or not around.enlarges(parts[1])
        or weights.array.shape[0] > weights.array.shape[1]
    ):
        return None
    (name,) = node.outputs
    other, resize = parts
    small = replace(node, inputs=(resize.inputs[0], node.inputs[1]), outputs=(f"{name} small",))
    large = replace(node, inputs=(other, *node.inputs[1:]), outputs=(f"{name} large",))
    enlarged = replace(resize, inputs=(f"{name} small", *resize.inputs[1:]), outputs=(f"{name} enlarged",))
    return [small, large, enlarged, Node("Add", (f"{name} large", f"{name} enlarged"), node.outputs, {})]


def mean_of_pointwise(around: Surroundings, node: Node) -> list[Node] | None:
    """mean(W x + b) = W mean(x) + b, where else only 1 x 1 convolutions read W x + b: they are merged."""
    if node.op != "GlobalAveragePool":
        return None
    conv = around.made_by(node.inputs[0], "Conv")
    others = [user for user in around.users[node.inputs[0]] if user is not node]
    if around.pointwise(conv) is None or conv is None or not others or not all(map(around.pointwise, others)):
        return None
    (name,) = node.outputs
    mean = replace(node, inputs=conv.inputs[:1], outputs=(f"{name} before",))
    return [mean, replace(conv, inputs=(f"{name} before", *conv.inputs[1:]), outputs=node.outputs)]


def merged_pointwise(around: Surroundings, node: Node) -> list[Node] | None:
    """V (W x + b) + c = (V W) x + (V b + c), where that is less work."""
    second = around.pointwise(node)
    conv = around.made_by(node.inputs[0], "Conv") if second else None
    first = around.pointwise(conv)
    if second is None or first is None or conv is None or not around.only_user(node.inputs[0]):
        return None
    v, w = (each.array[:, :, 0, 0].astype(np.float64) for each in (second, first))
    if v.shape[0] * w.shape[1] > v.size + w.size:
        return None
    constants = around.graph.constants
    b, c = (
        constants[each.inputs[2]].array.astype(np.float64) if any(each.inputs[2:]) else 0.0
        for each in (conv, node)
    )
    (name,) = node.outputs
    weights = around.constant(f"{name} weights", Const((v @ w).astype(np.float32)[:, :, None, None]))
    bias = around.constant(
        f"{name} bias", Const(np.broadcast_to(v @ (b + np.zeros(w.shape[0])) + c, v.shape[:1]))
    )
    return [replace(node, inputs=(conv.inputs[0], weights, bias))]


RULES: tuple[Rule, ...] = (mean_of_sum, pointwise_of_sum, mean_of_pointwise, merged_pointwise)


def simplified(graph: Graph) -> Graph:
    """The graph after all rules."""
    while True:
        around = Surroundings.of(graph)
        for index, node in enumerate(graph.nodes):
            made = next(filter(None, (rule(around, node) for rule in RULES)), None)
            if made:
                nodes = [*graph.nodes[:index], *made, *graph.nodes[index + 1 :]]
                graph = replace(graph, nodes=needed(nodes, graph.outputs))
                break
        else:
            return graph
