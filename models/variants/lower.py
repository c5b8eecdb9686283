"""Rewrites a graph so that a backend supports its operators, computes them correctly and fast.

Does not choose variants and does not verify: make.py applies PASSES, verify/parity.py compares the results.
Every rewrite takes a model and returns a new one that computes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from models.graphs.text import node_inputs, output_names, rename, shapes

Rewrite = Callable[[onnx.ModelProto], onnx.ModelProto]
Nodes = list[onnx.NodeProto]
FUSED = ("Relu", "Sigmoid", "Clip")  # activations that WebGL fuses into a convolution
MOVED = ("Add", "Clip", "Div", "LeakyRelu", "Mul", "Relu", "Sigmoid", "Sqrt", "Sub")  # element by element


def tidy(model: onnx.ModelProto) -> onnx.ModelProto:
    """Removes Identity nodes, unused initialisers and shape annotations; decodes weights first."""
    public = output_names(model)
    same: dict[str, str] = {}
    nodes: Nodes = []
    for node in _copies(model):
        node.input[:] = [same.get(name, name) for name in node.input]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                rename(attribute.g, lambda name: same.get(name, name))
        if node.op_type == "Identity" and node.output[0] not in public:
            same[node.output[0]] = node.input[0]
        else:
            nodes.append(node)
    stored = {tensor.name for tensor in model.graph.initializer}
    nodes.sort(key=lambda node: not stored.issuperset(node_inputs(node)))  # decoding of weights first
    return _rebuilt(model, nodes)


def conv_first(model: onnx.ModelProto) -> onnx.ModelProto:
    """Moves a 1x1 convolution before the Resize it follows: the same result with a quarter of the work.

    Both are linear, one over channels and one over pixels, and Resize does not change a bias. Selfie
    landscape on WASM with one thread: 4.5 instead of 4.9 ms.
    """
    nodes, stored = _copies(model), {tensor.name for tensor in model.graph.initializer}
    for resize in [node for node in nodes if node.op_type == "Resize"]:
        users = [node for node in nodes if resize.output[0] in node_inputs(node)]
        if len(users) != 1 or users[0].op_type != "Conv" or not _pointwise(users[0]):
            continue
        if len(resize.input) != 3 or resize.output[0] in output_names(model):
            continue  # a Resize with sizes fixes the number of channels
        conv, between = users[0], f"{resize.output[0]}_small"
        before = {name for node in nodes[: _index(nodes, resize)] for name in node.output}
        if set(conv.input[1:]) - before - stored:
            continue  # its weights are computed later
        conv.input[0], resize.output[0], conv.output[0] = resize.input[0], conv.output[0], between
        resize.input[0] = between
        first, second = _index(nodes, resize), _index(nodes, conv)
        nodes[first], nodes[second] = conv, resize
    return _rebuilt(model, nodes)


def without_hard_swish(model: onnx.ModelProto) -> onnx.ModelProto:
    """Writes HardSwish as x * clip(x / 6 + 1/2, 0, 1): WebGL has neither HardSwish nor HardSigmoid."""

    def steps(node: onnx.NodeProto) -> Nodes:
        x, y = node.input[0], node.output[0]
        return [
            helper.make_node("Mul", [x, "hs_sixth"], [f"{y}_a"]),
            helper.make_node("Add", [f"{y}_a", "hs_half"], [f"{y}_b"]),
            helper.make_node("Clip", [f"{y}_b", "hs_zero", "hs_one"], [f"{y}_c"]),
            helper.make_node("Mul", [x, f"{y}_c"], [y]),
        ]

    numbers = {"hs_sixth": np.array([1 / 6], np.float32), "hs_half": np.array([0.5], np.float32)}
    limits = {"hs_zero": np.array(0, np.float32), "hs_one": np.array(1, np.float32)}
    return _replaced(model, "HardSwish", steps, {**numbers, **limits})


def reshape_last(model: onnx.ModelProto) -> onnx.ModelProto:
    """Moves element-wise operators before the Reshape they follow, after which WebGL computes wrong numbers.

    WebGL reads by texture coordinate, and Reshape keeps the old texture. Only operators whose other inputs
    are single numbers are moved; parity.operators rejects the others.
    """
    single = {t.name for t in model.graph.initializer if not t.dims or list(t.dims) == [1]}
    nodes, public = _copies(model), output_names(model)
    moved = True
    while moved:
        moved = False
        views = {node.output[0]: node for node in nodes if node.op_type in ("Reshape", "Squeeze", "Flatten")}
        for node in nodes:
            view = views.get(node.input[0]) if node.op_type in MOVED else None
            if view is None or view.output[0] in public or set(node.input[1:]) - single:
                continue
            if sum(view.output[0] in node_inputs(other) for other in nodes) > 1:
                continue
            node.input[0], view.input[0] = view.input[0], f"{node.output[0]}_before"
            node.output[0], view.output[0] = view.input[0], node.output[0]
            first, second = _index(nodes, view), _index(nodes, node)
            nodes[first], nodes[second] = node, view
            moved = True
            break
    return _rebuilt(model, nodes)


def separate_activations(model: onnx.ModelProto) -> onnx.ModelProto:
    """Keeps WebGL from applying the activation of one convolution to another.

    WebGL fuses Relu, Sigmoid and Clip into the convolution before them and caches the shader by the shapes
    without the activation (its dot-product.ts sets `cacheKey` where `cacheHint` is read). Of two ungrouped
    convolutions of equal shapes the second silently gets the activation of the first. In such cases Relu
    becomes LeakyRelu with slope 0, and an Add of 0 is put before the others: these are not fused.
    With free sizes, convolutions with equal channels count as of equal shapes.
    """
    sizes = shapes(model)
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    nodes = _copies(model)
    after: dict[tuple[object, ...], dict[str, list[onnx.NodeProto]]] = {}
    for conv in nodes:
        if conv.op_type != "Conv" or _option(conv, "group", 1) != 1:
            continue  # grouped convolutions are cached by all attributes
        users = [node for node in nodes if conv.output[0] in node_inputs(node)]
        fused = users[0].op_type if len(users) == 1 and users[0].op_type in FUSED else ""
        size = tuple(n for n in sizes.get(conv.output[0], ()) if n)
        key = (size, weights[conv.input[1]], len(conv.input))
        after.setdefault(key, {}).setdefault(fused, []).extend(users if fused else [])
    separate = [
        user for kinds in after.values() if len(kinds) > 1 for users in kinds.values() for user in users
    ]
    result: Nodes = []
    for node in nodes:
        if not any(node is user for user in separate):
            result.append(node)
        elif node.op_type == "Relu":
            result.append(helper.make_node("LeakyRelu", node.input, node.output, alpha=0.0))
        else:
            between = f"{node.output[0]}_apart"
            result.append(helper.make_node("Add", [node.input[0], "no_change"], [between]))
            node.input[0] = between
            result.append(node)
    return _rebuilt(model, result, {"no_change": np.zeros(1, np.float32)})


# The rewrites for every backend, and those for one.
COMMON: tuple[Rewrite, ...] = (tidy, conv_first)
PASSES: dict[str, tuple[Rewrite, ...]] = {
    "wasm-ort": (),
    "webgpu": (),
    "webgl": (without_hard_swish, reshape_last, separate_activations),
}
# Backends whose graph takes the bytes as float32, and those on which Python selects the faces.
FLOAT_RGBA = {"webgl"}  # WebGL has no textures of bytes
NO_SELECT = {"webgl"}  # WebGL has no TopK, NonMaxSuppression, Min, Max or Gather with computed indices


def rgba_type(backends: Iterable[str]) -> str:
    """The type of the input `rgba` for backends: bytes, but float32 where one of them has no bytes."""
    return "float32" if FLOAT_RGBA & set(backends) else "uint8"


def lower(model: onnx.ModelProto, backends: Iterable[str]) -> onnx.ModelProto:
    """`model` with every rewrite that one of `backends` needs; the result is checked."""
    done: list[Rewrite] = []
    for rewrite in [*COMMON, *(r for backend in backends for r in PASSES[backend])]:
        if rewrite not in done:
            model = rewrite(model)
            done.append(rewrite)
    onnx.checker.check_model(model, full_check=True)
    return model


def _copies(model: onnx.ModelProto) -> Nodes:
    nodes = [onnx.NodeProto() for _ in model.graph.node]
    for copy, node in zip(nodes, model.graph.node, strict=True):
        copy.CopyFrom(node)
    return nodes


def _index(nodes: Nodes, node: onnx.NodeProto) -> int:
    return next(i for i, other in enumerate(nodes) if other is node)


def _option(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """The value of a node's attribute."""
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def _pointwise(conv: onnx.NodeProto) -> bool:
    """Whether a convolution is 1x1 over all channels, without stride or padding."""
    ones = {"kernel_shape": 1, "strides": 1, "dilations": 1, "group": 1, "pads": 0}
    return all(np.all(np.equal(_option(conv, name, value), value)) for name, value in ones.items())


def _replaced(
    model: onnx.ModelProto,
    kind: str,
    steps: Callable[[onnx.NodeProto], Nodes],
    weights: dict[str, NDArray[np.generic]],
) -> onnx.ModelProto:
    """Replaces every node of a kind by `steps(node)`, which may use `weights`."""
    nodes: Nodes = []
    for node in _copies(model):
        nodes.extend(steps(node) if node.op_type == kind else [node])
    return _rebuilt(model, nodes, weights)


def _rebuilt(
    model: onnx.ModelProto, nodes: Nodes, weights: dict[str, NDArray[np.generic]] | None = None
) -> onnx.ModelProto:
    graph, used = model.graph, {name for node in nodes for name in node_inputs(node)}
    tensors = [tensor for tensor in graph.initializer if tensor.name in used]
    tensors += [
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in (weights or {}).items()
        if name in used
    ]
    rebuilt = helper.make_graph(nodes, graph.name, graph.input, graph.output, tensors)
    return helper.make_model(
        rebuilt, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="vitrine"
    )
