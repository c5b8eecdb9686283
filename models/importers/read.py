"""A published model in any of three formats becomes one float ONNX graph with named roles.

Does not fetch, fuse or check accuracy. Layout: activations of pictures are NCHW; an output whose doc_string
is "NCHW" was NHWC in a .tflite or tf.js file, all others have the file's own order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import helper, numpy_helper

from models.importers import onnx_file, tfjs, tflite
from models.importers.builder import OPSET, TO_NCHW, Draft
from models.importers.ir import Network, Step, Unreadable, shown
from models.importers.onnx_file import cut
from models.importers.operators import OPERATORS

__all__ = ["FORMATS", "OPSET", "PICTURE", "Unreadable", "cut", "free", "read"]

PICTURE = "picture"  # what every imported graph calls its input, float32 [1,3,H,W]
NCHW = "NCHW"  # the doc_string of an output that was NHWC in the file
Files = Mapping[str, bytes]
Size = tuple[int, int]
# What a broken graph makes NumPy and ONNX raise while it is put together.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    KeyError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
)


def read(
    format: str, files: Files, shape: Size | None = None, outputs: Mapping[str, str] | None = None
) -> onnx.ModelProto:
    """The model of `files` (name -> bytes) as ONNX, opset 17, input `picture`, outputs named by role.

    `format` is "tflite", "tfjs" (model.json first, or by that name) or "onnx"; `shape` is (H, W) of the
    picture, None takes the file's own; `outputs` is role -> name in the published file (any tensor of it),
    empty for all its outputs by their own names. Nothing the outputs do not need is in the graph.
    Integer weights of a quantised file stay as they are, behind DequantizeLinear; biases are float32.
    Raises Unreadable, one sentence that names the operator and the nearest way out.
    """
    if format not in FORMATS:
        raise Unreadable(f"the format {format!r} is not one of {', '.join(FORMATS)}")
    if not files:
        raise Unreadable("no file is given")
    return FORMATS[format](files, shape, dict(outputs or {}))


def free(
    format: str, files: Files, sizes: Sequence[Size], outputs: Mapping[str, str] | None = None
) -> onnx.ModelProto:
    """As `read`, with free dimensions `height` and `width`: one graph for every (H, W) of `sizes`.

    Raises Unreadable where the graphs of two sizes differ, as they do when a stride does not divide them
    alike (for BodyPix at stride 16 every (n - 1) has to be a multiple of 16).
    """
    models = [read(format, files, size, outputs) for size in sizes]
    first = models[0]
    for model, size in zip(models[1:], sizes[1:], strict=True):
        for a, b in zip(first.graph.node, model.graph.node, strict=False):
            if a != b:
                raise Unreadable(
                    f"{sizes[0]} and {size} make different graphs, at {a.op_type} {a.name!r}: take sizes "
                    "that leave the same remainder by the network's stride, or one size only"
                )
        weights = [{t.name: t.SerializeToString() for t in m.graph.initializer} for m in (first, model)]
        if len(first.graph.node) != len(model.graph.node) or weights[0] != weights[1]:
            raise Unreadable(f"{sizes[0]} and {size} make graphs with different numbers: take one size only")
    return _freed(first, models)


def _freed(model: onnx.ModelProto, others: Sequence[onnx.ModelProto]) -> onnx.ModelProto:
    del model.graph.value_info[:]
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    for dimension, name in zip(dimensions[2:], ("height", "width"), strict=True):
        dimension.dim_param = name
    for index, output in enumerate(model.graph.output):
        shapes = [
            [d.dim_value for d in other.graph.output[index].type.tensor_type.shape.dim]
            for other in others[1:]
        ]
        for place, dimension in enumerate(output.type.tensor_type.shape.dim):
            if dimension.dim_value and any(shape[place] != dimension.dim_value for shape in shapes):
                dimension.Clear()
    return model


def _written(parse: Callable[[Files, Size | None], Network]) -> Callable[..., onnx.ModelProto]:
    """An importer by way of a Network: parsed, pruned, drawn up step by step."""

    def build(files: Files, shape: Size | None, outputs: dict[str, str]) -> onnx.ModelProto:
        network = parse(files, shape)
        wanted = {}
        for role, name in outputs.items():
            if name not in network.names:
                there = ", ".join(shown(output)[1:-1] for output in list(network.outputs)[:12])
                raise Unreadable(f"no tensor is called {name!r}, wanted as {role!r}; the outputs are {there}")
            wanted[role] = network.names[name]
        wanted = wanted or dict(network.outputs)
        network = network.needed(list(wanted.values()))
        draft = Draft(network)
        draft.uses.update(wanted.values())
        for step in network.steps:
            _step(draft, step, network)
        try:
            return _model(draft, wanted)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, *DAMAGE) as error:
            raise Unreadable(f"the graph does not hold together: {_line(error)}") from None

    return build


def _step(draft: Draft, step: Step, network: Network) -> None:
    if step.kind not in OPERATORS:
        inside = {name for name in step.inputs if name in draft.values} - {network.picture}
        source = next((f for f, value in network.names.items() if value in inside), "")
        before = f"name {source!r} in [outputs] to stop before it, or " if source else ""
        raise Unreadable(
            f"{step.label} is not an operator the importer knows: {before}convert the model to ONNX with its "
            "own exporter (tf2onnx, torch.onnx) and add that file"
        )
    try:
        OPERATORS[step.kind](draft, step)
    except Unreadable as error:
        raise Unreadable(f"{step.label}: {error}") from None
    except (ValueError, *DAMAGE) as error:
        raise Unreadable(f"{step.label} does not hold together: {_line(error)}") from None
    for name in step.outputs:
        said, found = network.shapes.get(name), draft.shape(name)
        if said is not None and tuple(said) != tuple(found):
            raise Unreadable(f"{step.label} makes {tuple(found)}, the file says {tuple(said)}")


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _model(draft: Draft, wanted: Mapping[str, str]) -> onnx.ModelProto:
    """The finished graph, every role an output of its own."""
    results, nodes = [], list(draft.nodes)
    for role, name in wanted.items():
        if name in draft.constants:
            raise Unreadable(f"{role!r} does not depend on the picture")
        value = draft.values[name]
        shape = [value.shape[i] for i in TO_NCHW] if value.image and len(value.shape) == 4 else value.shape
        nodes.append(helper.make_node("Identity", [value.name], [f"role:{role}"], f"role:{role}"))
        kind = onnx.TensorProto.UNDEFINED
        results.append(helper.make_tensor_value_info(f"role:{role}", kind, shape))
        if value.image:
            results[-1].doc_string = NCHW
    picture = draft.values[next(iter(draft.values))]
    source = helper.make_tensor_value_info(
        PICTURE, onnx.TensorProto.FLOAT, [picture.shape[i] for i in TO_NCHW]
    )
    used = {name for node in nodes for name in node.input}
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in draft.weights.items() if n in used]
    graph = helper.make_graph(nodes, "model", [source], results, weights)
    return onnx_file.finished(graph, {f"role:{role}": role for role in wanted})


def _tflite(files: Files, shape: Size | None) -> Network:
    network = tflite.parse(next(iter(files.values())))
    own = network.shape
    if len(own) != 4 or own[0] != 1 or own[3] != 3:
        raise Unreadable(f"its input has the shape {own}; only one picture of three channels is supported")
    if shape is not None and tuple(shape) != own[1:3]:
        raise Unreadable(
            f"its input is {own[1]} x {own[2]}, not {shape[0]} x {shape[1]}: change [input] in the card"
        )
    return network


def _tfjs(files: Files, shape: Size | None) -> Network:
    network = tfjs.parse(files)
    batch, height, width, channels = network.shape
    if channels != 3 or batch not in (1, -1):
        raise Unreadable(
            f"its input has the shape {network.shape}; only one picture of three channels is supported"
        )
    size = shape or (height, width)
    if min(size) < 1:
        raise Unreadable("its input has no size of its own: give one in [input] of the card")
    if any(own not in (-1, n) for own, n in zip((height, width), size, strict=True)):
        raise Unreadable(
            f"its input is {height} x {width}, not {size[0]} x {size[1]}: change [input] in the card"
        )
    return replace(network, shape=(1, *size, 3))


FORMATS: dict[str, Callable[..., onnx.ModelProto]] = {
    "tflite": _written(_tflite),
    "tfjs": _written(_tfjs),
    "onnx": onnx_file.read,
}
