"""Parses a tf.js graph model (model.json and its shards) into a Network.

Does not build ONNX (formats.py does). Weights of one byte keep their bytes; weights of two become floats.
"""

from __future__ import annotations

import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.importers import tfjs_nodes
from models.importers.errors import ModelFileError
from models.importers.ir import MAX_STEPS, MAX_TOTAL, Array, Constant, Network, checked_shape
from models.importers.tfjs_nodes import EXPORT, Node, inputs, tensor_name

MAX_JSON = 1 << 26  # bytes of model.json; the largest imported one has 93,025
_TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_STORED = {"uint8": np.uint8, "uint16": np.uint16, "float16": np.float16}
DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError, binascii.Error)


def parse(files: Mapping[str, bytes]) -> Network:
    """The network in the files. Raises ModelFileError, and no other error, where there is none."""
    try:
        return _parse(files)
    except ModelFileError as error:
        raise error.within("tf.js model not readable") from None
    except DAMAGE as error:
        detail = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise ModelFileError(f"tf.js model damaged ({detail}).") from None


def model_json(files: Mapping[str, bytes]) -> str:
    """The name of the file that holds the topology: model.json, or another .json file."""
    if "model.json" in files:
        return "model.json"
    return next((name for name in files if name.endswith(".json")), next(iter(files)))


def _parse(files: Mapping[str, bytes]) -> Network:
    text = files[model_json(files)]
    if len(text) > MAX_JSON:
        raise ModelFileError(f"model.json has {len(text):,} bytes, more than {MAX_JSON:,}.")
    try:
        model = json.loads(text.decode("utf-8"))
    except ValueError as error:
        raise ModelFileError(f"model.json is not JSON ({error}).") from None
    topology = model.get("modelTopology") if isinstance(model, dict) else None
    if not isinstance(topology, dict) or not isinstance(topology.get("node"), list):
        layers = isinstance(topology, dict) and ("model_config" in topology or "class_name" in topology)
        raise ModelFileError(
            f"it is a layers model. {EXPORT}." if layers else "model.json does not contain a graph of nodes."
        )
    nodes = {str(node["name"]): node for node in topology["node"]}
    if len(nodes) > MAX_STEPS:
        raise ModelFileError(f"it claims {len(nodes)} nodes, more than {MAX_STEPS:,}.")
    stored = _weights(model.get("weightsManifest") or [], files)
    pictures = [name for name, node in nodes.items() if node["op"] == "Placeholder"]
    if len(pictures) != 1:
        raise ModelFileError(f"it has {len(pictures)} inputs; only one input, a picture, is supported.")
    constants, steps = {}, []
    for node in _ordered(nodes):
        name, kind = str(node["name"]), node["op"]
        if kind == "Const":
            if name not in stored:
                raise ModelFileError(f"the weights of {name} are not in the files.")
            constants[name] = stored[name]
        elif kind not in ("Placeholder", "NoOp"):
            steps += tfjs_nodes.steps(name, node)
    used = {name for step in steps for name in step.inputs}
    signature = (model.get("userDefinedMetadata") or {}).get("signature") or model.get("signature") or {}
    outputs = [tensor_name(name) for name in (signature.get("outputs") or {})] or [
        name for step in steps for name in step.outputs if name not in used
    ]
    computed = {name for step in steps for name in step.outputs}
    missing = [name for name in outputs if name not in computed]
    if missing:  # newer signatures have names of their own, each with the name of its tensor
        outputs = [tensor_name(str(row["name"])) for row in signature["outputs"].values()]
    names = {name: name for name in (*computed, *constants)}
    return Network(
        pictures[0], _placeholder(nodes[pictures[0]]), constants, steps, {n: n for n in outputs}, names
    )


def _placeholder(node: Node) -> tuple[int, ...]:
    sizes = tuple(int(d.get("size", -1)) for d in node["attr"]["shape"]["shape"]["dim"])
    if len(sizes) != 4:
        raise ModelFileError(
            f"its input has the shape {sizes}; only one picture of three channels is supported."
        )
    return sizes


def _weights(manifest: Any, files: Mapping[str, bytes]) -> dict[str, Constant]:
    result: dict[str, Constant] = {}
    total = 0
    for group in manifest:
        missing = [path for path in group["paths"] if path not in files]
        if missing:
            raise ModelFileError(f"the shard {missing[0]} is not in the files ({', '.join(files)}).")
        data, place = b"".join(files[path] for path in group["paths"]), 0
        for row in group["weights"]:
            name, quantised = str(row["name"]), row.get("quantization")
            shape = tuple(int(n) for n in row["shape"])
            if 0 in shape:
                continue
            checked_shape(shape, f"the weight {name}")
            count = math.prod(shape)
            total += count
            kind = _STORED.get(quantised["dtype"]) if quantised else _TYPES.get(row["dtype"])
            if kind is None:
                dtype = (quantised or row)["dtype"]
                raise ModelFileError(f"the weight {name} has the unsupported type {dtype}. {EXPORT}.")
            size = count * np.dtype(kind).itemsize
            if place + size > len(data) or total > MAX_TOTAL:
                raise ModelFileError(f"the shards are incomplete: they end before the weight {name}.")
            array: Array = np.frombuffer(data, kind, count, place)
            result[name] = _constant(array.reshape(shape), row, quantised)
            place += size
        if place != len(data):
            raise ModelFileError(f"the shards have {len(data) - place} bytes more than model.json states.")
    return result


def _constant(array: Array, row: Node, quantised: Node | None) -> Constant:
    if quantised is None or array.dtype == np.float16:
        return Constant(array)
    scale, low = float(quantised["scale"]), float(quantised["min"])
    if not (math.isfinite(scale) and math.isfinite(low) and 0 < scale < 1e30 and abs(low) < 1e30):
        raise ModelFileError(f"the weight {row['name']} has the unusable scale {scale} and minimum {low}.")
    zero = -low / scale
    # Bytes can stay where zero is one of the steps. The converter ensures it, but for weights of one sign.
    if array.dtype == np.uint8 and array.ndim > 1 and abs(zero - round(zero)) < 1e-3 and 0 <= zero < 255.5:
        return Constant(array, np.array([scale], np.float32), np.array([round(zero)], np.int64))
    numbers = array.astype(np.float64) * scale + low
    return Constant(
        np.rint(numbers).astype(np.int32) if row["dtype"] == "int32" else numbers.astype(np.float32)
    )


def _ordered(nodes: Mapping[str, Node]) -> list[Node]:
    """The nodes in topological order. Raises ModelFileError for a cycle."""
    result: list[Node] = []
    state: dict[str, bool] = {}  # node -> whether it is done; False while its inputs are visited
    for start in nodes:
        stack = [start]
        while stack:
            name = stack[-1]
            if state.get(name):
                stack.pop()
                continue
            if name not in nodes:
                raise ModelFileError(f"the node {name} is used but does not exist.")
            before = [source.split(":")[0] for source in inputs(nodes[name])]
            waiting = [source for source in before if not state.get(source)]
            if not waiting:
                state[name] = True
                result.append(nodes[name])
                stack.pop()
            elif name in state:
                raise ModelFileError(f"the node {name} needs its own result.")
            else:
                state[name] = False
                stack += waiting
    return result
