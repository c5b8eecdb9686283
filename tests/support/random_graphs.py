"""Random small graphs of the operators that models.compile supports, with what onnxruntime computes for them.

Does not compile: tests/native/test_compile_fuzz.py does. Everything follows from the seed. Each node is
computed when it is added, so that a graph has no node that onnxruntime refuses and no number that is not
finite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tests.support import wasm_run

Array = NDArray[Any]
LARGEST, MOST = 1e4, 20_000  # the largest number, and the most elements of a value
CHANNELS = (1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 20, 42)
SIDES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 17)


class SkippedError(Exception):
    """Nothing in the graph suits this operator, or its result is of no use."""


@dataclass
class Graph:
    """A graph that grows."""

    rng: np.random.Generator
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    inputs: dict[str, Array] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    values: dict[str, Array] = field(default_factory=dict)  # of inputs and nodes
    scale: dict[str, float] = field(default_factory=dict)  # rounding errors are a small part of it
    exact: set[str] = field(default_factory=set)  # values without rounding errors
    outputs: list[str] = field(default_factory=list)

    # ---- chance ----

    def chance(self, probability: float) -> bool:
        """Whether, with a probability."""
        return bool(self.rng.random() < probability)

    def one(self, rows: Any) -> Any:
        """One of a list."""
        return rows[int(self.rng.integers(len(rows)))]

    def between(self, low: int, high: int) -> int:
        """A whole number; `high` is possible too."""
        return int(self.rng.integers(low, high + 1))

    def normal(self, *shape: int, scale: float = 1.0) -> Array:
        """Random floats; now and then exact float16 numbers."""
        array = (self.rng.standard_normal(shape) * scale).astype(np.float32)
        return array.astype(np.float16).astype(np.float32) if self.chance(0.4) else array

    # ---- values ----

    def pick(self, suits: Callable[[str, Array], bool]) -> str:
        """The name of a value, rather a late one."""
        names = [name for name, value in self.values.items() if suits(name, value)]
        if not names:
            raise SkippedError
        return names[-1] if self.chance(0.5) else str(self.one(names))

    def floats(self, rank: int = 0) -> str:
        """A float value of this rank; 0: any."""
        return self.pick(lambda _, v: v.dtype == np.float32 and (not rank or v.ndim == rank))

    def map(self) -> str:
        """A single map [1, channels, rows, columns]."""
        return self.pick(lambda _, v: v.dtype == np.float32 and v.ndim == 4 and v.shape[0] == 1)

    def const(self, array: Any) -> str:
        """A constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(array)
        return name

    def ints(self, *numbers: int) -> str:
        """A constant list of integers."""
        return self.const(np.array(numbers, np.int64))

    def array(self, name: str) -> Array:
        """A value or constant."""
        return self.values[name] if name in self.values else self.constants[name]

    def add(
        self, op: str, *names: str, exact: bool = False, count: int = 1, gain: float = 1.0, **attributes: Any
    ) -> str:
        """Append a node and compute it. `exact`: it does not round; `gain`: how errors of inputs grow."""
        outputs = [f"v{len(self.nodes)}"] + [f"v{len(self.nodes)}_{i}" for i in range(1, count)]
        node = helper.make_node(op, names, outputs, **attributes)
        given = {name: self.array(name) for name in names if name}
        results = computed(node, given)
        for each in results:
            if (
                not each.size
                or each.size > MOST
                or not np.isfinite(each).all()
                or np.abs(each).max() > LARGEST
            ):
                raise SkippedError
        self.nodes.append(node)
        before = [self.scale.get(name, 0.0) for name in given]
        grown = (
            float(np.prod([max(each, 1.0) for each in before]))
            if op == "Mul"
            else max(before, default=0.0) * gain
        )
        for name, value in zip(outputs, results, strict=True):
            self.values[name] = value
            self.scale[name] = max(float(np.abs(value).max()), grown)
            if exact and all(each in self.exact or each in self.constants for each in given):
                self.exact.add(name)
        return outputs[0]

    # ---- the whole ----

    def model(self) -> onnx.ModelProto:
        """The model of all that its outputs need."""
        wanted, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if wanted & set(node.output):
                kept.append(node)
                wanted |= set(node.input)
        inputs = {name: value for name, value in self.inputs.items() if name in wanted}
        constants = {name: value for name, value in self.constants.items() if name in wanted}
        kinds = {name: helper.np_dtype_to_tensor_dtype(self.values[name].dtype) for name in self.outputs}
        return wasm_run.graph(kept[::-1], inputs, kinds, constants)


