"""Loop nests over Views: the order of axes, pointers that Views share, loads and stores of vectors.

Does not compute: the kernels give the body of the innermost loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.compile.ir import BYTES, LANES, View
from models.compile.wasm import V128, Function, Local

Body = Callable[[int], None]  # emits the innermost code for a vector of this many lanes (4 or 1)


def simplified(views: Sequence[View], kept: int) -> tuple[list[View], int]:
    """Views of one shape with as few axes as possible: those of one element go, neighbours merge.

    The first `kept` axes are not merged with the others; also gives how many of them are left.
    """
    shape = views[0].shape
    axes: list[tuple[int, tuple[int, ...], bool]] = []  # extent, stride of each View, kept
    for axis, n in enumerate(shape):
        if n == 1:
            continue
        strides = tuple(view.strides[axis] for view in views)
        if axes:
            outer, before, is_kept = axes[-1]
            if is_kept == (axis < kept) and before == tuple(n * stride for stride in strides):
                axes[-1] = outer * n, strides, is_kept
                continue
        axes.append((n, strides, axis < kept))
    new_shape = tuple(n for n, _, _ in axes)
    result = [
        replace(view, shape=new_shape, strides=tuple(strides[i] for _, strides, _ in axes))
        for i, view in enumerate(views)
    ]
    return result, sum(is_kept for _, _, is_kept in axes)


def access_cost(view: View, axis: int, is_store: bool = False) -> int:
    """Roughly how many instructions a vector along this axis takes."""
    stride = view.strides[axis]
    if stride == 1 or (stride == 0 and not is_store) or (stride == 4 and view.dtype == "u8" and not is_store):
        return 1
    return 3 if stride == 2 and view.dtype != "u8" and not is_store else 2 * LANES


def vector_axis(views: Sequence[View], stored: int, axes: Sequence[int]) -> int:
    """The axis, of `axes`, along which vectors are cheapest. The first `stored` Views are written."""

    def cost(axis: int) -> tuple[float, int]:
        n = views[0].shape[axis]
        each = sum(access_cost(view, axis, i < stored) for i, view in enumerate(views)) + 2
        turns = n // LANES + n % LANES
        return each * turns / n, -axis

    return min(axes, key=cost)


@dataclass(frozen=True)
class Pointers:
    """One pointer, in bytes from a View's first element, for all Views that move alike."""

    f: Function
    locals: dict[tuple[int, ...], Local]

    @classmethod
    def over(cls, f: Function, views: Sequence[View]) -> Pointers:
        """Pointers for Views of one shape; all are 0, or keep the value of an outer nest."""
        return cls(f, {strides: f.local() for strides in {view.byte_strides: 0 for view in views}})

    def of(self, view: View) -> Local:
        """The pointer of a View."""
        return self.locals[view.byte_strides]

    def reset(self) -> None:
        """Set every pointer to 0."""
        for local in self.locals.values():
            self.f.i32(0)
            self.f.set(local)

    def move(self, axis: int, elements: int) -> None:
        """Move every pointer along an axis."""
        for strides, local in self.locals.items():
            if strides[axis] * elements:
                self.f.add(local, strides[axis] * elements)

    def nest(self, shape: Sequence[int], axes: Sequence[int], body: Callable[[], None]) -> None:
        """Loops over these axes, the last innermost. The pointers have their old values after it."""
        if not axes:
            body()
            return
        axis, *inner = axes
        with self.f.repeat(shape[axis]):
            self.nest(shape, inner, body)
            self.move(axis, 1)
        self.move(axis, -shape[axis])

    def along(self, n: int, axis: int, body: Body) -> None:
        """A loop over vectors along an axis, then over its last elements one by one."""
        if n >= LANES:
            with self.f.repeat(n // LANES):
                body(LANES)
                self.move(axis, LANES)
        if n % LANES:
            with self.f.repeat(n % LANES):
                body(1)
                self.move(axis, 1)
        self.move(axis, -n)


class Loaded:
    """The vectors that a body has loaded, so that neighbours which share one need not load it again."""

    def __init__(self, f: Function) -> None:
        self.f = f
        self.known: dict[tuple[Local, int], Local] = {}

    def push(self, pointer: Local, address: int) -> None:
        """Push the 16 bytes at an address."""
        if (pointer, address) in self.known:
            self.f.get(self.known[pointer, address])
            return
        self.f.get(pointer)
        self.f.memory("v128.load", address)
        local = self.known[pointer, address] = self.f.local(V128)
        self.f.tee(local)

    def pair(self, pointer: Local, address: int) -> None:
        """Push every second of eight numbers. The numbers between them come from the same two vectors."""
        lanes = (0, 2, 4, 6)
        if (pointer, address - 4) in self.known and (pointer, address + 12) in self.known:
            address, lanes = address - 4, (1, 3, 5, 7)
        self.push(pointer, address)
        self.push(pointer, address + 16)
        self.f.shuffle(*lanes)


def load(
    f: Function,
    view: View,
    axis: int,
    lanes: int,
    pointer: Local,
    ahead: int = 0,
    loaded: Loaded | None = None,
) -> None:
    """Push `lanes` elements of a View along an axis.

    A single element stands in lane 0. Bytes become integers. `ahead`: bytes beyond the pointer.
    `loaded`: what this body has loaded before; nothing may be stored between.
    """
    loaded = loaded or Loaded(f)
    stride = view.strides[axis] if view.shape else 0
    address = view.address + ahead
    if view.dtype == "u8":
        _load_bytes(f, stride, address, lanes, pointer, loaded)
        return
    if stride == 2 and lanes == LANES:
        loaded.pair(pointer, address)
        return
    step = stride * BYTES[view.dtype]
    f.get(pointer)
    if stride == 0:
        f.memory("v128.load32_splat", address)
    elif lanes == 1:
        f.memory("v128.load32_zero", address)
    elif stride == 1:
        f.memory("v128.load", address)
    else:
        f.memory("v128.load32_zero", address)
        _lanes(f, "v128.load32_lane", pointer, [(lane, address + lane * step) for lane in range(1, lanes)])


def _lanes(f: Function, instruction: str, pointer: Local, lanes: Sequence[tuple[int, int]]) -> None:
    """Replace lanes of the vector on the stack by elements at these addresses."""
    value = f.local(V128)
    for lane, address in lanes:
        f.set(value)
        f.get(pointer)
        f.get(value)
        f.lane(instruction, lane, address)


def _load_bytes(f: Function, stride: int, address: int, lanes: int, pointer: Local, loaded: Loaded) -> None:
    if stride == 4 and lanes == LANES:  # one channel of four pixels: they lie in one vector
        shift = address % 4
        loaded.push(pointer, address - shift)
        if shift:
            f.i32(8 * shift)
            f.op("i32x4.shr_u")
        if shift < 3:
            f.splat_i32(255)
            f.op("v128.and")
    elif stride == 1 and lanes == LANES:
        f.get(pointer)
        f.memory("v128.load32_zero", address)
        f.op("i16x8.extend_low_i8x16_u", "i32x4.extend_low_i16x8_u")
    elif stride == 0:
        f.get(pointer)
        f.memory("v128.load8_splat", address)
        f.splat_i32(255)
        f.op("v128.and")
    else:
        f.splat_i32(0)
        _lanes(f, "v128.load8_lane", pointer, [(4 * lane, address + lane * stride) for lane in range(lanes)])


def store(
    f: Function, view: View, axis: int, lanes: int, pointer: Local, value: Local, ahead: int = 0
) -> None:
    """Store `lanes` lanes of a local along an axis; bytes are limited to 0 to 255."""
    stride = view.strides[axis] if view.shape else 0
    address = view.address + ahead
    if view.dtype == "u8":
        f.get(value)
        f.get(value)
        f.op("i16x8.narrow_i32x4_s")
        f.set(value)
        f.get(value)
        f.get(value)
        f.op("i8x16.narrow_i16x8_u")
        f.set(value)
    step = stride * BYTES[view.dtype]
    if lanes == LANES and stride == 1 and view.dtype != "u8":
        f.get(pointer)
        f.get(value)
        f.memory("v128.store", address)
        return
    if lanes == LANES and stride == 1:
        f.get(pointer)
        f.get(value)
        f.lane("v128.store32_lane", 0, address)
        return
    instruction = "v128.store8_lane" if view.dtype == "u8" else "v128.store32_lane"
    for lane in range(lanes):
        f.get(pointer)
        f.get(value)
        f.lane(instruction, lane, address + lane * step)
