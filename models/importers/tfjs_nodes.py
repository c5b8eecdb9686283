"""The nodes of a tf.js graph as steps: the kind of each operator and how to read its attributes.

Does not read weights or files (tfjs.py does). A new operator is one line of KINDS.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from models.importers.errors import ModelFileError
from models.importers.ir import Step, quoted

EXPORT = "Convert it with tensorflowjs_converter --output_format=tfjs_graph_model"
_INTEGER = ("DT_INT32", "DT_INT64", "DT_BOOL", 3, 9, 10)

Node = Mapping[str, Any]
Options = dict[str, Any]


def tensor_name(name: str) -> str:
    """The name of a tensor; the first output of a node has the node's name."""
    return name.removesuffix(":0")


def inputs(node: Node) -> list[str]:
    """The names of the tensors a node takes, without control inputs."""
    return [tensor_name(str(i)) for i in node.get("input", ()) if not str(i).startswith("^")]


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
        raise ModelFileError(f"{name} {sizes} are not [1, h, w, 1].")
    return sizes[1], sizes[2]


def _window(node: Node) -> Options:
    if _text(node, "data_format", "NHWC") != "NHWC":
        raise ModelFileError(f"its pictures are {_text(node, 'data_format')}, not NHWC. {EXPORT}.")
    padding: Any = _text(node, "padding")
    if padding == "EXPLICIT":
        pads = _list(node, "explicit_paddings")
        padding = (pads[2:4], pads[4:6])
    return {"strides": _pair(node, "strides"), "padding": padding}


def _conv(order: str) -> Callable[[Node], Options]:
    def read(node: Node) -> Options:
        # BodyPix has [2, 2, 1, 1] where [1, 2, 2, 1] is meant. tf.js takes the two in the middle, so the
        # published model dilates the height only.
        dilations = _list(node, "dilations", (1, 1, 1, 1))[1:3]
        if len(dilations) != 2:
            raise ModelFileError("its dilations are not [1, h, w, 1].")
        return {**_window(node), "dilations": dilations, "order": order}

    return read


def _pool(node: Node) -> Options:
    return {**_window(node), "kernel": _pair(node, "ksize")}


def _resize(mode: str) -> Callable[[Node], Options]:
    return lambda node: {
        "mode": mode,
        "corners": bool(_attr(node, "align_corners", "b", False)),
        "half": bool(_attr(node, "half_pixel_centers", "b", False)),
    }


def _slice(node: Node) -> Options:
    masks = {name: _whole(node, name) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    return {**masks, "others": _whole(node, "ellipsis_mask") | _whole(node, "new_axis_mask")}


def _dense(node: Node) -> Options:
    if _attr(node, "transpose_a", "b", False):
        raise ModelFileError("only its second factor may be transposed.")
    return {"transposed": bool(_attr(node, "transpose_b", "b", False))}


def _alpha(node: Node) -> Options:
    return {"alpha": float(_attr(node, "leakyrelu_alpha", "f", _attr(node, "alpha", "f", 0.2)))}


def _transpose_conv(node: Node) -> Options:
    return {"out": None, **_window(node), "order": "hwoi"}


def _mirror(node: Node) -> Options:
    if _text(node, "mode") != "REFLECT":
        raise ModelFileError("only mirror padding without the edge (REFLECT) is supported.")
    return {"mode": "reflect"}


def _keep(node: Node) -> Options:
    return {"keep": bool(_attr(node, "keep_dims", "b", False))}


def _none(node: Node) -> Options:
    return {}


SIX = {"low": 0.0, "high": 6.0}
KINDS: dict[str, tuple[str, Callable[[Node], Options]]] = {
    "Abs": ("abs", _none),
    "Add": ("add", _none),
    "AddV2": ("add", _none),
    "ArgMax": ("arg_max", _none),
    "AvgPool": ("average_pool", _pool),
    "BiasAdd": ("bias", _none),
    "Cast": ("cast", lambda node: {"integer": _attr(node, "DstT", "type", "") in _INTEGER}),
    "ConcatV2": ("concat", _none),
    "Conv2D": ("conv", _conv("hwio")),
    "Conv2DBackpropInput": ("transpose_conv", _transpose_conv),
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
    "Max": ("max", _keep),
    "MaxPool": ("max_pool", _pool),
    "Maximum": ("maximum", _none),
    "Mean": ("mean", _keep),
    "Minimum": ("minimum", _none),
    "MirrorPad": ("pad", _mirror),
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
    "Slice": ("slice", _none),
    "Softmax": ("softmax", _none),
    "Split": ("split", _none),
    "Sqrt": ("sqrt", _none),
    "Squeeze": ("squeeze", lambda node: {"axes": _list(node, "squeeze_dims", _list(node, "axis"))}),
    "StridedSlice": ("strided_slice", _slice),
    "Sub": ("sub", _none),
    "Sum": ("sum", _keep),
    "Tanh": ("tanh", _none),
    "Transpose": ("transpose", _none),
    "Unpack": ("unpack", lambda node: {"axis": _whole(node, "axis")}),
    "_FusedConv2D": ("conv", _conv("hwio")),
    "_FusedMatMul": ("dense", _dense),
}
FUSED = {"Relu", "Relu6", "Elu", "Sigmoid", "LeakyRelu", "Prelu", "Tanh"}


def steps(name: str, node: Node) -> list[Step]:
    """One node as steps: its operator, then the activation fused into it."""
    label = f"node {quoted(name)} ({node['op']})"
    kind, read = KINDS.get(node["op"], (f"tfjs:{node['op']}", _none))
    try:
        options = read(node)
    except ModelFileError as error:
        raise error.within(label) from None
    sources = inputs(node)
    fused = [base64.b64decode(s).decode() for s in _attr(node, "fused_ops", "list", {}).get("s", ())]
    if kind == "transpose_conv":  # its inputs are sizes, kernel, picture
        sources = sources[::-1]
    own, after = sources, [op for op in fused if op not in ("BiasAdd", "NoOp")]
    if fused:
        if len(after) > 1 or not set(after) <= FUSED:
            raise ModelFileError(f"{label}: the fused operators {' and '.join(fused)} are not supported.")
        own = sources[: 3 if "BiasAdd" in fused else 2]
    count = _whole(node, {"unpack": "num", "split": "num_split"}.get(kind, ""), 1)
    outputs = (name, *(f"{name}:{n}" for n in range(1, min(count, 1024))))
    if not after:
        return [Step(kind, label, tuple(own), outputs, options)]
    more = KINDS[after[0]]
    linear = f"{name}_linear"
    return [
        Step(kind, label, tuple(own), (linear,), options),
        Step(more[0], label, (linear, *sources[len(own) :]), (name,), more[1](node)),
    ]
