"""Reads an ONNX graph for the compiler: sizes fixed, constants folded, patterns replaced by one node.

Does not lower: lower.py does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from models.compile.ir import Array, UnsupportedError
from models.compile.packing import Const, Integers

DTYPES: dict[int, str] = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.INT32: "int32",
}
RELABELS = ("Transpose", "Reshape", "Squeeze", "Unsqueeze")  # move numbers without changing them


@dataclass(frozen=True, eq=False)
class Node:
    """An operation that remains at run time."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.op} ({self.outputs[0]})"


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph."""

    name: str
    dtype: str  # "float32", "uint8" or "int32"
    shape: tuple[int, ...]


@dataclass
class Graph:
    """What is to be compiled. Outputs' shapes follow from lowering."""

    nodes: list[Node]
    constants: dict[str, Const]
    inputs: list[Tensor]
    outputs: list[tuple[str, str]]  # name, dtype


def read(model: onnx.ModelProto, dimensions: Mapping[str, int]) -> Graph:
    """The graph with its free dimensions set. Raises UnsupportedError."""
    constants = {tensor.name: Const(numpy_helper.to_array(tensor)) for tensor in model.graph.initializer}
    nodes = []
    for proto in model.graph.node:
        if all(name in constants for name in proto.input if name):
            _fold(proto, constants, model.opset_import)
            continue
        attributes = {each.name: helper.get_attribute_value(each) for each in proto.attribute}
        nodes.append(Node(proto.op_type, tuple(proto.input), tuple(proto.output), attributes))
    inputs = [_tensor(value, dimensions) for value in model.graph.input if value.name not in constants]
    outputs = [(value.name, _dtype(value)) for value in model.graph.output]
    return Graph(needed(_padded_suppression(nodes, constants), outputs), constants, inputs, outputs)


def _dtype(value: onnx.ValueInfoProto) -> str:
    kind = value.type.tensor_type.elem_type
    if kind not in DTYPES:
        raise UnsupportedError(f"{value.name} has elements of type {onnx.TensorProto.DataType.Name(kind)}")
    return DTYPES[kind]


def _tensor(value: onnx.ValueInfoProto, dimensions: Mapping[str, int]) -> Tensor:
    shape = []
    for dim in value.type.tensor_type.shape.dim:
        size = dim.dim_value or dimensions.get(dim.dim_param, 0)
        if not size:
            raise UnsupportedError(f"{value.name} has the free dimension “{dim.dim_param}”; give it a size")
        shape.append(size)
    return Tensor(value.name, _dtype(value), tuple(shape))


def _fold(proto: onnx.NodeProto, constants: dict[str, Const], opsets: Any) -> None:
    """Compute a node of constants."""
    given = [constants[name] for name in proto.input if name]
    results = _computed(proto, [const.array for const in given], opsets)
    integers = _integers(proto, given, opsets)
    const = Const(results[0], integers)
    if integers is not None and not np.array_equal(integers.widened(), const.array):
        const = Const(results[0])
    constants[proto.output[0]] = const
    for name, value in zip(proto.output[1:], results[1:], strict=True):
        constants[name] = Const(value)


def _computed(proto: onnx.NodeProto, arrays: list[Array], opsets: Any) -> list[Array]:
    """The outputs of a node."""
    if proto.op_type == "DequantizeLinear":  # which onnx's reference implements from opset 19 on only
        x, scale, *zero = arrays
        zeros = _along(zero[0], proto, x.ndim).astype(np.float32) if zero else np.float32(0)
        return [(x.astype(np.float32) - zeros) * _along(scale, proto, x.ndim)]
    feeds = dict(zip([name for name in proto.input if name], arrays, strict=True))
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in feeds.items()
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in proto.output]
    graph = helper.make_graph([proto], "fold", inputs, outputs)
    with np.errstate(all="ignore"):
        results = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets)).run(None, feeds)
    return [np.asarray(result) for result in results]


