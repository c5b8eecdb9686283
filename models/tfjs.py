"""A tf.js graph model (model.json and its shards) as a Network: weights, nodes as steps, names.

Does not build ONNX (importers.py does). Weights of one byte keep their bytes; of two they become floats.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models.tensors import MAX_STEPS, MAX_TOTAL, Array, Constant, Network, Step, Unreadable, bounded

MAX_JSON = 1 << 26  # bytes of model.json; the largest we import has 93,025
EXPORT = "convert it with tensorflowjs_converter --output_format=tfjs_graph_model"
_TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_STORED = {"uint8": np.uint8, "uint16": np.uint16, "float16": np.float16}
_INTEGER = ("DT_INT32", "DT_INT64", "DT_BOOL", 3, 9, 10)
DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError, binascii.Error)

Node = Mapping[str, Any]
Found = dict[str, Any]


def parse(files: Mapping[str, bytes]) -> Network:
    """The network of the files. Raises Unreadable, and nothing else, for whatever is not one."""
    try:
        return _parse(files)
    except Unreadable as error:
        raise Unreadable(f"tf.js model not readable: {error}") from None
    except DAMAGE as error:
        detail = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise Unreadable(f"tf.js model damaged: {detail}") from None


def main(files: Mapping[str, bytes]) -> str:
    """Which of the files is model.json, whatever it is called."""
    if "model.json" in files:
        return "model.json"
    return next((name for name in files if name.endswith(".json")), next(iter(files)))


def _parse(files: Mapping[str, bytes]) -> Network:
    text = files[main(files)]
    if len(text) > MAX_JSON:
        raise Unreadable(f"model.json has {len(text):,} bytes")
    try:
        model = json.loads(text.decode("utf-8"))
    except ValueError as error:
        raise Unreadable(f"model.json is no JSON ({error})") from None
    topology = model.get("modelTopology") if isinstance(model, dict) else None
    if not isinstance(topology, dict) or not isinstance(topology.get("node"), list):
        layers = isinstance(topology, dict) and ("model_config" in topology or "class_name" in topology)
        raise Unreadable(
            f"it is a layers model: {EXPORT}" if layers else "model.json holds no graph of nodes"
        )
    nodes = {str(node["name"]): node for node in topology["node"]}
    if len(nodes) > MAX_STEPS:
        raise Unreadable(f"it claims {len(nodes)} nodes")
    stored = _weights(model.get("weightsManifest") or [], files)
    pictures = [name for name, node in nodes.items() if node["op"] == "Placeholder"]
    if len(pictures) != 1:
        raise Unreadable(f"it takes {len(pictures)} inputs; only a single picture is supported")
    constants, steps = {}, []
    for node in _ordered(nodes):
        name, kind = str(node["name"]), node["op"]
        if kind == "Const":
            if name not in stored:
                raise Unreadable(f"the weights of {name} are not among the files")
            constants[name] = stored[name]
        elif kind not in ("Placeholder", "NoOp"):
            steps += _steps(name, node)
    used = {name for step in steps for name in step.inputs}
    said = (model.get("userDefinedMetadata") or {}).get("signature") or model.get("signature") or {}
    outputs = [_plain(name) for name in (said.get("outputs") or {})] or [
        name for step in steps for name in step.outputs if name not in used
    ]
    made = {name for step in steps for name in step.outputs}
    missing = [name for name in outputs if name not in made]
    if missing:  # newer signatures give names of their own and the tensor's beside them
        outputs = [_plain(str(row["name"])) for row in said["outputs"].values()]
    names = {name: name for name in (*made, *constants)}
    return Network(
        pictures[0], _placeholder(nodes[pictures[0]]), constants, steps, {n: n for n in outputs}, names
    )


def _placeholder(node: Node) -> tuple[int, ...]:
    sizes = tuple(int(d.get("size", -1)) for d in node["attr"]["shape"]["shape"]["dim"])
    if len(sizes) != 4:
        raise Unreadable(f"its input has the shape {sizes}; only one picture of three channels is supported")
    return sizes


def _weights(manifest: Any, files: Mapping[str, bytes]) -> dict[str, Constant]:
    result: dict[str, Constant] = {}
    total = 0
    for group in manifest:
        missing = [path for path in group["paths"] if path not in files]
        if missing:
            raise Unreadable(f"the shard {missing[0]} is not among the files ({', '.join(files)})")
        data, place = b"".join(files[path] for path in group["paths"]), 0
        for row in group["weights"]:
            name, quantised = str(row["name"]), row.get("quantization")
            shape = tuple(int(n) for n in row["shape"])
            if 0 in shape:
                continue
            bounded(shape, f"the weight {name}")
            count = math.prod(shape)
            total += count
            kind = _STORED.get(quantised["dtype"]) if quantised else _TYPES.get(row["dtype"])
            if kind is None:
                raise Unreadable(f"the weight {name} is of type {(quantised or row)['dtype']}: {EXPORT}")
            size = count * np.dtype(kind).itemsize
            if place + size > len(data) or total > MAX_TOTAL:
                raise Unreadable(f"the shards end before the weight {name}: they are not whole")
            array: Array = np.frombuffer(data, kind, count, place)
            result[name] = _constant(array.reshape(shape), row, quantised)
            place += size
        if place != len(data):
            raise Unreadable(f"the shards have {len(data) - place} bytes more than model.json says")
    return result


def _constant(array: Array, row: Node, quantised: Node | None) -> Constant:
    if quantised is None or array.dtype == np.float16:
        return Constant(array)
    scale, low = float(quantised["scale"]), float(quantised["min"])
    if not (math.isfinite(scale) and math.isfinite(low) and 0 < scale < 1e30 and abs(low) < 1e30):
        raise Unreadable(f"the weight {row['name']} has the scale {scale} and the minimum {low}")
    zero = -low / scale
    # Where zero falls on a step (the converter sees to it, but for weights of one sign), bytes can stay.
    if array.dtype == np.uint8 and array.ndim > 1 and abs(zero - round(zero)) < 1e-3 and 0 <= zero < 255.5:
        return Constant(array, np.array([scale], np.float32), np.array([round(zero)], np.int64))
    numbers = array.astype(np.float64) * scale + low
    return Constant(
        np.rint(numbers).astype(np.int32) if row["dtype"] == "int32" else numbers.astype(np.float32)
    )


def _plain(name: str) -> str:
    """A tensor's name: a node's first output is called as the node."""
    return name.removesuffix(":0")


def _inputs(node: Node) -> list[str]:
    return [_plain(str(i)) for i in node.get("input", ()) if not str(i).startswith("^")]


def _ordered(nodes: Mapping[str, Node]) -> list[Node]:
    """The nodes, each after those it needs. Raises Unreadable for a circle."""
    result: list[Node] = []
    state: dict[str, bool] = {}  # False while its inputs are looked at
    for start in nodes:
        stack = [start]
        while stack:
            name = stack[-1]
            if state.get(name):
                stack.pop()
                continue
            if name not in nodes:
                raise Unreadable(f"the node {name} is wanted and not there")
            before = [source.split(":")[0] for source in _inputs(nodes[name])]
            waiting = [source for source in before if not state.get(source)]
            if not waiting:
                state[name] = True
                result.append(nodes[name])
                stack.pop()
            elif name in state:
                raise Unreadable(f"the node {name} needs its own result")
            else:
                state[name] = False
                stack += waiting
    return result


# ---- nodes ----


def _attr(node: Node, name: str, kind: str, default: Any) -> Any:
    return node.get("attr", {}).get(name, {}).get(kind, default)


def _text(node: Node, name: str, default: str = "") -> str:
    return base64.b64decode(_attr(node, name, "s", "")).decode() or default


def _whole(node: Node, name: str, default: int = 0) -> int:
    return int(_attr(node, name, "i", default))


def _list(node: Node, name: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
    return tuple(int(n) for n in _attr(node, name, "list", {}).get("i", default))


def _pair(node: Node, name: str) -> tuple[int, int]:
    sizes = _list(node, name, (1, 1, 1, 1))
    if len(sizes) != 4 or (sizes[0], sizes[3]) != (1, 1):
        raise Unreadable(f"{name} {sizes} are not those of a picture")
    return sizes[1], sizes[2]


def _window(node: Node) -> Found:
    if _text(node, "data_format", "NHWC") != "NHWC":
        raise Unreadable(f"its pictures are {_text(node, 'data_format')}: {EXPORT}")
    padding: Any = _text(node, "padding")
    if padding == "EXPLICIT":
        pads = _list(node, "explicit_paddings")
        padding = (pads[2:4], pads[4:6])
    return {"strides": _pair(node, "strides"), "padding": padding}


def _conv(order: str) -> Callable[[Node], Found]:
    def read(node: Node) -> Found:
        # BodyPix has [2, 2, 1, 1] where [1, 2, 2, 1] is meant. tf.js takes the two in the middle, and so
        # that is the published model: dilated in height only.
        dilations = _list(node, "dilations", (1, 1, 1, 1))[1:3]
        if len(dilations) != 2:
            raise Unreadable("its dilations are not those of a picture")
        return {**_window(node), "dilations": dilations, "order": order}

    return read


def _pool(node: Node) -> Found:
    return {**_window(node), "kernel": _pair(node, "ksize")}


def _resize(mode: str) -> Callable[[Node], Found]:
    return lambda node: {
        "mode": mode,
        "corners": bool(_attr(node, "align_corners", "b", False)),
        "half": bool(_attr(node, "half_pixel_centers", "b", False)),
    }


def _slice(node: Node) -> Found:
    masks = {name: _whole(node, name) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    return {**masks, "others": _whole(node, "ellipsis_mask") | _whole(node, "new_axis_mask")}


def _dense(node: Node) -> Found:
    if _attr(node, "transpose_a", "b", False):
        raise Unreadable("only its second factor may be transposed")
    return {"transposed": bool(_attr(node, "transpose_b", "b", False))}


def _alpha(node: Node) -> Found:
    return {"alpha": float(_attr(node, "leakyrelu_alpha", "f", _attr(node, "alpha", "f", 0.2)))}


def _none(node: Node) -> Found:
    return {}


SIX = {"low": 0.0, "high": 6.0}
KINDS: dict[str, tuple[str, Callable[[Node], Found]]] = {
    "Abs": ("abs", _none),
    "Add": ("add", _none),
    "AddV2": ("add", _none),
    "ArgMax": ("arg_max", _none),
    "AvgPool": ("average_pool", _pool),
    "BiasAdd": ("bias", _none),
    "Cast": ("cast", lambda node: {"integer": _attr(node, "DstT", "type", "") in _INTEGER}),
    "ConcatV2": ("concat", _none),
    "Conv2D": ("conv", _conv("hwio")),
    "DepthToSpace": ("depth_to_space", lambda node: {"block": _whole(node, "block_size")}),
    "DepthwiseConv2dNative": ("depthwise", _conv("hwcm")),
    "Elu": ("elu", _none),
    "Exp": ("exp", _none),
    "ExpandDims": ("expand", _none),
    "Floor": ("floor", _none),
    "FloorDiv": ("floor_div", _none),
    "FusedDepthwiseConv2dNative": ("depthwise", _conv("hwcm")),
    "GatherNd": ("gather_nd", _none),
    "GatherV2": ("gather", _none),
    "Identity": ("same", _none),
    "LeakyRelu": ("leaky_relu", _alpha),
    "MatMul": ("dense", _dense),
    "MaxPool": ("max_pool", _pool),
    "Maximum": ("maximum", _none),
    "Mean": ("mean", lambda node: {"keep": bool(_attr(node, "keep_dims", "b", False))}),
    "Minimum": ("minimum", _none),
    "Mul": ("mul", _none),
    "Neg": ("neg", _none),
    "Pack": ("pack", lambda node: {"axis": _whole(node, "axis")}),
    "Pad": ("pad", _none),
    "PadV2": ("pad", _none),
    "Prelu": ("prelu", _none),
    "RealDiv": ("div", _none),
    "Relu": ("relu", _none),
    "Relu6": ("clip", lambda node: SIX),
    "Reshape": ("reshape", _none),
    "ResizeBilinear": ("resize", _resize("linear")),
    "ResizeNearestNeighbor": ("resize", _resize("nearest")),
    "Rsqrt": ("rsqrt", _none),
    "Shape": ("shape", _none),
    "Sigmoid": ("sigmoid", _none),
    "Softmax": ("softmax", _none),
    "Sqrt": ("sqrt", _none),
    "Squeeze": ("squeeze", lambda node: {"axes": _list(node, "squeeze_dims", _list(node, "axis"))}),
    "StridedSlice": ("strided_slice", _slice),
    "Sub": ("sub", _none),
    "Tanh": ("tanh", _none),
    "Transpose": ("transpose", _none),
    "Unpack": ("unpack", lambda node: {"axis": _whole(node, "axis")}),
    "_FusedConv2D": ("conv", _conv("hwio")),
    "_FusedMatMul": ("dense", _dense),
}
FUSED = {"Relu", "Relu6", "Elu", "Sigmoid", "LeakyRelu", "Prelu", "Tanh"}


def _steps(name: str, node: Node) -> list[Step]:
    """One node as steps: itself, and what is fused into it after the bias."""
    label = f"node {name!r} ({node['op']})"
    kind, read = KINDS.get(node["op"], (f"tfjs:{node['op']}", _none))
    try:
        options = read(node)
    except Unreadable as error:
        raise Unreadable(f"{label}: {error}") from None
    inputs = _inputs(node)
    fused = [base64.b64decode(s).decode() for s in _attr(node, "fused_ops", "list", {}).get("s", ())]
    own, after = inputs, [op for op in fused if op not in ("BiasAdd", "NoOp")]
    if fused:
        if len(after) > 1 or not set(after) <= FUSED:
            raise Unreadable(f"{label}: {' and '.join(fused)} in one node is not supported")
        own = inputs[: 3 if "BiasAdd" in fused else 2]
    count = _whole(node, "num") if kind == "unpack" else 1
    outputs = (name, *(f"{name}:{n}" for n in range(1, min(count, 1024))))
    if not after:
        return [Step(kind, label, tuple(own), outputs, options)]
    more = KINDS[after[0]]
    linear = f"{name}_linear"
    return [
        Step(kind, label, tuple(own), (linear,), options),
        Step(more[0], label, (linear, *inputs[len(own) :]), (name,), more[1](node)),
    ]
