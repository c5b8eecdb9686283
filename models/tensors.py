"""Tensors and operators of a TFLite file, and the ONNX graph that grows from them.

Knows the schema's tables, not what an operator means (operators.py does).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import helper

MAX_ELEMENTS = 1 << 26  # of one tensor; the largest we import has 2 million. It only stops nonsense.

Array = NDArray[Any]
_TYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}
PERMUTE = (0, 3, 1, 2)  # NHWC -> NCHW


class Unreadable(ValueError):
    """The files are not a model the importers can read; the message says why in one sentence."""


TfliteError = Unreadable


@dataclass
class Op:
    """One operator of the file: names its tensors, reads its options."""

    index: int
    name: str
    inputs: list[int]
    outputs: list[int]
    raw: Any

    def options(self, kind: Any) -> Any:
        """The operator's options as the schema class `kind`."""
        table = self.raw.BuiltinOptions()
        if table is None:
            raise TfliteError(f"operator {self.index} ({self.name}) has no options")
        result = kind()
        result.Init(table.Bytes, table.Pos)
        return result


@dataclass
class Graph:
    """The ONNX graph in the making, with what is known of the file's tensors."""

    raw: Any
    model: Any
    constants: dict[int, Array] = field(default_factory=dict)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Shape in the file's own order."""
        if not 0 <= tensor < self.raw.TensorsLength():
            raise TfliteError(f"tensor {tensor} does not exist")
        raw = self.raw.Tensors(tensor)
        shape = tuple(int(n) for n in raw.ShapeAsNumpy()) if raw.ShapeLength() else ()
        if len(shape) > 6 or any(n <= 0 for n in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise TfliteError(f"tensor {tensor} has the shape {shape}")
        return shape

    def constant(self, tensor: int) -> Array:
        """The numbers stored for a tensor; halves become float32."""
        if tensor in self.constants:
            return self.constants[tensor]
        shape, raw = self.shape(tensor), self.raw.Tensors(tensor)
        dtype = _TYPES.get(raw.Type())
        data = self.model.Buffers(raw.Buffer()).DataAsNumpy()
        if dtype is None or not isinstance(data, np.ndarray):
            raise TfliteError(f"tensor {tensor} is no float or integer constant")
        if data.nbytes != math.prod(shape) * np.dtype(dtype).itemsize:
            raise TfliteError(f"tensor {tensor} holds {data.nbytes} bytes, its shape {shape} says otherwise")
        array = data.view(dtype).reshape(shape)
        self.constants[tensor] = array.astype(np.float32) if dtype is np.float16 else array
        return self.constants[tensor]

    def is_constant(self, tensor: int) -> bool:
        """Whether the tensor's numbers are in the file."""
        if tensor in self.constants:
            return True
        raw = self.raw.Tensors(tensor)
        return bool(0 < raw.Buffer() < self.model.BuffersLength()) and bool(
            self.model.Buffers(raw.Buffer()).DataLength()
        )

    def value(self, tensor: int) -> str:
        """The ONNX name of an activation or constant."""
        if not self.is_constant(tensor):
            return f"t{tensor}"
        array = self.constant(tensor)
        return self.weight(f"w{tensor}", array.transpose(PERMUTE) if array.ndim == 4 else array)

    def weight(self, name: str, array: Array) -> str:
        """Stores an initialiser."""
        self.weights[name] = np.ascontiguousarray(array)
        return name

    def add(self, kind: str, op: Op, inputs: list[str], activation: int = 0, **attributes: Any) -> None:
        """Adds the node that makes the operator's output, then its fused activation."""
        output = f"t{op.outputs[0]}"
        steps: dict[int, list[str]] = {
            tflite.ActivationFunctionType.NONE: [],
            tflite.ActivationFunctionType.RELU: ["Relu"],
            tflite.ActivationFunctionType.RELU6: ["Clip"],
        }
        if activation not in steps:
            raise TfliteError(f"operator {op.index} ({op.name}): activation {activation} is not supported")
        after = steps[activation]
        first = output + "_linear" if after else output
        self.nodes.append(helper.make_node(kind, inputs, [first], f"{kind}_{op.index}", **attributes))
        for step in after:
            limits = (
                [self.weight("zero", np.array(0, np.float32)), self.weight("six", np.array(6, np.float32))]
                if step == "Clip"
                else []
            )
            self.nodes.append(helper.make_node(step, [first, *limits], [output], f"{step}_{op.index}"))
