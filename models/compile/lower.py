"""Lowering: the nodes of a graph, in order, become Steps over Views of memory.

A value that elementwise nodes compute stays an expression until something needs it in memory, so that it is
computed in one loop, or after the convolution that it follows. Does not emit code: the kernels do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import prod

import numpy as np

from models.compile import ir, layout
from models.compile.filling import at_zero
from models.compile.graph import Graph, Node
from models.compile.ir import LANES, Buffer, Expr, Step, UnsupportedError, View, dense_strides, round_up
from models.compile.kernels import border
from models.compile.kernels.elementwise import elementwise
from models.compile.layout import channels_innermost, channels_last, with_filling
from models.compile.packing import Const
from models.compile.registry import FUSABLE, HANDLERS, TAKES_LAZY
from models.compile.values import Lazy, Source, Value
from models.compile.wasm import Function
from models.compile.weights import Weights


@dataclass
class Lowering:
    """The state of lowering."""

    graph: Graph
    weights: Weights = field(default_factory=Weights)
    steps: list[Step] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    inputs: dict[str, View] = field(default_factory=dict)
    outputs: dict[str, View] = field(default_factory=dict)
    clean: dict[Buffer, int] = field(default_factory=dict)  # maps whose filling channels are zero: channels
    bordered: set[Buffer] = field(default_factory=set)  # maps whose border a step clears
    broadcasts: dict[tuple[str, tuple[int, ...]], Expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes = self.graph.nodes
        self.users: dict[str, list[Node]] = {}
        for node in nodes:
            for name in dict.fromkeys(node.inputs):
                self.users.setdefault(name, []).append(node)
        self.named_outputs = dict(self.graph.outputs)
        self.borders = border.wanted(
            nodes, {name: const.array.shape for name, const in self.graph.constants.items()}
        )
        self.values.update(self.graph.constants)
        self._roots: dict[str, str] = {}

    def run(self) -> None:
        """Lower every node. Raises UnsupportedError."""
        for tensor in self.graph.inputs:
            dtype = ir.DTYPES[tensor.dtype]
            buffer = Buffer(prod(tensor.shape) * ir.BYTES[dtype], tensor.name, fixed=True)
            view = View(buffer, tensor.shape, dense_strides(tensor.shape), 0, dtype)
            self.values[tensor.name] = self.inputs[tensor.name] = view
        for node in self.graph.nodes:
            handler = HANDLERS.get(node.op)
            if handler is None:
                raise UnsupportedError(f"{node}: this operator is not supported")
            try:
                handler(self, node)
            except UnsupportedError as error:
                raise UnsupportedError(f"{node}: {error}") from None
        for name in self.named_outputs:
            self.outputs[name] = self._output(name)

    def _output(self, name: str) -> View:
        """The output in memory, its elements one after another in a Buffer of its own."""
        view = self.view(name)
        dtype = ir.DTYPES[self.named_outputs[name]]
        ready = view.buffer.fixed and view.buffer.title == name and view.dtype == dtype
        if not (ready and view.contiguous and view.offset == 0):
            target = self.dense(view.shape, dtype, name, fixed=True)
            self.assign(target, ir.load(view))
            view = target
        return view

    # ---- values ----

    def const(self, name: str) -> np.ndarray | None:
        """The array of a constant; None for other values, and where the node has no such input."""
        value = self.values.get(name)
        return value.array if isinstance(value, Const) else None

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value."""
        value = self.values[name]
        return value.array.shape if isinstance(value, Const) else value.shape

    def dtype(self, name: str) -> str:
        """The element type of a value."""
        value = self.values[name]
        if isinstance(value, Const):
            kind = value.array.dtype
            return "mask" if kind.kind == "b" else "f32" if kind.kind == "f" else "i32"
        dtype = value.dtype if isinstance(value, View) else value.expr.dtype
        return "i32" if dtype == "u8" else dtype

    def define(self, name: str, value: Value) -> None:
        """The value of a node's output. Where nothing can be fused with it, it is computed now."""
        self.values[name] = value
        if isinstance(value, Lazy) and self.root(name) == name and not self._taken_as_it_is(name):
            self.view(name)

    def _taken_as_it_is(self, name: str) -> bool:
        """Whether the only user takes an expression, without being elementwise itself."""
        users = self.users.get(name, [])
        return len(users) == 1 and name not in self.named_outputs and users[0].op in TAKES_LAZY

    def root(self, name: str) -> str:
        """The last value into which a value can be fused; its own name where there is none."""
        if name not in self._roots:
            users = self.users.get(name, [])
            self._roots[name] = name
            if users and name not in self.named_outputs and all(user.op in FUSABLE for user in users):
                roots = {self.root(user.outputs[0]) for user in users}
                if len(roots) == 1:
                    self._roots[name] = roots.pop()
        return self._roots[name]

    def operand(self, name: str, shape: tuple[int, ...]) -> tuple[Expr, Source | None]:
        """A value as an operand of an expression of `shape`."""
        value = self.values[name]
        if isinstance(value, Const) and value.array.size == 1:
            return ir.number(float(value.array.reshape(-1)[0]), self.dtype(name)), None
        if isinstance(value, Lazy):
            fits = prod(value.shape) == prod(shape) and (value.source is None or value.shape == shape)
            if not fits or (self.root(name) == name and not self._taken_as_it_is(name)):
                value = self.view(name)
            elif value.shape == shape:
                return value.expr, value.source
        key = name, shape
        if key not in self.broadcasts:
            if isinstance(value, Lazy):
                self.broadcasts[key] = value.expr.map_views(lambda view: view.broadcast(shape))
            else:
                view = value if isinstance(value, View) else self.view(name)
                self.broadcasts[key] = ir.load(view.broadcast(shape))
        return self.broadcasts[key], None

    def view(self, name: str, plain: bool = False) -> View:
        """A value in memory. `plain`: elements one after another, the last axis first."""
        value = self.values[name]
        if isinstance(value, Const):
            value = self.weights.data(value)
        if isinstance(value, Lazy):
            value = self._materialise(name, value)
        if not isinstance(self.values[name], Const):
            self.values[name] = value
        if plain and not value.contiguous:
            target = self.dense(value.shape, value.dtype, name)
            self.assign(target, ir.load(value))
            return target
        return value

    def take(self, name: str) -> View | Lazy:
        """A value for a node that moves elements: an expression where this node is its only user."""
        value = self.values[name]
        if isinstance(value, Lazy) and value.source is None and self._taken_as_it_is(name):
            return value
        return self.view(name)

    # ---- memory ----

    def dense(self, shape: tuple[int, ...], dtype: str = "f32", title: str = "", fixed: bool = False) -> View:
        """A new tensor, its elements one after another."""
        buffer = Buffer(max(1, prod(shape)) * ir.BYTES[dtype], title, fixed)
        return View(buffer, shape, dense_strides(shape), 0, dtype)

    def map(self, shape: tuple[int, ...], name: str = "") -> View:
        """A new map [1, channels, rows, columns], channels innermost, with the border its readers need."""
        _, channels, rows, columns = shape
        top, left, bottom, right = edges = self.borders.get(name, (0, 0, 0, 0))
        pitch = layout.pitch(channels)
        wide, high = left + columns + right, top + rows + bottom
        buffer = Buffer(
            4 * (wide * high + left + right) * pitch, name, border=edges, map=(rows, columns, pitch)
        )
        offset = (top * wide + left) * pitch
        return View(buffer, shape, (wide * high * pitch, 1, wide * pitch, pitch), offset)

    def step(
        self,
        title: str,
        reads: list[View],
        writes: list[View],
        emit: Callable[[Function], None],
        macs: int = 0,
    ) -> None:
        """Append a step. The border of a map is cleared by the first step that writes it."""
        for view in writes:
            if any(view.buffer.border) and view.buffer not in self.bordered:
                self.bordered.add(view.buffer)
                clear = partial(border.clear, buffer=view.buffer)
                self.steps.append(Step(f"border {view.buffer.title}", [], [view], clear))
        self.steps.append(Step(title, reads, writes, emit, macs))

    def assign(self, target: View, expr: Expr, title: str = "elementwise") -> None:
        """Append a step that computes an expression of the shape of `target`."""
        self.step(
            f"{title} {target.buffer.title}", expr.views, [target], lambda f: elementwise(f, expr, target)
        )

    def _materialise(self, name: str, value: Lazy) -> View:
        """Compute an expression into memory."""
        dtype = "u8" if self.named_outputs.get(name) == "uint8" else value.expr.dtype
        plain = name in self.named_outputs and (value.source is None or value.shape[1] == 1)
        is_map = len(value.shape) == 4 and (value.source is not None or channels_last(value.expr))
        if plain or not is_map:
            target = self.dense(value.shape, dtype, name, fixed=name in self.named_outputs)
        else:
            target = self.map(value.shape, name)
        if value.source is not None:
            padded = target.strides[3] >= round_up(value.shape[1], LANES)
            value.source.emit(channels_innermost(target), value.expr.map_views(channels_innermost), padded)
            clean = value.source.clean
        else:
            whole, expr = with_filling(target, value.expr)
            self.assign(whole, expr)
            clean = len(whole.shape) == 4 and whole.shape[1] == round_up(target.shape[1], LANES)
        # What fills up the vectors of a map with fewer channels ("load_padded") is zero in any case.
        read = [part.view for part in value.expr.walk() if part.view is not None and part.op != "load_padded"]
        views_clean = all(map(self.zeros_follow, read))
        if clean and views_clean and at_zero(value.expr) == 0:
            self.clean[target.buffer] = value.shape[1]
        return target

    def zeros_follow(self, view: View) -> bool:
        """Whether the channels that fill up the vectors of a View of NCHW, or [..., channels], are zero."""
        axis = 1 if len(view.shape) == 4 else -1
        if not view.shape or view.strides[axis] != 1:
            return False
        is_constant = any(view.buffer is each for each in self.weights.known.values())
        return is_constant or self.clean.get(view.buffer) == view.shape[axis]
