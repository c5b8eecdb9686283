"""Small TFLite and tf.js files put together operator by operator, for tests of the importers.

Does not know what an operator means: names, options and numbers are given.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "float16": tflite.TensorType.FLOAT16,
    "int8": tflite.TensorType.INT8,
    "uint8": tflite.TensorType.UINT8,
    "int32": tflite.TensorType.INT32,
}


@dataclass(frozen=True)
class Tensor:
    """A tensor of a TFLite file; with `data` it is a constant, with `scales` it is quantised."""

    name: str
    shape: tuple[int, ...]
    kind: str = "float32"
    data: NDArray[Any] | None = None
    scales: Sequence[float] = ()
    zeros: Sequence[int] = ()
    axis: int = 0


@dataclass(frozen=True)
class Operator:
    """An operator of a TFLite file, its tensors by their names; `table` is the schema's options class."""

    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    table: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def constant(name: str, array: Any, kind: str = "float32", **more: Any) -> Tensor:
    """A Tensor with its numbers."""
    data = np.asarray(array, kind)
    return Tensor(name, data.shape, kind, data, **more)


def tflite_file(
    tensors: Sequence[Tensor], operators: Sequence[Operator], given: Sequence[str], made: Sequence[str]
) -> bytes:
    """The .tflite file of one subgraph."""
    b = flatbuffers.Builder(1 << 12)
    place = {tensor.name: index for index, tensor in enumerate(tensors)}
    buffers = [_table(b, "Buffer")]
    rows = []
    for tensor in tensors:
        buffer = 0
        if tensor.data is not None:
            buffer = len(buffers)
            buffers.append(_table(b, "Buffer", Data=_bytes(b, tensor.data.tobytes())))
        rows.append(_tensor(b, tensor, buffer))
    names = list(dict.fromkeys(operator.name for operator in operators))
    codes = [_code(b, name) for name in names]
    steps = []
    for operator in operators:
        parts: dict[str, Any] = {"OpcodeIndex": names.index(operator.name)}
        parts["Inputs"] = _ints(b, [place.get(name, -1) for name in operator.inputs])
        parts["Outputs"] = _ints(b, [place[name] for name in operator.outputs])
        if operator.table:
            parts["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, operator.table)
            parts["BuiltinOptions"] = _table(b, operator.table, **operator.options)
        steps.append(_table(b, "Operator", **parts))
    graph = _table(
        b,
        "SubGraph",
        Tensors=_offsets(b, rows),
        Inputs=_ints(b, [place[name] for name in given]),
        Outputs=_ints(b, [place[name] for name in made]),
        Operators=_offsets(b, steps),
    )
    parts = {"OperatorCodes": _offsets(b, codes), "Subgraphs": _offsets(b, [graph])}
    model = _table(b, "Model", Version=3, Buffers=_offsets(b, buffers), **parts)
    b.Finish(model, file_identifier=b"TFL3")
    return bytes(b.Output())


def _tensor(b: Any, tensor: Tensor, buffer: int) -> int:
    parts: dict[str, Any] = {"Name": b.CreateString(tensor.name), "Shape": _ints(b, tensor.shape)}
    if tensor.scales:
        zeros = np.array(tensor.zeros or [0] * len(tensor.scales), np.int64)
        parts["Quantization"] = _table(
            b,
            "QuantizationParameters",
            Scale=b.CreateNumpyVector(np.array(tensor.scales, np.float32)),
            ZeroPoint=b.CreateNumpyVector(zeros),
            QuantizedDimension=tensor.axis,
        )
    return _table(b, "Tensor", Type=TYPES[tensor.kind], Buffer=buffer, **parts)


def _code(b: Any, name: str) -> int:
    builtin = getattr(tflite.BuiltinOperator, name, None)
    if builtin is None:
        custom = b.CreateString(name)
        number = tflite.BuiltinOperator.CUSTOM
        return _table(b, "OperatorCode", DeprecatedBuiltinCode=number, BuiltinCode=number, CustomCode=custom)
    return _table(b, "OperatorCode", DeprecatedBuiltinCode=min(builtin, 127), BuiltinCode=builtin, Version=1)


def _table(b: Any, kind: str, **parts: Any) -> int:
    getattr(tflite, f"{kind}Start")(b)
    for name, value in parts.items():
        getattr(tflite, f"{kind}Add{name}")(b, value)
    return int(getattr(tflite, f"{kind}End")(b))


def _ints(b: Any, numbers: Sequence[int]) -> int:
    return int(b.CreateNumpyVector(np.array(numbers, np.int32)))


def _bytes(b: Any, data: bytes) -> int:
    b.StartVector(1, len(data), 16)
    b.head -= len(data)
    b.Bytes[b.head : b.head + len(data)] = data
    return int(b.EndVector())


def _offsets(b: Any, places: Sequence[int]) -> int:
    b.StartVector(4, len(places), 4)
    for place in reversed(places):
        b.PrependUOffsetTRelative(place)
    return int(b.EndVector())


# ---- tf.js ----


@dataclass(frozen=True)
class Node:
    """A node of a tf.js graph; attributes by plain Python values, lists of integers and of text included."""

    op: str
    name: str
    inputs: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


def tfjs_files(
    nodes: Sequence[Node],
    weights: Mapping[str, NDArray[Any]],
    shape: Sequence[int],
    quantised: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, bytes]:
    """model.json and one shard; `shape` is that of the input, called "image"."""
    rows: list[dict[str, Any]] = []
    for name, array in weights.items():
        row: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": str(array.dtype)}
        if name in (quantised or {}):
            row |= {"dtype": "float32", "quantization": dict((quantised or {})[name])}
        rows.append(row)
    sizes = {"dim": [{"size": str(n)} for n in shape]}
    graph: list[dict[str, Any]] = [
        {
            "name": "image",
            "op": "Placeholder",
            "attr": {"shape": {"shape": sizes}, "dtype": {"type": "DT_FLOAT"}},
        }
    ]
    graph += [
        {"name": name, "op": "Const", "attr": {"dtype": {"type": _kind(array)}}}
        for name, array in weights.items()
    ]
    graph += [
        {
            "name": node.name,
            "op": node.op,
            "input": list(node.inputs),
            "attr": {key: _attribute(value) for key, value in node.attributes.items()},
        }
        for node in nodes
    ]
    model = {
        "format": "graph-model",
        "modelTopology": {"node": graph, "versions": {"producer": 1}},
        "weightsManifest": [{"paths": ["shard.bin"], "weights": rows}],
    }
    return {
        "model.json": json.dumps(model).encode(),
        "shard.bin": b"".join(np.ascontiguousarray(array).tobytes() for array in weights.values()),
    }


def _kind(array: NDArray[Any]) -> str:
    return "DT_INT32" if array.dtype == np.int32 else "DT_FLOAT"


def _attribute(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, float):
        return {"f": value}
    if isinstance(value, str):
        return (
            {"type": value} if value.startswith("DT_") else {"s": base64.b64encode(value.encode()).decode()}
        )
    if value and isinstance(value[0], str):
        return {"list": {"s": [base64.b64encode(text.encode()).decode() for text in value]}}
    return {"list": {"i": [str(number) for number in value]}}