def _integers(proto: onnx.NodeProto, given: list[Const], opsets: Any) -> Integers | None:
    """The 8-bit numbers of a node's output, where it only widens, shifts, scales or moves such numbers."""
    first, rest = given[0], given[1:]
    array = first.array
    ones: Array = np.ones((1,) * array.ndim, np.float32)
    if proto.op_type in ("Cast", "DequantizeLinear") and array.dtype in (np.int8, np.uint8):
        middle = 128 if array.dtype == np.uint8 else 0
        small = (array.astype(np.int16) - middle).astype(np.int8)
        shift, scale = ones * middle, ones
        if rest:
            scale = _along(rest[0].array, proto, array.ndim)
            zero = rest[1].array if len(rest) > 1 else np.zeros(1, np.float32)
            shift = shift - _along(zero.astype(np.float32), proto, array.ndim)
        return Integers(small, shift, scale)
    widened = first.integers if first.integers is not None else rest[0].integers if rest else None
    if widened is None:
        return None
    other = (rest[0] if first.integers is not None else first).array if rest else None
    if proto.op_type in ("Sub", "Mul") and other is not None and other.ndim in (0, array.ndim):
        if proto.op_type == "Mul":
            return Integers(widened.small, widened.shift, (widened.scale * other).astype(np.float32))
        unscaled = first.integers is not None and bool((widened.scale == 1).all())
        return Integers(widened.small, widened.shift - other, widened.scale) if unscaled else None
    if proto.op_type in RELABELS:
        whole = [widened.small, *np.broadcast_arrays(widened.small, widened.shift, widened.scale)[1:]]
        arguments = [const.array for const in rest]
        moved = [_computed(proto, [np.ascontiguousarray(each), *arguments], opsets)[0] for each in whole]
        return Integers(*moved)
    return None


def _along(array: Array, proto: onnx.NodeProto, rank: int) -> Array:
    """A number for each element of DequantizeLinear's axis, ready to broadcast."""
    axis = next((each.i for each in proto.attribute if each.name == "axis"), 1) % max(1, rank)
    return array.reshape([-1 if i == axis and array.size > 1 else 1 for i in range(rank)])


def _padded_suppression(nodes: list[Node], constants: dict[str, Const]) -> list[Node]:
    """Replaces non-maximum suppression by one of a fixed number of rows.

    NonMaxSuppression gives as many rows as it finds, so its graphs take the column of box numbers, append a
    number that stands for "none", and cut the list to a fixed length: Slice, Squeeze, Concat, Slice.
    """
    by_output = {name: node for node in nodes for name in node.outputs}
    uses = Counter(name for node in nodes for name in node.inputs)
    result = list(nodes)
    for last in nodes:
        chain = [last]
        for op in ("Concat", "Squeeze", "Slice", "NonMaxSuppression"):
            before = by_output.get(chain[-1].inputs[0]) if chain[-1].inputs else None
            if before is None or before.op != op or uses[before.outputs[0]] != 1:
                break
            chain.append(before)
        if last.op != "Slice" or len(chain) != 5:
            continue
        concat, suppression = chain[1], chain[4]
        none = constants.get(concat.inputs[1])
        ends = constants.get(last.inputs[2])
        if none is None or ends is None or np.unique(none.array).size != 1:
            continue
        attributes = {
            **suppression.attributes,
            "count": int(ends.array.flat[0]),
            "none": int(none.array.flat[0]),
        }
        new = Node("PaddedNonMaxSuppression", suppression.inputs, last.outputs, attributes)
        result[result.index(last)] = new
        result = [node for node in result if node not in chain[1:]]
    return result


def needed(nodes: list[Node], outputs: list[tuple[str, str]]) -> list[Node]:
    """Without nodes whose outputs nothing reads."""
    wanted = {name for name, _ in outputs}
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.outputs):
            kept.append(node)
            wanted |= set(node.inputs)
    return kept[::-1]
