"""The ONNX graph in the making: values in either layout, weights, and nodes added by operators.py.

Does not know an operator. Pictures are NCHW here; every other value, and every shape asked for, keeps
the order of the file (NHWC). A value changes layout only where an operator asks for the other one.
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

from models.importers.ir import Array, Constant, Network, Shape, Step, Unreadable, bounded

OPSET = 17
TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)
MAX_FOLDED = 1 << 16  # elements that are computed while importing: shapes and indices, not pictures


@dataclass(frozen=True)
class Value:
    """An activation: its name in the graph, its shape in the file's order, whether it lies there as NCHW."""

    name: str
    shape: Shape
    image: bool


class Draft:
    """A graph that grows step by step."""

    def __init__(self, network: Network) -> None:
        self.constants: dict[str, Constant] = dict(network.constants)
        self.values = {network.picture: Value("picture", bounded(network.shape, "the picture"), True)}
        self.uses = Counter(name for step in network.steps for name in step.inputs)
        self.taken = {name for step in network.steps for name in step.outputs} | {network.picture, "picture"}
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Array] = {}
        self._turned: dict[tuple[str, bool], str] = {}
        self._numbers: dict[str, Array] = {}

    # ---- what an operator asks ----

    def shape(self, name: str) -> Shape:
        """Shape in the file's order."""
        if name in self.constants:
            return tuple(self.constants[name].array.shape)
        if name not in self.values:
            raise Unreadable(f"the tensor {name} is used before anything makes it")
        return self.values[name].shape

    def numbers(self, name: str) -> Array:
        """A constant's float32 or int64 numbers, in the file's order."""
        if name not in self.constants:
            self.shape(name)
            raise Unreadable(f"the tensor {name} has to be a constant")
        if name not in self._numbers:
            self._numbers[name] = self.constants[name].numbers()
        return self._numbers[name]

    def is_image(self, name: str) -> bool:
        """Whether the value lies in the graph as NCHW."""
        return name in self.values and self.values[name].image

    def image(self, name: str) -> str:
        """A value of four dimensions as NCHW; constants of fewer are read as TensorFlow broadcasts them."""
        if name in self.constants:
            array = self.numbers(name)
            if array.ndim == 0:
                return self.weight(name, array)
            array = array.reshape((1,) * (4 - array.ndim) + array.shape)
            return self.weight(f"{name}_nchw", array.transpose(TO_NCHW))
        if len(self.shape(name)) != 4:
            raise Unreadable(f"the tensor {name} has {len(self.shape(name))} dimensions, not 4")
        return self._laid(name, image=True)

    def plain(self, name: str) -> str:
        """A value in the file's order."""
        if name in self.constants:
            return self.weight(name, self.numbers(name))
        self.shape(name)
        return self._laid(name, image=False)

    def flat(self, name: str) -> str:
        """A value whose elements are in the file's order, whatever its shape: for a Reshape."""
        if self.is_image(name):
            longer = [axis for axis in TO_NCHW if self.shape(name)[axis] > 1]
            if longer == sorted(longer):  # moving dimensions of one changes no order
                return self.values[name].name
        return self.plain(name)

    def weight(self, name: str, array: Array) -> str:
        """Stores an initialiser, under `name` or, where other numbers have it, under a longer one."""
        array = np.ascontiguousarray(array) if array.ndim else array
        while name in self.taken or (name in self.weights and not _equal(self.weights[name], array)):
            name += "_"
        self.weights[name] = array
        return name

    def kernel(self, name: str, order: Sequence[int], shape: Sequence[int]) -> str:
        """A constant transposed by `order` and reshaped; quantised bytes stay, behind DequantizeLinear."""
        if name not in self.constants or not self.constants[name].packed:
            return self.weight(name, self.numbers(name).transpose(order).reshape(shape))
        constant = self.constants[name]
        array = constant.array.transpose(order).reshape(shape)
        assert constant.scale is not None and constant.zero is not None
        scale, zero = constant.scale, constant.zero.astype(array.dtype)
        single = scale.size == 1
        axis = 0 if single else list(order).index(constant.axis)
        if not single and array.shape[axis] != scale.size:
            raise Unreadable(f"the tensor {name} has {scale.size} scales for {array.shape[axis]} channels")
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

    # ---- what an operator does ----

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
        """The node that makes an output of `step`, of this shape in the file's order."""
        target = step.outputs[output]
        name = "picture_own" if target == "picture" else target  # the graph's input has that name
        node = helper.make_node(kind, list(inputs), [name], name, **attributes)
        sizes = bounded(shape, f"the tensor {target}")
        if all(given in self.weights for given in inputs if given):
            self.constants[target] = self._folded(node, sizes)
            return
        self.nodes.append(node)
        self.values[target] = Value(name, sizes, image)

    def between(self, kind: str, step: Step, inputs: Sequence[str], mark: str, **attributes: Any) -> str:
        """A node on the way to an output of `step`; gives the name of what it makes."""
        name = f"{step.outputs[0]}_{mark}"
        while name in self.taken or name in self.weights:
            name += "_"
        self.taken.add(name)
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def same(self, step: Step, output: int = 0) -> None:
        """The step's output is its input."""
        source, target = step.inputs[0], step.outputs[output]
        if source in self.constants:
            self.constants[target] = self.constants[source]
        else:
            self.shape(source)
            self.values[target] = self.values[source]
            self.uses[source] += self.uses[target]

    def holds(self, step: Step, array: Array) -> None:
        """The step's output is known while importing."""
        self.constants[step.outputs[0]] = Constant(array)

    def maker(self, name: str) -> onnx.NodeProto | None:
        """The node that made a value nothing else uses."""
        if self.uses[name] != 1:
            return None
        return next((node for node in reversed(self.nodes) if name in node.output), None)

    def _laid(self, name: str, image: bool) -> str:
        value = self.values[name]
        if value.image == image or len(value.shape) != 4:
            return value.name
        if (value.name, image) not in self._turned:
            result = f"{value.name}_{'nchw' if image else 'nhwc'}"
            order = TO_NCHW if image else TO_NHWC
            self.nodes.append(helper.make_node("Transpose", [value.name], [result], result, perm=order))
            self._turned[value.name, image] = result
        return self._turned[value.name, image]

    def _folded(self, node: onnx.NodeProto, shape: Shape) -> Constant:
        sizes = [int(np.prod(shape)), *(self.weights[i].size for i in node.input if i)]
        if max(sizes) > MAX_FOLDED:
            raise Unreadable(f"{node.name} is computed of constants alone and has {max(sizes)} elements")
        given = [numpy_helper.from_array(self.weights[i], i) for i in dict.fromkeys(node.input) if i]
        result = helper.make_empty_tensor_value_info(node.output[0])
        graph = helper.make_graph([node], "folded", [], [result], given)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        (array,) = ReferenceEvaluator(model).run(None, {})
        return Constant(np.asarray(array))


def _equal(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
