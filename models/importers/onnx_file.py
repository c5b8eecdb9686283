"""Imports an ONNX file: opset 17, one NCHW picture as input, outputs named by role.

Does not rewrite operators beyond what onnx's version converter does (opset.py). `finish` is also the last
step of the other importers.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper

from models.artifacts import OPSET
from models.importers.bounds import check_file, check_shapes, subgraphs
from models.importers.builder import TO_NHWC
from models.importers.errors import ModelFileError, change_size, give_size
from models.importers.opset import convert

MAX_BYTES = 1 << 29  # of a file
PICTURE = "picture"  # the input of every imported graph
RENAMED = "picture_own"  # a value of the file that has the same name
DAMAGE = (
    onnx.checker.ValidationError,
    onnx.shape_inference.InferenceError,
    AttributeError,
    DecodeError,
    IndexError,
    KeyError,
    RuntimeError,
    TypeError,
    UnicodeDecodeError,
    ValueError,
)


def import_onnx(
    files: Mapping[str, bytes], shape: tuple[int, int] | None, outputs: Mapping[str, str]
) -> onnx.ModelProto:
    """The ONNX model of the one file; see formats.import_model. Raises ModelFileError."""
    data = next(iter(files.values()))
    if len(data) > MAX_BYTES:
        raise ModelFileError(f"the ONNX file has {len(data):,} bytes, more than {MAX_BYTES:,}.")
    try:
        model = onnx.ModelProto()
        model.ParseFromString(data)
        check_file(model)
        names = [value.name for value in model.graph.output]
        model = _picture(convert(model), shape)
        roles = outputs or {name: name for name in names}
        renamed = RENAMED in {name for node in model.graph.node for name in node.output}
        roles = {r: RENAMED if name == PICTURE and renamed else name for r, name in roles.items()}
        return extract(model, roles)
    except ModelFileError as error:
        raise error.within("ONNX file not readable") from None
    except DAMAGE as error:
        raise ModelFileError(f"ONNX file damaged ({_line(error)}).") from None


def extract(model: onnx.ModelProto, outputs: Mapping[str, str]) -> onnx.ModelProto:
    """`model` cut down to `outputs` (role -> name of any of its tensors), which are renamed to their roles.

    Raises ModelFileError for a name that the model does not have.
    """
    graph = model.graph
    computed = {name for node in graph.node for name in node.output}
    for role, name in outputs.items():
        if name not in computed:
            known = ", ".join(value.name for value in graph.output)
            if name in {value.name for value in graph.output}:
                raise ModelFileError(f"no node computes the output {name!r}.")
            raise ModelFileError(
                f"there is no tensor {name!r} for the output {role!r}. The outputs of the file are: {known}."
            )
    nodes, needed = [], set(outputs.values())
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= (set(node.input) | _inner_names(node)) - {
                ""
            }  # an optional input or output that is left out
    nodes.reverse()
    notes = {value.name: value.doc_string for value in graph.output}
    marks = {f"role:{role}": role for role in outputs}
    nodes += [
        helper.make_node("Identity", [name], [mark], mark)
        for mark, name in zip(marks, outputs.values(), strict=True)
    ]
    results = [helper.make_empty_tensor_value_info(mark) for mark in marks]
    for result, name in zip(results, outputs.values(), strict=True):
        result.doc_string = notes.get(name, "")
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    return finish(helper.make_graph(nodes, graph.name or "model", graph.input, results, weights), marks)


def finish(graph: onnx.GraphProto, names: Mapping[str, str]) -> onnx.ModelProto:
    """The checked model of `graph` with inferred shapes. `names` renames its outputs, each an Identity's.

    Raises ModelFileError for sizes above the limits and for outputs that are not tensors of numbers.
    """
    if PICTURE in names.values():
        raise ModelFileError(
            f"an output is called {PICTURE!r}, which is the name of the input here.",
            lambda places: f"Give it another name {places.outputs}.",
        )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="vitrine"
    )
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    check_shapes(model, names)
    nodes, renamed = list(model.graph.node), dict(names)
    computed = {name for node in nodes for name in node.output}
    last = [node for node in nodes if node.op_type == "Identity" and node.output[0] in names]
    for node in last:
        source = node.input[0]
        if source in computed and source not in renamed:
            renamed[source] = names[node.output[0]]
            nodes.remove(node)
    roles = set(names.values())
    for node in nodes:  # a value that has the name of a role is renamed
        for name in (*node.output, *node.input):
            if name in roles and name not in renamed:
                renamed[name] = f"{name}_inside"
    for node in nodes:
        node.output[:] = [renamed.get(name, name) for name in node.output]
    _rename_inputs(model.graph, renamed)
    for value in (*model.graph.initializer, *model.graph.output, *model.graph.value_info):
        value.name = renamed.get(value.name, value.name)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    outputs = {value.name for value in model.graph.output}
    inner = [value for value in model.graph.value_info if value.name not in outputs]
    del model.graph.value_info[:]
    model.graph.value_info.extend(inner)
    onnx.checker.check_model(model, full_check=True)
    return model


def _picture(model: onnx.ModelProto, shape: tuple[int, int] | None) -> onnx.ModelProto:
    """The model with the input `picture` float32 [1,3,H,W], whatever the layout and type of its own input."""
    graph = model.graph
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in stored]
    if len(inputs) != 1:
        raise ModelFileError(f"it has {len(inputs)} inputs; only one input, a picture, is supported.")
    tensor = inputs[0].type.tensor_type
    sizes = [d.dim_value if d.WhichOneof("value") == "dim_value" else -1 for d in tensor.shape.dim]
    if len(sizes) != 4 or sizes[0] not in (1, -1, 0) or 3 not in (sizes[1], sizes[3]):
        raise ModelFileError(
            f"its input has the shape {sizes}; only one picture of three channels is supported."
        )
    last = sizes[1] != 3
    fixed = sizes[1:3] if last else sizes[2:]
    height, width = shape or fixed
    if min(height, width) < 1:
        raise ModelFileError("its input has no fixed size.", give_size)
    if any(n > 0 and n != m for n, m in zip(fixed, (height, width), strict=True)):
        raise ModelFileError(f"its input is {fixed[0]} x {fixed[1]}, not {height} x {width}.", change_size)
    name, nodes = PICTURE, []
    if tensor.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8):
        raise ModelFileError("its input is not a picture of floats or bytes.")
    if tensor.elem_type != TensorProto.FLOAT:
        nodes.append(helper.make_node("Cast", [name], ["picture_cast"], "picture_cast", to=tensor.elem_type))
        name = "picture_cast"
    if last:
        nodes.append(helper.make_node("Transpose", [name], ["picture_nhwc"], "picture_nhwc", perm=TO_NHWC))
        name = "picture_nhwc"
    names = {PICTURE: RENAMED}
    for node in graph.node:
        node.output[:] = [names.get(output, output) for output in node.output]
    names[inputs[0].name] = name
    _rename_inputs(graph, names)
    source = helper.make_tensor_value_info(PICTURE, TensorProto.FLOAT, [1, 3, height, width])
    results = [
        helper.make_empty_tensor_value_info(names.get(value.name, value.name)) for value in graph.output
    ]
    whole = helper.make_graph(
        [*nodes, *graph.node], graph.name or "model", [source], results, list(graph.initializer)
    )
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def _inner_names(node: onnx.NodeProto) -> set[str]:
    """The names that graphs inside a node (of If, Loop) use."""
    inside = (g for a in node.attribute for g in (*a.graphs, *([a.g] if a.HasField("g") else [])))
    return {name for graph in inside for one in subgraphs(graph) for n in one.node for name in n.input}


def _rename_inputs(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Renames the inputs of all nodes, also inside If and Loop."""
    for one in subgraphs(graph):
        for node in one.node:
            node.input[:] = [names.get(name, name) for name in node.input]


def _line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip()[:200] if lines else type(error).__name__
