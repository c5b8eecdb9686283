"""Builder: an ONNX graph under construction, to which the operators add nodes and weights.

Does not know operators. Pictures are NCHW here; every other value, and every shape passed in, keeps the
order of the file (NHWC). A value changes layout only where an operator asks for the other one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from models.artifacts import OPSET
from models.importers.errors import ModelFileError
from models.importers.ir import Array, Constant, Network, Shape, Step, checked_shape

TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)
MAX_FOLDED = 1 << 16  # elements of a constant that is computed on import: shapes and indices, not pictures


@dataclass(frozen=True)
class Value:
    """An activation: its name in the graph, its shape in the file's order, whether the graph has NCHW."""

    name: str
    shape: Shape
    image: bool


class Builder:
    """A graph to which each step of a network is added in turn."""

    def __init__(self, network: Network) -> None:
        self.constants: dict[str, Constant] = dict(network.constants)
        self.values = {network.picture: Value("picture", checked_shape(network.shape, "the input"), True)}
        self.uses = Counter(name for step in network.steps for name in step.inputs)
        self.names = {name for step in network.steps for name in step.outputs} | {network.picture, "picture"}
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Array] = {}
        self._turned: dict[tuple[str, bool], str] = {}
        self._numbers: dict[str, Array] = {}

    # ---- values ----

    def shape(self, name: str) -> Shape:
        """The shape of a value in the file's order."""
        if name in self.constants:
            return tuple(self.constants[name].array.shape)
        if name not in self.values:
            raise ModelFileError(f"the tensor {name} is used before it is computed.")
        return self.values[name].shape

    def numbers(self, name: str) -> Array:
        """The float32 or int64 numbers of a constant, in the file's order."""
        if name not in self.constants:
            self.shape(name)
            raise ModelFileError(f"the tensor {name} must be a constant.")
        if name not in self._numbers:
            self._numbers[name] = self.constants[name].numbers()
        return self._numbers[name]

    def is_image(self, name: str) -> bool:
        """Whether the graph has the value as NCHW."""
        return name in self.values and self.values[name].image

    def image(self, name: str) -> str:
        """The name of a 4-D value as NCHW; a constant of fewer dimensions is broadcast as in TensorFlow."""
        if name in self.constants:
            array = self.numbers(name)
            if array.ndim == 0:
                return self.weight(name, array)
            array = array.reshape((1,) * (4 - array.ndim) + array.shape)
            return self.weight(f"{name}_nchw", array.transpose(TO_NCHW))
        if len(self.shape(name)) != 4:
            raise ModelFileError(f"the tensor {name} has {len(self.shape(name))} dimensions, not 4.")
        return self._in_layout(name, image=True)

    def plain(self, name: str) -> str:
        """The name of a value in the file's order."""
        if name in self.constants:
            return self.weight(name, self.numbers(name))
        self.shape(name)
        return self._in_layout(name, image=False)

    def flat(self, name: str) -> str:
        """The name of a value whose elements are in the file's order; its shape may differ. For a Reshape."""
        if self.is_image(name):
            longer = [axis for axis in TO_NCHW if self.shape(name)[axis] > 1]
            if longer == sorted(longer):  # moving dimensions of size 1 does not reorder elements
                return self.values[name].name
        return self.plain(name)

    def weight(self, name: str, array: Array) -> str:
        """Stores an initialiser and returns its name: `name`, or a longer one where that is taken."""
        array = np.ascontiguousarray(array) if array.ndim else array
        while name in self.names or (name in self.weights and not _equal(self.weights[name], array)):
            name += "_"
        self.weights[name] = array
        return name

    def kernel(self, name: str, order: Sequence[int], shape: Sequence[int]) -> str:
        """The name of a constant, transposed by `order` and reshaped.

        Quantised bytes stay as they are, with DequantizeLinear.
        """
        if name not in self.constants or not self.constants[name].quantised:
            return self.weight(name, self.numbers(name).transpose(order).reshape(shape))
        constant = self.constants[name]
        array = constant.array.transpose(order).reshape(shape)
        assert constant.scale is not None and constant.zero is not None
        scale, zero = constant.scale, constant.zero.astype(array.dtype)
        single = scale.size == 1
        axis = 0 if single else list(order).index(constant.axis)
        if not single and array.shape[axis] != scale.size:
            raise ModelFileError(
                f"the tensor {name} has {scale.size} scales for {array.shape[axis]} channels."
            )
        stored = [
            self.weight(name, array),
            self.weight(f"{name}_scale", scale.reshape(()) if single else scale),
            self.weight(f"{name}_zero", zero.reshape(()) if single else zero),
        ]
        result = f"{stored[0]}_float"
        if not any(result in node.output for node in self.nodes):
            options: dict[str, Any] = {} if single else {"axis": axis}
            self.nodes.append(helper.make_node("DequantizeLinear", stored, [result], result, **options))
        return result

    # ---- nodes ----

    def add(
        self,
        kind: str,
        step: Step,
        inputs: Sequence[str],
        shape: Sequence[int],
        image: bool = False,
        output: int = 0,
        **attributes: Any,
    ) -> None:
        """Adds the node that computes an output of `step`; `shape` is the output's, in the file's order.

        A node of constants alone is computed at once.
        """
        target = step.outputs[output]
        name = "picture_own" if target == "picture" else target  # the graph's input has that name
        node = helper.make_node(kind, list(inputs), [name], name, **attributes)
        sizes = checked_shape(shape, f"the tensor {target}")
        if all(source in self.weights for source in inputs if source):
            self.constants[target] = self._fold(node, sizes)
            return
        self.nodes.append(node)
        self.values[target] = Value(name, sizes, image)

    def intermediate(
        self, kind: str, step: Step, inputs: Sequence[str], suffix: str, **attributes: Any
    ) -> str:
        """Adds a node between the inputs and an output of `step`; returns the name of its output."""
        name = f"{step.outputs[0]}_{suffix}"
        while name in self.names or name in self.weights:
            name += "_"
        self.names.add(name)
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def alias(self, step: Step, output: int = 0) -> None:
        """Makes the step's output another name of its input."""
        source, target = step.inputs[0], step.outputs[output]
        if source in self.constants:
            self.constants[target] = self.constants[source]
        else:
            self.shape(source)
            self.values[target] = self.values[source]
            self.uses[source] += self.uses[target]

    def define(self, step: Step, array: Array) -> None:
        """Makes the step's output a constant."""
        self.constants[step.outputs[0]] = Constant(array)

    def producer(self, name: str) -> onnx.NodeProto | None:
        """The node that computes a value which a single step uses; None for other values."""
        if self.uses[name] != 1:
            return None
        return next((node for node in reversed(self.nodes) if name in node.output), None)

    def _in_layout(self, name: str, image: bool) -> str:
        value = self.values[name]
        if value.image == image or len(value.shape) != 4:
            return value.name
        if (value.name, image) not in self._turned:
            result = f"{value.name}_{'nchw' if image else 'nhwc'}"
            order = TO_NCHW if image else TO_NHWC
            self.nodes.append(helper.make_node("Transpose", [value.name], [result], result, perm=order))
            self._turned[value.name, image] = result
        return self._turned[value.name, image]

    def _fold(self, node: onnx.NodeProto, shape: Shape) -> Constant:
        sizes = [int(np.prod(shape)), *(self.weights[i].size for i in node.input if i)]
        if max(sizes) > MAX_FOLDED:
            raise ModelFileError(
                f"{node.name} is computed from constants alone and has {max(sizes):,} elements, "
                f"more than {MAX_FOLDED:,}."
            )
        constants = [numpy_helper.from_array(self.weights[i], i) for i in dict.fromkeys(node.input) if i]
        result = helper.make_empty_tensor_value_info(node.output[0])
        graph = helper.make_graph([node], "folded", [], [result], constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        (array,) = ReferenceEvaluator(model).run(None, {})
        return Constant(np.asarray(array))


def _equal(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
