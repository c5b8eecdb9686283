"""Imports a published model of any of three formats: one float ONNX graph with outputs named by role.

Does not fetch files, wrap the network or check its accuracy. Layout: activations of pictures are NCHW. An
output whose doc_string is "NCHW" was NHWC in a .tflite or tf.js file; all others have the file's own order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import helper, numpy_helper

from models.importers import onnx_file, tfjs, tflite
from models.importers.builder import TO_NCHW, Builder
from models.importers.errors import ModelFileError, Places, change_size, give_size
from models.importers.ir import Network, Step, quoted
from models.importers.operators import OPERATORS

EXPORTED = "the model to ONNX with its own exporter (tf2onnx, torch.onnx) and add that file."
NCHW = "NCHW"  # the doc_string of an output that was NHWC in the file
Files = Mapping[str, bytes]
Size = tuple[int, int]
# What NumPy and ONNX raise when a damaged graph is built.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    KeyError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
)


def import_model(
    format: str, files: Files, shape: Size | None = None, outputs: Mapping[str, str] | None = None
) -> onnx.ModelProto:
    """The model of `files` (name -> bytes) as ONNX, opset 17, input `picture` float32 [1,3,H,W].

    `format` is "tflite", "tfjs" (model.json first, or by that name) or "onnx". `shape` is (H, W) of the
    picture; None takes the size in the file. `outputs` is role -> name of any tensor in the file; empty
    takes all its outputs by their own names. The graph contains only what the outputs need. Integer weights
    of a quantised file stay as they are, with DequantizeLinear; biases are float32.
    Raises ModelFileError, which names the operator at fault and what to do.
    """
    if format not in FORMATS:
        raise ModelFileError(f"the format {format!r} is not one of {', '.join(FORMATS)}.")
    if not files:
        raise ModelFileError("the model has no file.")
    return FORMATS[format](files, shape, dict(outputs or {}))


def import_resizable(
    format: str, files: Files, sizes: Sequence[Size], outputs: Mapping[str, str] | None = None
) -> onnx.ModelProto:
    """As `import_model`, with free dimensions `height` and `width`: one graph for every (H, W) of `sizes`.

    Raises ModelFileError where the graphs of two sizes differ, as they do when a stride pads them differently
    (BodyPix at stride 16 needs sizes that are a multiple of 16, plus 1).
    """
    models = [import_model(format, files, size, outputs) for size in sizes]
    first = models[0]
    for model, size in zip(models[1:], sizes[1:], strict=True):
        for a, b in zip(first.graph.node, model.graph.node, strict=False):
            if a != b:
                raise ModelFileError(
                    f"the sizes {sizes[0]} and {size} need different graphs, from {a.op_type} {a.name!r} on. "
                    "Use sizes with the same remainder by the network's stride, or one size only."
                )
        weights = [{t.name: t.SerializeToString() for t in m.graph.initializer} for m in (first, model)]
        if len(first.graph.node) != len(model.graph.node) or weights[0] != weights[1]:
            raise ModelFileError(
                f"the sizes {sizes[0]} and {size} need different weights. Use one size only."
            )
    return _with_free_sizes(first, models)


def _with_free_sizes(model: onnx.ModelProto, others: Sequence[onnx.ModelProto]) -> onnx.ModelProto:
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


def _importer(parse: Callable[[Files, Size | None], Network]) -> Callable[..., onnx.ModelProto]:
    """An importer for a format with a parser: the Network is parsed, pruned and built step by step."""

    def build(files: Files, shape: Size | None, outputs: dict[str, str]) -> onnx.ModelProto:
        network = parse(files, shape)
        roles = {}
        for role, name in outputs.items():
            if name not in network.names:
                known = ", ".join(quoted(output)[1:-1] for output in list(network.outputs)[:12])
                raise ModelFileError(
                    f"there is no tensor {name!r} for the output {role!r}. "
                    f"The outputs of the file are: {known}."
                )
            roles[role] = network.names[name]
        roles = roles or dict(network.outputs)
        network = network.pruned(list(roles.values()))
        builder = Builder(network)
        builder.uses.update(roles.values())
        for step in network.steps:
            _add_step(builder, step, network)
        try:
            return _model(builder, roles)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, *DAMAGE) as error:
            raise ModelFileError(f"the graph is inconsistent ({_line(error)}).") from None

    return build


def _add_step(builder: Builder, step: Step, network: Network) -> None:
    if step.kind not in OPERATORS:
        computed = {name for name in step.inputs if name in builder.values} - {network.picture}
        before = next((name for name, value in network.names.items() if value in computed), "")

        def advice(places: Places) -> str:
            if not before:
                return f"Convert {EXPORTED}"
            return f"Name {before!r} {places.outputs} to cut the network before it, or convert {EXPORTED}"

        raise ModelFileError(f"{step.label} is not an operator that the importer knows.", advice)
    try:
        OPERATORS[step.kind](builder, step)
    except ModelFileError as error:
        raise error.within(step.label) from None
    except (ValueError, *DAMAGE) as error:
        raise ModelFileError(f"{step.label} is inconsistent ({_line(error)}).") from None
    for name in step.outputs:
        stated, shape = network.shapes.get(name), builder.shape(name)
        if stated is not None and tuple(stated) != tuple(shape):
            raise ModelFileError(
                f"{step.label} computes the shape {tuple(shape)}, but the file states {tuple(stated)}."
            )


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _model(builder: Builder, roles: Mapping[str, str]) -> onnx.ModelProto:
    """The finished graph with one output for each role."""
    results, nodes = [], list(builder.nodes)
    for role, name in roles.items():
        if name in builder.constants:
            raise ModelFileError(f"the output {role!r} does not depend on the picture.")
        value = builder.values[name]
        shape = [value.shape[i] for i in TO_NCHW] if value.image and len(value.shape) == 4 else value.shape
        nodes.append(helper.make_node("Identity", [value.name], [f"role:{role}"], f"role:{role}"))
        kind = onnx.TensorProto.UNDEFINED
        results.append(helper.make_tensor_value_info(f"role:{role}", kind, shape))
        if value.image:
            results[-1].doc_string = NCHW
    picture = builder.values[next(iter(builder.values))]
    source = helper.make_tensor_value_info(
        onnx_file.PICTURE, onnx.TensorProto.FLOAT, [picture.shape[i] for i in TO_NCHW]
    )
    used = {name for node in nodes for name in node.input}
    weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in builder.weights.items() if n in used]
    graph = helper.make_graph(nodes, "model", [source], results, weights)
    return onnx_file.finish(graph, {f"role:{role}": role for role in roles})


def _tflite(files: Files, shape: Size | None) -> Network:
    network = tflite.parse(next(iter(files.values())))
    fixed = network.shape
    if len(fixed) != 4 or fixed[0] != 1 or fixed[3] != 3:
        raise ModelFileError(
            f"its input has the shape {fixed}; only one picture of three channels is supported."
        )
    if shape is not None and tuple(shape) != fixed[1:3]:
        raise ModelFileError(
            f"its input is {fixed[1]} x {fixed[2]}, not {shape[0]} x {shape[1]}.", change_size
        )
    return network


def _tfjs(files: Files, shape: Size | None) -> Network:
    network = tfjs.parse(files)
    batch, height, width, channels = network.shape
    if channels != 3 or batch not in (1, -1):
        raise ModelFileError(
            f"its input has the shape {network.shape}; only one picture of three channels is supported."
        )
    size = shape or (height, width)
    if min(size) < 1:
        raise ModelFileError("its input has no fixed size.", give_size)
    if any(known not in (-1, n) for known, n in zip((height, width), size, strict=True)):
        raise ModelFileError(f"its input is {height} x {width}, not {size[0]} x {size[1]}.", change_size)
    return replace(network, shape=(1, *size, 3))


FORMATS: dict[str, Callable[..., onnx.ModelProto]] = {
    "tflite": _importer(_tflite),
    "tfjs": _importer(_tfjs),
    "onnx": onnx_file.import_onnx,
}
