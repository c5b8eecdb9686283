"""An ONNX file as the graph this project works with: opset 17, one NCHW picture in, outputs by role.

Does not rewrite operators beyond what onnx's own version converter does (opset.py). Also the last step of
every importer: `finished` and `cut`.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper

from models.importers.bounds import claimed, computable, graphs
from models.importers.builder import OPSET, TO_NHWC
from models.importers.ir import Unreadable
from models.importers.opset import converted

MAX_BYTES = 1 << 29  # of a file
PICTURE, OWN = "picture", "picture_own"  # the input, and what a value of the file is called that has its name
BROKEN = (
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


def read(
    files: Mapping[str, bytes], shape: tuple[int, int] | None, outputs: Mapping[str, str]
) -> onnx.ModelProto:
    """The ONNX model of the one file, as models.importers.read.read describes it. Raises Unreadable."""
    data = next(iter(files.values()))
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the ONNX file has {len(data):,} bytes, more than {MAX_BYTES:,}")
    try:
        model = onnx.ModelProto()
        model.ParseFromString(data)
        claimed(model)
        names = [value.name for value in model.graph.output]
        model = _picture(converted(model), shape)
        made = {name for node in model.graph.node for name in node.output}
        wanted = outputs or {name: name for name in names}
        own = {role: OWN if name == PICTURE and OWN in made else name for role, name in wanted.items()}
        return cut(model, own)
    except Unreadable as error:
        raise Unreadable(f"ONNX file not readable: {error}") from None
    except BROKEN as error:
        raise Unreadable(f"ONNX file damaged: {_line(error)}") from None


def cut(model: onnx.ModelProto, outputs: Mapping[str, str]) -> onnx.ModelProto:
    """`model` with only what `outputs` (role -> name of any of its tensors) need, renamed to the roles.

    Raises Unreadable for a name the model does not have.
    """
    graph = model.graph
    made = {name for node in graph.node for name in node.output}
    for role, name in outputs.items():
        if name not in made:
            there = ", ".join(value.name for value in graph.output)
            if name in {value.name for value in graph.output}:
                raise Unreadable(f"nothing computes the output {name!r}")
            raise Unreadable(f"no tensor is called {name!r}, wanted as {role!r}; the outputs are {there}")
    nodes, needed = [], set(outputs.values())
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= (set(node.input) | _inner(node)) - {
                ""
            }  # what an operator is not given, or does not give
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
    return finished(helper.make_graph(nodes, graph.name or "model", graph.input, results, weights), marks)


def finished(graph: onnx.GraphProto, names: Mapping[str, str]) -> onnx.ModelProto:
    """A checked model of `graph` with all shapes; `names` renames its outputs, each made by an Identity.

    Raises Unreadable for sizes that no network here has, and for outputs that are no numbers.
    """
    if PICTURE in names.values():
        raise Unreadable(
            f"an output is called {PICTURE!r}, as the input is here: name it in [outputs] to rename"
        )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="vitrine"
    )
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    computable(model, names)
    nodes, renamed = list(model.graph.node), dict(names)
    made = {name for node in nodes for name in node.output}
    last = [node for node in nodes if node.op_type == "Identity" and node.output[0] in names]
    for node in last:
        source = node.input[0]
        if source in made and source not in renamed:
            renamed[source] = names[node.output[0]]
            nodes.remove(node)
    taken = set(names.values())
    for node in nodes:  # a value that has a role's name by chance gives way
        for name in (*node.output, *node.input):
            if name in taken and name not in renamed:
                renamed[name] = f"{name}_inside"
    for node in nodes:
        node.output[:] = [renamed.get(name, name) for name in node.output]
    _renamed(model.graph, renamed)
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
    """The graph behind an input `picture` [1,3,H,W] float32, whatever its own layout and type."""
    graph = model.graph
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in stored]
    if len(inputs) != 1:
        raise Unreadable(f"it takes {len(inputs)} inputs; only a single picture is supported")
    tensor = inputs[0].type.tensor_type
    sizes = [d.dim_value if d.WhichOneof("value") == "dim_value" else -1 for d in tensor.shape.dim]
    if len(sizes) != 4 or sizes[0] not in (1, -1, 0) or 3 not in (sizes[1], sizes[3]):
        raise Unreadable(f"its input has the shape {sizes}; only one picture of three channels is supported")
    last = sizes[1] != 3
    own = sizes[1:3] if last else sizes[2:]
    height, width = shape or own
    if min(height, width) < 1:
        raise Unreadable("its input has no size of its own: give one in [input] of the card")
    if any(n > 0 and n != m for n, m in zip(own, (height, width), strict=True)):
        raise Unreadable(
            f"its input is {own[0]} x {own[1]}, not {height} x {width}: change [input] in the card"
        )
    name, nodes = PICTURE, []
    if tensor.elem_type not in (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8):
        raise Unreadable("its input is not a picture of floats or bytes")
    if tensor.elem_type != TensorProto.FLOAT:
        nodes.append(helper.make_node("Cast", [name], ["picture_cast"], "picture_cast", to=tensor.elem_type))
        name = "picture_cast"
    if last:
        nodes.append(helper.make_node("Transpose", [name], ["picture_nhwc"], "picture_nhwc", perm=TO_NHWC))
        name = "picture_nhwc"
    names = {PICTURE: OWN}
    for node in graph.node:
        node.output[:] = [names.get(output, output) for output in node.output]
    names[inputs[0].name] = name
    _renamed(graph, names)
    source = helper.make_tensor_value_info(PICTURE, TensorProto.FLOAT, [1, 3, height, width])
    results = [
        helper.make_empty_tensor_value_info(names.get(value.name, value.name)) for value in graph.output
    ]
    whole = helper.make_graph(
        [*nodes, *graph.node], graph.name or "model", [source], results, list(graph.initializer)
    )
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def _inner(node: onnx.NodeProto) -> set[str]:
    """Names that the graphs inside a node (of If, Loop) take from around it."""
    inside = (g for a in node.attribute for g in (*a.graphs, *([a.g] if a.HasField("g") else [])))
    return {name for graph in inside for one in graphs(graph) for n in one.node for name in n.input}


def _renamed(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """What nodes take, also inside If and Loop, by its new name."""
    for one in graphs(graph):
        for node in one.node:
            node.input[:] = [names.get(name, name) for name in node.input]


def _line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip()[:200] if lines else type(error).__name__