_COMPUTED: dict[bytes, Any] = {}


def computed(node: onnx.NodeProto, given: Mapping[str, Array]) -> list[Array]:
    """The outputs of one node. Raises SkippedError if onnxruntime refuses it."""
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in given.items()
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
    model = helper.make_model(
        helper.make_graph([node], "one", inputs, outputs),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    try:
        return list(wasm_run.reference(model, given).values())
    except Exception as error:  # onnxruntime has no common class of its errors
        raise SkippedError(str(error)) from None


# ---- generators: each appends an operator or a chain that the compiler fuses ----

UNARY = {
    "Relu": True,
    "Abs": True,
    "Neg": True,
    "Sigmoid": False,
    "Tanh": False,
    "HardSwish": False,
    "Identity": True,
    "HardSigmoid": False,
    "LeakyRelu": False,
}


def unary(g: Graph) -> None:
    op = g.one(list(UNARY))
    attributes: dict[str, Any] = (
        {"alpha": 0.3} if op in ("LeakyRelu", "HardSigmoid") and g.chance(0.7) else {}
    )
    g.add(op, g.floats(), exact=UNARY[op], **attributes)


def clip(g: Graph) -> None:
    low, high = (g.const(np.float32(limit)) if g.chance(0.8) else "" for limit in (-0.7, 1.5))
    g.add("Clip", g.floats(), low, high, exact=True)


def exp(g: Graph) -> None:
    x = g.add("Clip", g.floats(), g.const(np.float32(-4)), g.const(np.float32(3)), exact=True)
    g.add("Exp", x, gain=20.0)


def root(g: Graph) -> None:
    x = g.add("Add", g.add("Abs", g.floats(), exact=True), g.const(np.float32(0.5)))
    g.add("Sqrt", x)


def prelu(g: Graph) -> None:
    x = g.map()
    g.add("PRelu", x, g.const(g.normal(g.values[x].shape[1], 1, 1)))


def binary(g: Graph) -> None:
    x = g.floats()
    shape = g.values[x].shape
    if g.chance(0.5):
        y = g.pick(lambda _, v: v.dtype == np.float32 and _broadcasts(shape, v.shape))
    else:
        own = [n if g.chance(0.5) else 1 for n in shape][g.between(0, len(shape)) :]
        y = g.const(g.normal(*own))
    pair = (x, y) if g.chance(0.5) else (y, x)
    op = g.one(("Add", "Sub", "Mul", "Max", "Min"))
    g.add(op, *pair, exact=op in ("Max", "Min"))


def division(g: Graph) -> None:
    x = g.floats()
    divisor = g.add("Add", g.add("Sigmoid", g.floats()), g.const(np.float32(0.5)))
    g.add("Div", x, divisor, gain=4.0)


def _broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    try:
        return len(np.broadcast_shapes(a, b)) <= 4
    except ValueError:
        return False


def _weights(g: Graph, *shape: int) -> tuple[str, float]:
    """Weights: floats, or integers with what widens them folded away. And how errors grow."""
    fan = max(1, int(np.prod(shape[1:])))
    array = g.normal(*shape, scale=fan**-0.5)
    return g.const(array), float(np.abs(array).reshape(shape[0], -1).sum(1).max())


def conv(g: Graph, depthwise: bool = False, stay: bool = False) -> str:
    """A convolution; `stay`: of the same size."""
    x = g.map()
    channels = g.values[x].shape[1]
    kernel = [1, 1] if g.chance(0.4) and not depthwise else [g.between(1, 5), g.between(1, 5)]
    dilation = [g.one((1, 1, 1, 2)), g.one((1, 1, 1, 2))]
    spans = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if stay:
        stride = [1, 1]
        pads = [spans[0] // 2, spans[1] // 2, spans[0] - spans[0] // 2, spans[1] - spans[1] // 2]
    else:
        stride = g.one(([1, 1], [1, 1], [2, 2], [3, 3], [2, 1], [1, 2]))
        pads = [g.between(0, span) for span in (*spans, *spans)] if g.chance(0.7) else [0] * 4
    outputs = channels if depthwise else int(g.one(CHANNELS))
    w, gain = _weights(g, outputs, 1 if depthwise else channels, *kernel)
    bias = [g.const(g.normal(outputs))] if g.chance(0.7) else []
    group = channels if depthwise else 1
    return g.add(
        "Conv",
        x,
        w,
        *bias,
        gain=max(1.0, gain),
        pads=pads,
        strides=stride,
        dilations=dilation,
        group=group,
        kernel_shape=kernel,
    )


def depthwise(g: Graph) -> None:
    conv(g, depthwise=True)


def block(g: Graph) -> None:
    """A convolution, an activation, and a residual of as many or fewer channels."""
    x = g.map()
    g.values[x] = g.values.pop(x)  # the latest now, so that conv() may take it
    y = conv(g, depthwise=g.chance(0.3), stay=True)
    if g.chance(0.5):
        y = g.add(g.one(("Relu", "Sigmoid", "HardSwish")), y)
    want, have = g.values[y].shape, g.values[x].shape
    residual = x
    if have[2:] == want[2:] and have[1] < want[1]:
        residual = g.add("Pad", x, g.ints(0, 0, 0, 0, 0, want[1] - have[1], 0, 0), exact=True)
    g.add("Add", *((y, residual) if g.chance(0.5) else (residual, y)))
    if g.chance(0.5):
        g.add("Relu", list(g.values)[-1])


def squeeze_excite(g: Graph) -> None:
    x = g.map()
    channels = g.values[x].shape[1]
    factors = g.add("GlobalAveragePool", x)
    w, gain = _weights(g, channels, channels, 1, 1)
    factors = g.add("Conv", factors, w, gain=max(1.0, gain))
    scaled = g.add("Mul", *((x, factors) if g.chance(0.5) else (factors, x)))
    if g.chance(0.6):
        w, gain = _weights(g, g.one(CHANNELS), channels, 1, 1)
        g.add("Conv", scaled, w, gain=max(1.0, gain))


def enlarged_addend(g: Graph) -> None:
    """conv(skip) + resize2(b), as in a decoder."""
    x = g.map()
    _, channels, rows, columns = g.values[x].shape
    outputs = int(g.one(CHANNELS))
    w, gain = _weights(g, outputs, channels, 1, 1)
    small = g.add("Conv", x, w, gain=max(1.0, gain))
    big = g.add("Resize", small, "", g.const(np.array([1, 1, 2, 2], np.float32)), mode="linear")
    other = g.pick(
        lambda _, v: (
            v.dtype == np.float32
            and v.ndim == 4
            and v.shape[::2] == (1, 2 * rows)
            and v.shape[3] == 2 * columns
        )
    )
    w, gain = _weights(g, outputs, g.values[other].shape[1], 1, 1)
    y = g.add("Conv", other, w, gain=max(1.0, gain))
    g.add("Add", *((y, big) if g.chance(0.5) else (big, y)))


def transposed(g: Graph) -> None:
    x = g.map()
    channels = g.values[x].shape[1]
    if g.chance(0.6):
        w, gain = _weights(g, channels, 1, 2, 2)
        bias = [g.const(g.normal(1))] if g.chance(0.5) else []
        g.add("ConvTranspose", x, w, *bias, gain=max(1.0, gain * channels), strides=[2, 2])
        return
    kernel, stride = g.between(1, 6), g.between(1, 4)
    axis = g.between(0, 1)
    pads = [0, 0, 0, 0]
    pads[axis], pads[axis + 2] = g.between(0, (kernel - 1) // 2), g.between(0, (kernel - 1) // 2)
    w, gain = _weights(g, channels, 1, *((kernel, 1) if axis == 0 else (1, kernel)))
    strides = [stride, 1] if axis == 0 else [1, stride]
    g.add("ConvTranspose", x, w, gain=max(1.0, gain), strides=strides, pads=pads, group=channels)


def pool(g: Graph) -> None:
    op = g.one(("MaxPool", "AveragePool"))
    kernel = [g.between(1, 3), g.between(1, 3)]
    pads = [g.between(0, k // 2) for k in (*kernel, *kernel)]
    extra = {"count_include_pad": g.between(0, 1)} if op == "AveragePool" else {}
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim == 4)
    g.add(
        op,
        x,
        exact=op == "MaxPool",
        kernel_shape=kernel,
        strides=g.one(([1, 1], [2, 2], [1, 2])),
        pads=pads,
        **extra,
    )


def resize(g: Graph) -> None:
    factors = g.one(([2, 2], [2, 2], [1, 1], [3, 3], [1, 2], [3, 1], [4, 4]))
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim == 4 and v.shape[0] == 1)
    scales = g.const(np.array([1, 1, *factors], np.float32))
    g.add(
        "Resize",
        x,
        "",
        scales,
        mode="linear",
        coordinate_transformation_mode=g.one(("half_pixel", "pytorch_half_pixel")),
    )


def any_value(g: Graph) -> str:
    return g.pick(lambda _, v: v.ndim > 0)


def transpose(g: Graph) -> None:
    x = any_value(g)
    g.add("Transpose", x, exact=True, perm=[int(i) for i in g.rng.permutation(g.values[x].ndim)])


def reshape(g: Graph) -> None:
    x = any_value(g)
    size = g.values[x].size
    shape: list[int] = []
    while size > 1 and len(shape) < 3:
        n = g.one([d for d in range(1, size + 1) if not size % d and d < 200] or [1])
        shape.append(n)
        size //= n
    shape.append(-1 if g.chance(0.3) else size)
    order = [int(i) for i in g.rng.permutation(len(shape))]
    g.add("Reshape", x, g.ints(*(shape[i] for i in order)), exact=True)


def as_map(g: Graph) -> None:
    """Something as a map again, so that convolutions find inputs."""
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim > 0 and v.size > 1)
    size = g.values[x].size
    channels = g.one([d for d in range(1, 43) if not size % d])
    rows = g.one([d for d in range(1, 30) if not (size // channels) % d])
    g.add("Reshape", x, g.ints(1, channels, rows, size // channels // rows), exact=True)


def slice_(g: Graph) -> None:
    x = any_value(g)
    shape = g.values[x].shape
    axes = [axis for axis in range(len(shape)) if g.chance(0.6)] or [0]
    starts = [g.between(0, shape[axis] - 1) for axis in axes]
    ends = [g.between(start + 1, shape[axis]) for start, axis in zip(starts, axes, strict=True)]
    starts = [s - shape[axis] if g.chance(0.2) else s for s, axis in zip(starts, axes, strict=True)]
    g.add(
        "Slice",
        x,
        g.ints(*starts),
        g.ints(*ends),
        g.ints(*axes),
        g.ints(*(g.one((1, 1, 2, 3)) for _ in axes)),
        exact=True,
    )


def split(g: Graph) -> None:
    x = g.pick(lambda _, v: v.ndim > 0 and max(v.shape) > 1)
    shape = g.values[x].shape
    axis = g.one([i for i, n in enumerate(shape) if n > 1])
    at = g.between(1, shape[axis] - 1)
    g.add(
        "Split",
        x,
        g.ints(at, shape[axis] - at),
        exact=True,
        count=2,
        axis=axis - (len(shape) if g.chance(0.3) else 0),
    )


def concat(g: Graph) -> None:
    x = any_value(g)
    a = g.values[x]
    axis = g.between(0, a.ndim - 1)

    def alike(_: str, v: Array) -> bool:
        same = v.dtype == a.dtype and v.ndim == a.ndim
        return same and all(
            i == axis or m == n for i, (m, n) in enumerate(zip(v.shape, a.shape, strict=True))
        )

    names = [x, *(g.pick(alike) for _ in range(g.between(0, 2)))]
    if a.dtype == np.float32 and g.chance(0.3):
        names.append(g.const(g.normal(*(g.between(1, 3) if i == axis else n for i, n in enumerate(a.shape)))))
    g.add("Concat", *names, exact=True, axis=axis)


def pad(g: Graph) -> None:
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim > 0)
    widths = [g.one((0, 0, 1, 2)) for _ in range(2 * g.values[x].ndim)]
    mode = g.one(("constant", "constant", "edge"))
    value = [g.const(np.float32(g.one((0.0, 1.5, -2.0))))] if mode == "constant" and g.chance(0.5) else []
    g.add("Pad", x, g.ints(*widths), *value, exact=True, mode=mode)


def unsqueeze(g: Graph) -> None:
    x = g.pick(lambda _, v: v.ndim < 4)
    g.add("Unsqueeze", x, g.ints(g.between(0, g.values[x].ndim)), exact=True)


def squeeze(g: Graph) -> None:
    x = g.pick(lambda _, v: 1 in v.shape)
    axes = [i for i, n in enumerate(g.values[x].shape) if n == 1 and g.chance(0.5)]
    g.add("Squeeze", x, *([g.ints(*axes)] if axes else []), exact=True)


def flatten(g: Graph) -> None:
    x = g.floats()
    g.add("Flatten", x, exact=True, axis=g.between(0, g.values[x].ndim))


def expand(g: Graph) -> None:
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim > 0 and v.size < 500)
    g.add("Expand", x, g.ints(*(g.between(1, 3) if n == 1 else n for n in g.values[x].shape)), exact=True)


def reduce(g: Graph) -> None:
    op = g.one(("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "GlobalAveragePool"))
    if op == "GlobalAveragePool":
        g.add(op, g.pick(lambda _, v: v.dtype == np.float32 and v.ndim == 4))
        return
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim > 0)
    shape = g.values[x].shape
    axes = [i for i in range(len(shape)) if g.chance(0.5)]
    axes = [axis - (len(shape) if g.chance(0.2) else 0) for axis in axes]
    keep = g.between(0, 1)
    n = float(np.prod([shape[i] for i in axes])) if axes else g.values[x].size
    given: dict[str, Any] = {"axes": axes} if axes else {}
    if op == "ReduceSum":
        g.add(op, x, *([g.ints(*axes)] if axes else []), keepdims=keep, gain=float(n))
    else:
        g.add(op, x, exact=op in ("ReduceMax", "ReduceMin"), keepdims=keep, **given)


def softmax(g: Graph) -> None:
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim > 0 and np.abs(v).max() < 40)
    g.add("Softmax", x, axis=g.between(-g.values[x].ndim, g.values[x].ndim - 1))


def _exact(g: Graph) -> str:
    return g.pick(lambda name, v: v.dtype == np.float32 and v.ndim > 0 and name in g.exact)


def argmax(g: Graph) -> None:
    x = _exact(g)
    axis, keep = g.between(0, g.values[x].ndim - 1), g.between(0, 1)
    place = g.add("ArgMax", x, exact=True, axis=axis, keepdims=keep)
    if g.chance(0.8):
        g.add("Cast", place, exact=True, to=TensorProto.FLOAT)


def top_k(g: Graph) -> None:
    x = _exact(g)
    flat = g.add("Reshape", x, g.ints(*g.one(((-1,), (1, -1), (1, 1, -1)))), exact=True)
    k = min(g.values[flat].size, g.between(1, 12))
    places = g.add("TopK", flat, g.ints(k), exact=True, count=2)
    places = f"{places}_1"
    if g.chance(0.7):
        g.add("Gather", g.add("Reshape", x, g.ints(-1), exact=True), places, exact=True)


def gather(g: Graph) -> None:
    x = any_value(g)
    axis = g.between(0, g.values[x].ndim - 1)
    n = g.values[x].shape[axis]
    shape = g.one(((), (1,), (3,), (2, 2)))
    g.add("Gather", x, g.const(g.rng.integers(-n, n, shape)), exact=True, axis=axis)


def gather_nd(g: Graph) -> None:
    x = any_value(g)
    shape = g.values[x].shape
    depth = g.between(1, len(shape))
    rows = g.one(((1,), (3,), (2, 2)))
    places = [g.rng.integers(-n, n, rows) for n in shape[:depth]]
    g.add("GatherND", x, g.const(np.stack(places, -1)), exact=True)


def matmul(g: Graph) -> None:
    x = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim > 1)
    depth, n = g.values[x].shape[-1], int(g.one(CHANNELS))
    if g.chance(0.7):
        w, gain = _weights(g, n, depth)
        g.constants[w] = np.ascontiguousarray(g.constants[w].T)
        g.add("MatMul", x, w, gain=max(1.0, gain))
        return
    y = g.pick(lambda _, v: v.dtype == np.float32 and v.ndim > 1 and v.shape[-2] == depth)
    g.add("MatMul", x, y, gain=max(1.0, depth * g.scale[y]))


def gemm(g: Graph) -> None:
    x = g.floats(2)
    n, turned = int(g.one(CHANNELS)), g.between(0, 1)
    w, gain = _weights(g, n, g.values[x].shape[1])
    if not turned:
        g.constants[w] = np.ascontiguousarray(g.constants[w].T)
    bias = [g.const(g.normal(n))] if g.chance(0.7) else []
    g.add("Gemm", x, w, *bias, gain=max(1.0, gain), transB=turned)


def integers(g: Graph) -> None:
    """To integers, some arithmetic, and mostly back."""
    x = g.add("Cast", _exact(g), exact=True, to=TensorProto.INT32)
    for _ in range(g.between(0, 3)):
        op = g.one(("Add", "Sub", "Mul", "Div", "Max", "Min", "Mod"))
        x = g.add(op, x, g.const(np.int32(g.one((1, 2, 3, 7, -2)))), exact=True)
    if g.chance(0.8):
        g.add("Cast", x, exact=True, to=TensorProto.FLOAT)


def choice(g: Graph) -> None:
    """A comparison, and what it chooses."""
    x = _exact(g)
    other = g.const(np.float32(0.25)) if g.chance(0.6) else x
    mask = g.add(g.one(("Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual")), x, other, exact=True)
    if g.chance(0.3):
        mask = g.add("Not", mask, exact=True)
    if g.chance(0.3):
        mask = g.add(
            g.one(("And", "Or")), mask, g.add("Less", x, g.const(np.float32(1)), exact=True), exact=True
        )
    if g.chance(0.5):
        g.add("Cast", mask, exact=True, to=TensorProto.FLOAT)
    else:
        y = g.const(np.float32(-1)) if g.chance(0.5) else g.const(g.normal(*g.values[x].shape[-1:]))
        g.add("Where", mask, *((x, y) if g.chance(0.5) else (y, x)), exact=True)


def rounding(g: Graph) -> None:
    g.add(g.one(("Floor", "Ceil", "Round")), _exact(g), exact=True)


def pixels(g: Graph) -> None:
    """Bytes as a map: the picture that a page gives."""
    x = g.pick(lambda _, v: v.dtype == np.uint8)
    if g.values[x].ndim == 4 and g.values[x].shape[3] == 4 and g.chance(0.6):
        x = g.add("Slice", x, g.ints(0), g.ints(3), g.ints(3), exact=True)
        x = g.add("Transpose", x, exact=True, perm=[0, 3, 1, 2])
    x = g.add("Cast", x, exact=True, to=TensorProto.FLOAT)
    x = g.add("Mul", x, g.const(np.float32(1 / 128)))
    g.add("Sub", x, g.const(np.float32(1)))


def to_bytes(g: Graph) -> None:
    """Bytes out of a value that has no rounding errors."""
    x = g.add("Abs", _exact(g), exact=True)
    x = g.add(
        "Clip",
        g.add("Mul", x, g.const(np.float32(16)), exact=True),
        g.const(np.float32(0)),
        g.const(np.float32(255)),
        exact=True,
    )
    g.add("Cast", x, exact=True, to=TensorProto.UINT8)


TABLE: dict[Callable[[Graph], Any], float] = {
    conv: 5,
    depthwise: 3,
    block: 3,
    squeeze_excite: 2,
    enlarged_addend: 2,
    transposed: 1.5,
    pool: 2,
    resize: 2,
    unary: 4,
    clip: 1.5,
    exp: 0.7,
    root: 0.7,
    prelu: 1.5,
    binary: 5,
    division: 1,
    transpose: 1.5,
    reshape: 1,
    as_map: 2,
    slice_: 1.5,
    split: 1,
    concat: 2.5,
    pad: 1.5,
    unsqueeze: 0.7,
    squeeze: 0.7,
    flatten: 0.5,
    expand: 0.5,
    reduce: 2,
    softmax: 1,
    argmax: 1,
    top_k: 1,
    gather: 1,
    gather_nd: 0.7,
    matmul: 1,
    gemm: 0.7,
    integers: 1,
    choice: 1,
    rounding: 0.7,
    pixels: 1.5,
    to_bytes: 0.5,
}
OPERATORS = list(TABLE)
SHARES = np.array([*TABLE.values()]) / sum(TABLE.values())


def make(seed: int) -> Graph:
    """A random graph."""
    g = Graph(np.random.default_rng(seed))
    for i in range(g.between(1, 3)):
        kind = g.one(("map", "map", "map", "bytes", "row"))
        rows, columns = int(g.one(SIDES)), int(g.one(SIDES))
        value = {
            "map": lambda: g.normal(1, int(g.one(CHANNELS)), rows, columns),  # noqa: B023
            "bytes": lambda: g.rng.integers(0, 256, (1, rows, columns, 4), np.uint8),  # noqa: B023
            "row": lambda: g.normal(*(g.between(1, 9) for _ in range(g.between(1, 3)))),
        }[kind]()
        g.inputs[f"x{i}"] = g.values[f"x{i}"] = value
        g.scale[f"x{i}"] = float(np.abs(value).max())
        g.exact.add(f"x{i}")
    wanted = g.between(1, 12)
    for _ in range(4 * wanted):
        if len(g.nodes) >= wanted:
            break
        kept = dict(g.constants)
        try:
            g.rng.choice(OPERATORS, p=SHARES)(g)  # type: ignore[arg-type]
        except SkippedError:
            g.constants = {**g.constants, **kept}
    kinds = (np.dtype(np.float32), np.dtype(np.uint8), np.dtype(np.int32))
    names = [name for name in g.values if g.values[name].dtype in kinds]
    made = [name for name in names if name not in g.inputs] or names
    unread = [name for name in made if not any(name in node.input for node in g.nodes)]
    some = [name for name in made if g.chance(0.15)]
    g.outputs = list(dict.fromkeys([*(unread or made[-1:]), *some]))
    return g


def smaller(g: Graph, fails: Callable[[Graph], bool]) -> Graph:
    """A smaller graph that still fails: one output, and inputs in place of values."""

    def reduced(outputs: list[str], inputs: dict[str, Array]) -> Graph | None:
        nodes = [node for node in g.nodes if not set(node.output) & set(inputs)]
        graph = Graph(g.rng, nodes, inputs, g.constants, g.values, g.scale, g.exact, outputs)
        known = {"", *inputs, *g.constants, *(name for node in nodes for name in node.output)}
        whole = all(name in known for node in graph.model().graph.node for name in node.input)
        return graph if whole and fails(graph) else None

    outputs, inputs = g.outputs, dict(g.inputs)
    kinds = (np.dtype(np.float32), np.dtype(np.uint8), np.dtype(np.int32))
    possible = [name for name, value in g.values.items() if value.dtype in kinds and name not in g.inputs]
    for name in possible:
        if reduced([name], inputs):
            outputs = [name]
            break
    for name in possible[::-1]:
        more = {**inputs, name: g.values[name]}
        if name not in outputs and reduced(outputs, more):
            inputs = more
    return reduced(outputs, inputs) or g
