"""A tf.js graph model (model.json and its shards) as a Network: weights, nodes as steps, names.

Does not build ONNX (importers.py does). Weights of one byte keep their bytes; of two they become floats.
"""

from __future__ import annotations

import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.importers import tfjs_nodes
from models.importers.ir import MAX_STEPS, MAX_TOTAL, Array, Constant, Network, Unreadable, bounded
from models.importers.tfjs_nodes import EXPORT, Node, inputs, plain

MAX_JSON = 1 << 26  # bytes of model.json; the largest we import has 93,025
_TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_STORED = {"uint8": np.uint8, "uint16": np.uint16, "float16": np.float16}
DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError, binascii.Error)


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
            steps += tfjs_nodes.steps(name, node)
    used = {name for step in steps for name in step.inputs}
    said = (model.get("userDefinedMetadata") or {}).get("signature") or model.get("signature") or {}
    outputs = [plain(name) for name in (said.get("outputs") or {})] or [
        name for step in steps for name in step.outputs if name not in used
    ]
    made = {name for step in steps for name in step.outputs}
    missing = [name for name in outputs if name not in made]
    if missing:  # newer signatures give names of their own and the tensor's beside them
        outputs = [plain(str(row["name"])) for row in said["outputs"].values()]
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
            before = [source.split(":")[0] for source in inputs(nodes[name])]
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
