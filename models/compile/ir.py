"""The compiler's vocabulary: Buffers in memory, Views of them, expressions over Views, and Steps.

Does not read ONNX and does not emit code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from numpy.typing import NDArray

from models.compile.wasm import Function

Array = NDArray[Any]

# Element types. A "mask" is the result of a comparison: 32 bits, all ones or all zeros.
BYTES = {"f32": 4, "i32": 4, "mask": 4, "u8": 1}
DTYPES = {"float32": "f32", "uint8": "u8", "int32": "i32"}  # of inputs and outputs, by their names in ONNX
LANES = 4  # 32-bit lanes of a vector


class UnsupportedError(ValueError):
    """The graph has something that cannot be compiled. The text names the node and the reason."""


def round_up(number: int, step: int) -> int:
    """The smallest multiple of `step` that is not smaller."""
    return -(-number // step) * step


@dataclass(eq=False)
class Buffer:
    """A piece of memory. `offset` is its address in bytes, once the arena is planned.

    `border` (top, left, bottom, right), in pixels of `shape` (rows, columns, pitch): zeros around a map,
    which a convolution reads as padding. They are written by the first step that writes the buffer.
    """

    bytes: int
    title: str = ""
    fixed: bool = False  # lives for ever: inputs, outputs and weights
    offset: int = -1
    border: tuple[int, int, int, int] = (0, 0, 0, 0)
    map: tuple[int, int, int] = (0, 0, 0)  # rows, columns, floats of a pixel; zeros: it is no map


@dataclass(frozen=True)
class View:
    """A tensor in memory: element i, j, ... lies at offset + i * strides[0] + j * strides[1] + ...

    Offset and strides in elements of `dtype`. A stride of 0 repeats an element.
    """

    buffer: Buffer
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    dtype: str = "f32"

    @property
    def size(self) -> int:
        """How many elements the tensor has."""
        return prod(self.shape)

    @property
    def address(self) -> int:
        """The address of the first element, in bytes."""
        return self.buffer.offset + self.offset * BYTES[self.dtype]

    @property
    def byte_strides(self) -> tuple[int, ...]:
        """The strides in bytes."""
        return tuple(stride * BYTES[self.dtype] for stride in self.strides)

    @property
    def contiguous(self) -> bool:
        """Whether the elements lie one after another, the last axis first."""
        return contiguous(self.shape, self.strides)

    def transposed(self, order: Sequence[int]) -> View:
        """The axes in another order."""
        shape, strides = (tuple(row[axis] for axis in order) for row in (self.shape, self.strides))
        return replace(self, shape=shape, strides=strides)

    def sliced(self, axis: int, start: int, count: int, step: int = 1) -> View:
        """`count` elements of an axis, from `start`."""
        shape = (*self.shape[:axis], count, *self.shape[axis + 1 :])
        strides = (*self.strides[:axis], self.strides[axis] * step, *self.strides[axis + 1 :])
        return replace(self, shape=shape, strides=strides, offset=self.offset + start * self.strides[axis])

    def unsqueezed(self, axis: int) -> View:
        """With a new axis of one element."""
        shape, strides = list(self.shape), list(self.strides)
        shape.insert(axis, 1)
        strides.insert(axis, 0)
        return replace(self, shape=tuple(shape), strides=tuple(strides))

    def squeezed(self, axis: int) -> View:
        """Without an axis of one element."""
        shape, strides = (row[:axis] + row[axis + 1 :] for row in (self.shape, self.strides))
        return replace(self, shape=shape, strides=strides)

    def broadcast(self, shape: tuple[int, ...]) -> View:
        """Repeated to a larger shape, as NumPy does."""
        ahead = len(shape) - len(self.shape)
        own = (1,) * ahead + self.shape
        strides = (0,) * ahead + self.strides
        for mine, wanted in zip(own, shape, strict=True):
            if mine not in (1, wanted):
                raise ValueError(f"{self.shape} cannot be broadcast to {shape}")
        kept = tuple(0 if mine == 1 else stride for mine, stride in zip(own, strides, strict=True))
        return replace(self, shape=shape, strides=kept)

    def reshaped(self, shape: tuple[int, ...]) -> View | None:
        """The same elements in another shape; None where that needs a copy."""
        runs: list[tuple[int, int]] = []  # (elements, stride) of axes that follow without a gap, last first
        for n, stride in reversed(list(zip(self.shape, self.strides, strict=True))):
            if n == 1:
                continue
            if runs and stride == runs[-1][0] * runs[-1][1]:
                runs[-1] = runs[-1][0] * n, runs[-1][1]
            else:
                runs.append((n, stride))
        strides: list[int] = []
        for n in reversed(shape):
            if n == 1:
                strides.insert(0, 0)
                continue
            if not runs or runs[0][0] % n:
                return None
            size, stride = runs.pop(0)
            strides.insert(0, stride)
            if size > n:
                runs.insert(0, (size // n, stride * n))
        return replace(self, shape=shape, strides=tuple(strides)) if not runs else None


def contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the elements lie one after another, the last axis first."""
    expected = 1
    for n, stride in zip(reversed(shape), reversed(strides), strict=True):
        if n != 1 and stride != expected:
            return False
        expected *= n
    return True


def dense_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of elements that lie one after another, the last axis first."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


# ---- expressions: what is computed for each element ----


@dataclass(frozen=True, eq=False)
class Expr:
    """An elementwise operation. Expressions may share parts; each part is computed once for each element.

    `op`: a row of EMIT in kernels/expression.py, or one of these: "load" reads `view`, "number" is `number`,
    "input" is the value that a kernel (a convolution, a reduction) has just computed.
    """

    op: str
    args: tuple[Expr, ...] = ()
    view: View | None = None
    number: float = 0.0
    dtype: str = "f32"

    def walk(self) -> Iterator[Expr]:
        """Each part once, operands first."""
        seen: set[int] = set()

        def visit(part: Expr) -> Iterator[Expr]:
            if id(part) in seen:
                return
            seen.add(id(part))
            for arg in part.args:
                yield from visit(arg)
            yield part

        yield from visit(self)

    def map_views(self, change: Callable[[View], View]) -> Expr:
        """The same expression over changed Views."""
        made: dict[int, Expr] = {}
        for part in self.walk():
            args = tuple(made[id(arg)] for arg in part.args)
            view = change(part.view) if part.view is not None else None
            made[id(part)] = replace(part, args=args, view=view)
        return made[id(self)]

    @property
    def views(self) -> list[View]:
        """Every View that is read."""
        return [part.view for part in self.walk() if part.view is not None]

    @property
    def has_input(self) -> bool:
        """Whether the expression uses the value of a kernel."""
        return any(part.op == "input" for part in self.walk())


INPUT = Expr("input")


def load(view: View) -> Expr:
    """The element of a View; bytes are read as integers."""
    return Expr("load", view=view, dtype="i32" if view.dtype == "u8" else view.dtype)


def number(value: float, dtype: str = "f32") -> Expr:
    """The same number for each element."""
    return Expr("number", number=value, dtype=dtype)


def apply(op: str, *args: Expr, dtype: str = "f32") -> Expr:
    """An operation on expressions."""
    return Expr(op, args, dtype=dtype)


# ---- steps: what is computed one after another ----


@dataclass
class Step:
    """One function of the module: what it reads and writes, and the kernel that emits its code.

    `macs`: multiplications of a run, for the benchmark of kernels.
    """

    title: str
    reads: list[View]
    writes: list[View]
    emit: Callable[[Function], None]
    macs: int = 0
    scratch: list[Buffer] = field(default_factory=list)
