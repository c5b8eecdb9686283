"""The weights file: packed arrays as float16, int8 or float32; load() widens them in memory.

Does not choose a precision: an array is stored small where the graph holds it small, so nothing is lost here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.compile.ir import LANES, Array, Buffer, View, dense_strides, round_up
from models.compile.kernels.widen import widen_half, widen_int8
from models.compile.packing import BLOCK, Const, Integers, dense_blocks, padded
from models.compile.wasm import Function

ALIGN = 16
FEW = 16  # fewer numbers are stored as they are


@dataclass
class Piece:
    """An array in the file.

    Integers [blocks, taps, outputs] come with `factors` [blocks, 2, outputs], which are shift and scale.

    `at`: where it begins in its buffer, in floats.
    """

    stored: Array
    buffer: Buffer
    factors: Array | None = None
    at: int = 0


@dataclass
class Weights:
    """Collects the constants of a module and lays them out."""

    pieces: dict[str, list[Piece]] = field(default_factory=lambda: {"f32": [], "f16": [], "i8": []})
    known: dict[tuple[object, ...], Buffer] = field(default_factory=dict)

    def dense(self, const: Const) -> View:
        """Weights [outputs, taps] of a dense convolution."""
        blocks = len(dense_blocks(const.array))
        parts = [const.packed(lambda array, i=i: dense_blocks(array)[i]) for i in range(blocks)]  # type: ignore[misc]
        return self._view("dense", const, parts)

    def depthwise(self, const: Const) -> View:
        """Weights [taps, channels] of a depthwise convolution; channels are padded to vectors."""
        return self._view("depthwise", const, [const.packed(lambda array: padded(array, 1, LANES)[None])])

    def _view(self, kind: str, const: Const, parts: list[Const]) -> View:
        key = kind, const.array.tobytes(), const.array.shape
        if key not in self.known:
            self.known[key] = self._store(parts)
        return View(self.known[key], (sum(part.array.size for part in parts),), (1,))

    def data(self, const: Const, room: int = BLOCK) -> View:
        """An array as it is. Zeros follow it up to a multiple of `room` numbers."""
        array = const.array
        kind = array.dtype.kind
        dtype = {"f": "f32", "b": "mask"}.get(kind, "i32")
        key = "data", array.tobytes(), array.shape, dtype, room
        if key not in self.known:
            if dtype == "f32":
                flat = const.packed(lambda each: padded(each.reshape(-1), 0, room)[None, None])
                self.known[key] = self._store([flat])
            else:
                bits = padded(array.reshape(-1).astype(np.int32), 0, room) * (-1 if kind == "b" else 1)
                self.known[key] = self._piece("f32", bits.view(np.float32))
        return View(self.known[key], array.shape, dense_strides(array.shape), 0, dtype)

    def _store(self, parts: list[Const]) -> Buffer:
        """The parts [blocks, taps, outputs] one after another, in the smallest form that loses nothing."""
        whole = np.concatenate([np.asarray(part.array, np.float32).reshape(-1) for part in parts])
        integers = [part.integers for part in parts if part.integers is not None]
        if whole.size >= FEW and len(integers) == len(parts) and all(map(_by_output, integers)):
            buffer, at = Buffer(round_up(4 * whole.size, ALIGN), fixed=True), 0
            for each in integers:
                factors = np.stack([each.shift[:, 0], each.scale[:, 0]], axis=1)
                self.pieces["i8"].append(Piece(each.small.astype(np.int8), buffer, factors, at))
                at += each.small.size
            return buffer
        with np.errstate(over="ignore"):
            exact = np.array_equal(whole.astype(np.float16).astype(np.float32), whole)
        return self._piece("f16" if exact and whole.size >= FEW else "f32", whole)

    def _piece(self, form: str, flat: Array) -> Buffer:
        flat = padded(flat.astype(np.float16 if form == "f16" else np.float32, copy=False), 0, LANES)
        buffer = Buffer(4 * flat.size, fixed=True)
        self.pieces[form].append(Piece(flat, buffer))
        return buffer

    def place(self, start: int) -> int:
        """Give every buffer its address from `start` on; returns the end. Arrays of a form lie together."""
        at = start
        for form in ("f32", "f16", "i8"):
            for buffer in dict.fromkeys(piece.buffer for piece in self.pieces[form]):
                buffer.offset = at
                at += round_up(buffer.bytes, ALIGN)
        return at

    def file(self) -> bytes:
        """The content of the file: float32 arrays, float16 arrays, integers, their factors."""
        parts = [piece.stored for form in ("f32", "f16") for piece in self.pieces[form]]
        parts += [_aligned(piece.stored) for piece in self.pieces["i8"]]
        parts += [np.asarray(piece.factors, np.float32) for piece in self.pieces["i8"]]
        return b"".join(part.tobytes() for part in parts)

    def loader(self, start: int, file: int) -> list[Function]:
        """Functions widen_half, widen_int8 and load, which is the last; their numbers begin with 0.

        `start`: the address of the widened weights; `file`: that of the file's content.
        """
        main = Function("load")
        full = sum(piece.stored.nbytes for piece in self.pieces["f32"])
        for number in (start, file, full):
            main.i32(number)
        main.copy()
        at = file + full
        halves = sum(piece.stored.size for piece in self.pieces["f16"])
        if halves:
            for number in (start + full, at, halves // LANES):
                main.i32(number)
            main.call(0)
        at += 2 * halves
        factors = at + sum(_aligned(piece.stored).nbytes for piece in self.pieces["i8"])
        for piece in self.pieces["i8"]:
            blocks, taps, width = piece.stored.shape
            for number in (piece.buffer.offset + 4 * piece.at, at, factors, blocks, taps, width):
                main.i32(number)
            main.call(1)
            at += _aligned(piece.stored).nbytes
            factors += 8 * blocks * width
        return [widen_half(), widen_int8(), main]


def _by_output(integers: Integers) -> bool:
    """Whether shift and scale are the same for all taps of an output, in arrays [blocks, taps, outputs]."""
    return all(bool((each == each[:, :1]).all()) for each in (integers.shift, integers.scale))


def _aligned(stored: Array) -> Array:
    return padded(stored.reshape(-1), 0, ALIGN)
