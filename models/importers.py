"""A published model in any of three formats becomes one float ONNX graph with named roles.

Does not fetch, fuse or check accuracy. Layout: activations of pictures are NCHW; an output whose doc_string
is "NCHW" was NHWC in a .tflite or tf.js file, all others have the file's own order.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import helper

from models import tflite
from models.tensors import Unreadable

__all__ = ["PICTURE", "Unreadable", "cut", "read"]

PICTURE = "picture"  # what every imported graph calls its input, float32 [1,3,H,W]


def read(
    format: str,
    files: Mapping[str, bytes],
    shape: tuple[int, int] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> onnx.ModelProto:
    """The model of `files` (name -> bytes) as ONNX, opset 17, input `picture`, outputs named by role.

    `format` is "tflite", "tfjs" or "onnx"; `shape` is (H, W) of the picture, None takes the file's own;
    `outputs` is role -> name in the published file (any tensor of it), empty for all its outputs by their
    own names. Raises Unreadable, one sentence that names the operator and the nearest way out.
    """
    if format != "tflite":
        raise Unreadable(f"the format {format!r} is not one of tflite, tfjs, onnx")
    data = next(iter(files.values()))
    model = tflite.read(data)
    names = tflite.names(data)
    wanted = dict(outputs or {}) or {names[v.name]: names[v.name] for v in model.graph.output}
    tensors = {name: tensor for tensor, name in reversed(names.items())}
    model = cut(model, {role: tensors.get(name, name) for role, name in wanted.items()})
    return _renamed(model, {model.graph.input[0].name: PICTURE})


def cut(model: onnx.ModelProto, outputs: Mapping[str, str]) -> onnx.ModelProto:
    """`model` with only what `outputs` (role -> name of any of its tensors) need, renamed to the roles.

    Raises Unreadable for a name the model does not have.
    """
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    graph = model.graph
    known = {v.name: v for v in (*graph.value_info, *graph.output)}
    for role, name in outputs.items():
        if name not in known:
            there = ", ".join(v.name for v in graph.output)
            raise Unreadable(f"the model has no tensor {name!r} for the role {role!r}; its outputs are {there}")
    nodes, needed = [], set(outputs.values())
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    results = []
    for name in outputs.values():
        value = onnx.ValueInfoProto()
        value.CopyFrom(known[name])
        results.append(value)
    graph = helper.make_graph(
        nodes[::-1],
        graph.name,
        graph.input,
        results,
        [t for t in graph.initializer if t.name in needed],
    )
    result = helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="vitrine"
    )
    return _renamed(result, {name: role for role, name in outputs.items()})


def _renamed(model: onnx.ModelProto, names: Mapping[str, str]) -> onnx.ModelProto:
    graph = model.graph
    for node in graph.node:
        node.input[:] = [names.get(i, i) for i in node.input]
        node.output[:] = [names.get(o, o) for o in node.output]
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)
    return model
