"""Rewrites: the same numbers from operators a backend has, has right, or has fast.

Does not choose variants and does not measure: make.py applies PASSES, verify.py checks.
Every rewrite takes a model and returns a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from models.graphs.text import outputs, rename, shapes, taken

Rewrite = Callable[[onnx.ModelProto], onnx.ModelProto]
Nodes = list[onnx.NodeProto]
FUSED = ("Relu", "Sigmoid", "Clip")  # what WebGL fuses into a convolution
MOVED = ("Add", "Clip", "Div", "LeakyRelu", "Mul", "Relu", "Sigmoid", "Sqrt", "Sub")  # number by number


def tidy(model: onnx.ModelProto) -> onnx.ModelProto:
    """Takes out Identity nodes, and initialisers and shape notes nothing uses; unpacks weights first."""
    public = outputs(model)
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
    nodes.sort(key=lambda node: not stored.issuperset(taken(node)))  # what only unpacks weights stands first
    return _rebuilt(model, nodes)


def conv_first(model: onnx.ModelProto) -> onnx.ModelProto:
    """A 1x1 convolution goes before the Resize it follows: a quarter of the work, the same result.

    Both are linear, one over channels and one over pixels, and Resize keeps a bias as it is.
    Selfie landscape on WASM, one thread: 4.9 to 4.5 ms.
    """
    nodes, stored = _copies(model), {tensor.name for tensor in model.graph.initializer}
    for resize in [node for node in nodes if node.op_type == "Resize"]:
        users = [node for node in nodes if resize.output[0] in taken(node)]
        if len(users) != 1 or users[0].op_type != "Conv" or not _pointwise(users[0]):
            continue
        if len(resize.input) != 3 or resize.output[0] in outputs(model):
            continue  # with sizes, it says how many channels there are
        conv, between = users[0], f"{resize.output[0]}_small"
        before = {name for node in nodes[: _index(nodes, resize)] for name in node.output}
        if set(conv.input[1:]) - before - stored:
            continue  # weights that are computed later
        conv.input[0], resize.output[0], conv.output[0] = resize.input[0], conv.output[0], between
        resize.input[0] = between
        first, second = _index(nodes, resize), _index(nodes, conv)
        nodes[first], nodes[second] = conv, resize
    return _rebuilt(model, nodes)


def without_hard_swish(model: onnx.ModelProto) -> onnx.ModelProto:
    """x * clip(x / 6 + 1/2, 0, 1): WebGL has neither HardSwish nor HardSigmoid."""

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
    """An operator on single numbers goes before the Reshape it follows: WebGL is silently wrong after it.

    It reads by texture coordinate, and Reshape keeps the old texture. Only operators whose other inputs
    are one number for all are moved; verify.operators refuses what is left.
    """
    single = {t.name for t in model.graph.initializer if not t.dims or list(t.dims) == [1]}
    nodes, public = _copies(model), outputs(model)
    moved = True
    while moved:
        moved = False
        views = {node.output[0]: node for node in nodes if node.op_type in ("Reshape", "Squeeze", "Flatten")}
        for node in nodes:
            view = views.get(node.input[0]) if node.op_type in MOVED else None
            if view is None or view.output[0] in public or set(node.input[1:]) - single:
                continue
            if sum(view.output[0] in taken(other) for other in nodes) > 1:
                continue
            node.input[0], view.input[0] = view.input[0], f"{node.output[0]}_before"
            node.output[0], view.output[0] = view.input[0], node.output[0]
            first, second = _index(nodes, view), _index(nodes, node)
            nodes[first], nodes[second] = node, view
            moved = True
            break
    return _rebuilt(model, nodes)


def own_activations(model: onnx.ModelProto) -> onnx.ModelProto:
    """Keeps WebGL from giving a convolution the activation of another one.

    It fuses Relu, Sigmoid and Clip into the convolution before them, and caches the shader by the
    shapes without the activation (its dot-product.ts says `cacheKey` where `cacheHint` is read):
    of two ungrouped convolutions of equal shapes the second silently gets the first one's. Where
    that would happen, Relu becomes LeakyRelu with slope 0 and others get + 0 in front: not fused.
    Where sizes are free, convolutions of equal channels count as of equal shapes.
    """
    sizes = shapes(model)
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    nodes = _copies(model)
    after: dict[tuple[object, ...], dict[str, list[onnx.NodeProto]]] = {}
    for conv in nodes:
        if conv.op_type != "Conv" or _option(conv, "group", 1) != 1:
            continue  # grouped ones are cached by all their attributes
        users = [node for node in nodes if conv.output[0] in taken(node)]
        fused = users[0].op_type if len(users) == 1 and users[0].op_type in FUSED else ""
        size = tuple(n for n in sizes.get(conv.output[0], ()) if n)
        key = (size, weights[conv.input[1]], len(conv.input))
        after.setdefault(key, {}).setdefault(fused, []).extend(users if fused else [])
    apart = [user for kinds in after.values() if len(kinds) > 1 for users in kinds.values() for user in users]
    result: Nodes = []
    for node in nodes:
        if not any(node is user for user in apart):
            result.append(node)
        elif node.op_type == "Relu":
            result.append(helper.make_node("LeakyRelu", node.input, node.output, alpha=0.0))
        else:
            between = f"{node.output[0]}_apart"
            result.append(helper.make_node("Add", [node.input[0], "no_change"], [between]))
            node.input[0] = between
            result.append(node)
    return _rebuilt(model, result, {"no_change": np.zeros(1, np.float32)})


# What every backend gets, and what one needs besides.
COMMON: tuple[Rewrite, ...] = (tidy, conv_first)
PASSES: dict[str, tuple[Rewrite, ...]] = {
    "wasm": (),
    "webgpu": (),
    "webgl": (without_hard_swish, reshape_last, own_activations),
}
# Backends whose graph takes float32 bytes, and those that leave choosing faces to Python.
FLOAT_RGBA = {"webgl"}  # it has no texture of bytes: a Cast there would only rename the type
NO_SELECT = {"webgl"}  # no TopK, NonMaxSuppression, Min, Max, Gather by computed rows


def lower(model: onnx.ModelProto, backends: Iterable[str]) -> onnx.ModelProto:
    """`model` with every rewrite that one of `backends` needs, checked."""
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
    """An attribute's value."""
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def _pointwise(conv: onnx.NodeProto) -> bool:
    """A 1x1 convolution over all channels, without stride or padding."""
    ones = {"kernel_shape": 1, "strides": 1, "dilations": 1, "group": 1, "pads": 0}
    return all(np.all(np.equal(_option(conv, name, value), value)) for name, value in ones.items())


def _replaced(
    model: onnx.ModelProto,
    kind: str,
    steps: Callable[[onnx.NodeProto], Nodes],
    weights: dict[str, NDArray[np.generic]],
) -> onnx.ModelProto:
    """Every node of a kind gives way to `steps(node)`, which may add to `weights`."""
    nodes: Nodes = []
    for node in _copies(model):
        nodes.extend(steps(node) if node.op_type == kind else [node])
    return _rebuilt(model, nodes, weights)


def _rebuilt(
    model: onnx.ModelProto, nodes: Nodes, weights: dict[str, NDArray[np.generic]] | None = None
) -> onnx.ModelProto:
    graph, used = model.graph, {name for node in nodes for name in taken(node)}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    kept += [
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in (weights or {}).items()
        if name in used
    ]
    rebuilt = helper.make_graph(nodes, graph.name, graph.input, graph.output, kept)
    return helper.make_model(
        rebuilt, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="vitrine"
    )
