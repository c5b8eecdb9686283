"""Parses a TFLite file into a Network.

Does not build ONNX (formats.py does) and needs only the published schema, not TensorFlow. In a quantised
file weights keep their bytes and activations become floats. Where an activation function was folded into
the range of the integers, a clip replaces it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import tflite

from models.importers.errors import ModelFileError
from models.importers.ir import (
    MAX_STEPS,
    MAX_TOTAL,
    Array,
    Constant,
    Network,
    Shape,
    Step,
    checked_shape,
    quoted,
)
from models.importers.tflite_options import CUSTOM, FLEX, INFINITE, INPUTS, KINDS, LINEAR, Options

MAX_TENSORS = 50_000

_TYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT8: np.int8,
    tflite.TensorType.UINT8: np.uint8,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
    tflite.TensorType.BOOL: np.bool_,
}
_QUANTISED = {tflite.TensorType.INT8: (-128, 127), tflite.TensorType.UINT8: (0, 255)}
_NAMES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
# What flatbuffers and NumPy raise for offsets outside the file.
DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError)


class _File:
    """The tables of one file."""

    def __init__(self, data: bytes) -> None:
        if data[4:8] != b"TFL3":
            raise ModelFileError("it does not begin as a TFLite file does.")
        self.model = tflite.Model.GetRootAs(data, 0)
        if self.model.SubgraphsLength() != 1:
            raise ModelFileError(f"it has {self.model.SubgraphsLength()} subgraphs; only one is supported.")
        self.graph = self.model.Subgraphs(0)
        operators, tensors = self.graph.OperatorsLength(), self.graph.TensorsLength()
        if operators > MAX_STEPS or tensors > MAX_TENSORS:
            raise ModelFileError(f"it claims {operators} operators and {tensors} tensors, which is too many.")
        self.count = tensors
        self.total = 0

    def tensor(self, index: int) -> Any:
        if not 0 <= index < self.count:
            raise ModelFileError(f"tensor {index} does not exist.")
        return self.graph.Tensors(index)

    def name(self, index: int) -> str:
        return (self.tensor(index).Name() or b"").decode("utf-8", "replace")

    def shape(self, index: int) -> Shape:
        raw = self.tensor(index)
        return checked_shape(raw.ShapeAsNumpy() if raw.ShapeLength() else (), f"tensor {index}")

    def scales(self, index: int) -> tuple[Array, Array, int] | None:
        """Scale, zero point and axis of a quantised tensor; None for other tensors."""
        table = self.tensor(index).Quantization()
        if table is None or not table.ScaleLength():
            return None
        scale = np.array(table.ScaleAsNumpy(), np.float32)
        zero = (
            np.array(table.ZeroPointAsNumpy(), np.int64) if table.ZeroPointLength() else np.zeros(1, np.int64)
        )
        shape, axis = self.shape(index), table.QuantizedDimension()
        if scale.size > 1 and (not 0 <= axis < len(shape) or scale.size != shape[axis]):
            raise ModelFileError(f"tensor {index} has {scale.size} scales along axis {axis} of {shape}.")
        if zero.size not in (1, scale.size) or not np.isfinite(scale).all():
            raise ModelFileError(f"tensor {index} has unusable scales or zero points.")
        return scale, np.broadcast_to(zero, scale.shape), axis

    def constant(self, index: int) -> Constant | None:
        """The stored numbers of a tensor; None for an activation."""
        raw = self.tensor(index)
        if not 0 < raw.Buffer() < self.model.BuffersLength():
            return None
        data = self.model.Buffers(raw.Buffer()).DataAsNumpy()
        if not isinstance(data, np.ndarray):
            return None
        shape, dtype = self.shape(index), _TYPES.get(raw.Type())
        if raw.Sparsity() is not None or dtype is None:
            kind = "sparse numbers" if dtype else f"numbers of the unsupported type {raw.Type()}"
            raise ModelFileError(
                f"tensor {index} ({quoted(self.name(index))}) holds {kind}. Use the model's dense float file."
            )
        array = data.view(dtype) if data.nbytes % np.dtype(dtype).itemsize == 0 else data[:0]
        self.total += array.size
        if array.size != int(np.prod(shape)) or self.total > MAX_TOTAL:
            raise ModelFileError(
                f"tensor {index} holds {data.nbytes} bytes, which does not fit its shape {shape}."
            )
        scales = self.scales(index) if array.dtype.kind in "iu" else None
        return Constant(array.reshape(shape), *(scales or ()))

    def limits(self, index: int) -> tuple[float, float] | None:
        """The range of a quantised activation that begins at zero; None otherwise.

        An activation function may be folded into such a range. A range around zero cannot hold one.
        """
        ends, scales = _QUANTISED.get(self.tensor(index).Type()), self.scales(index)
        if ends is None or scales is None or scales[0].size != 1 or int(scales[1][0]) != ends[0]:
            return None
        return 0.0, float(scales[0][0]) * (ends[1] - ends[0])


def parse(data: bytes) -> Network:
    """The network in `data`. Raises ModelFileError, and no other error, where there is none."""
    try:
        return _parse(_File(data))
    except ModelFileError as error:
        raise error.within("TFLite file not readable") from None
    except DAMAGE as error:
        detail = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelFileError(
            f"TFLite file damaged or incomplete: an offset points outside the file ({detail})."
        ) from None


def _parse(file: _File) -> Network:
    inputs = [int(i) for i in _ints(file.graph.InputsAsNumpy())]
    if len(inputs) != 1:
        raise ModelFileError(f"it has {len(inputs)} inputs; only one input, a picture, is supported.")
    constants, converted = {}, {}
    for index in range(file.count):
        constant = file.constant(index)
        if constant is not None:
            constants[f"t{index}"] = constant
    steps: list[Step] = []
    for number in range(file.graph.OperatorsLength()):
        added = _operator(file, number)
        for step in added:
            if step.kind == "same" and step.inputs[0] in constants:  # float16 or quantised weights
                converted[step.outputs[0]] = constants[step.inputs[0]]
        constants |= converted
        steps += [step for step in added if step.outputs[0] not in converted]
        converted = {}
    names: dict[str, str] = {}
    for index in range(file.count):
        names.setdefault(file.name(index), f"t{index}")
    outputs = {
        file.name(int(i)) or f"output{n}": f"t{int(i)}"
        for n, i in enumerate(_ints(file.graph.OutputsAsNumpy()))
    }
    shapes = {f"t{i}": file.shape(i) for step in steps for i in _indices(step)}
    return Network(f"t{inputs[0]}", file.shape(inputs[0]), constants, steps, outputs, names, shapes)


def _indices(step: Step) -> list[int]:
    return [int(name[1:]) for name in step.outputs if name[1:].isdigit()]


def _ints(array: Any) -> Array:
    return array if isinstance(array, np.ndarray) else np.zeros(0, np.int32)


def _operator(file: _File, number: int) -> list[Step]:
    """One operator as steps: itself, then its activation function or the clip of its range."""
    raw = file.graph.Operators(number)
    code = file.model.OperatorCodes(raw.OpcodeIndex())
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _NAMES.get(builtin, str(builtin))
    if name == "CUSTOM":
        name = (code.CustomCode() or b"").decode("utf-8", "replace") or "an unnamed custom operator"
    inputs = [int(i) for i in _ints(raw.InputsAsNumpy())]
    outputs = [int(i) for i in _ints(raw.OutputsAsNumpy())]
    if not outputs:
        raise ModelFileError(f"operator {number} ({name}) has no output.")
    label = f"operator {number} ({name}, output {quoted(file.name(outputs[0]))})"
    if not inputs:
        raise ModelFileError(f"{label} has no input.")
    while inputs and inputs[-1] < 0:  # optional inputs that are left out
        inputs.pop()
    order = INPUTS.get(name, range(len(inputs)))
    sources = tuple(f"t{inputs[place]}" for place in order if place < len(inputs))
    kind, read = KINDS.get(name) or CUSTOM.get(name) or (f"{FLEX}{name}", None)
    options = Options(raw.BuiltinOptions(), label, [file.shape(i) for i in (*inputs, *outputs)], len(inputs))
    values: Mapping[str, Any] = {} if read is None else read(options)
    if kind == "cast":
        kinds = (file.tensor(i).Type() for i in (inputs[0], outputs[0]))
        into = [_TYPES.get(kind, np.float32) for kind in kinds]
        from_integer, to_integer = (k is np.int32 or k is np.int64 or k is np.bool_ for k in into)
        kind, values = ("same", {}) if from_integer == to_integer else ("cast", {"integer": to_integer})
    target = f"t{outputs[0]}"
    after = _after(file, kind, options.activation, outputs[0], label)
    first = (f"{target}_linear",) if after else tuple(f"t{i}" for i in outputs)
    steps = [Step(kind, label, sources, first, values)]
    for index, (step, more) in enumerate(after):
        into_name = target if index == len(after) - 1 else f"{target}_{step}"
        steps.append(Step(step, label, steps[-1].outputs, (into_name,), more))
    return steps


def _after(
    file: _File, kind: str, activation: int, target: int, label: str
) -> list[tuple[str, dict[str, float]]]:
    known = tflite.ActivationFunctionType
    ends = {known.NONE: (-INFINITE, INFINITE), known.RELU: (0.0, INFINITE), known.RELU6: (0.0, 6.0)}
    ends[known.RELU_N1_TO_1] = (-1.0, 1.0)
    if activation == known.TANH:
        return [("tanh", {})]
    if activation not in ends:
        raise ModelFileError(f"{label}: the activation function {activation} is not supported.")
    low, high = ends[activation]
    folded = file.limits(target) if kind in LINEAR else None
    if folded:
        low, high = max(low, folded[0]), min(high, folded[1])
    if (low, high) == (-INFINITE, INFINITE):
        return []
    return [("relu", {})] if (low, high) == (0.0, INFINITE) else [("clip", {"low": low, "high": high})]
