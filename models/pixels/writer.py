"""Writer: the bytes of a WebAssembly module that exports its functions and one memory.

Does not check types: the engine that compiles the module does. Instructions are bytes in the order in which
they run, and expressions nest: the operands come before the operator, as in the binary format. Codes and
encoding are those of models.compile.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from models.compile.instructions import LANE_VALUE, MEMORY, PLAIN, VECTOR
from models.compile.wasm import F32, I32, V128, name, signed, unsigned, vector

__all__ = ["F32", "I32", "V128"]


def op(name: str, *operands: bytes) -> bytes:
    """An instruction without immediates after its operands."""
    code = bytes([PLAIN[name]]) if name in PLAIN else b"\xfd" + unsigned(VECTOR[name])
    return b"".join(operands) + code


def memory(name: str, *operands: bytes, offset: int = 0) -> bytes:
    """A load or store: the address, for a store also the value."""
    code, align = MEMORY[name]
    return b"".join(operands) + code + unsigned(align) + unsigned(offset)


def lane(name: str, index: int, *operands: bytes) -> bytes:
    """An instruction on one lane."""
    return b"".join(operands) + b"\xfd" + unsigned(LANE_VALUE[name]) + bytes([index])


def shuffle(a: bytes, b: bytes, lanes: Sequence[int]) -> bytes:
    """16 bytes chosen from those of `a` (0 to 15) and `b` (16 to 31)."""
    return a + b + b"\xfd\x0d" + bytes(lanes)


def when(condition: bytes, then: bytes, otherwise: bytes = b"") -> bytes:
    """Run `then` if an i32 is not 0, else `otherwise`."""
    return condition + b"\x04\x40" + then + b"\x05" + otherwise + b"\x0b"


def i32(value: int) -> bytes:
    """A constant."""
    return b"\x41" + signed(value)


def v128(lanes: bytes) -> bytes:
    """A constant of 16 bytes."""
    return b"\xfd\x0c" + lanes


def i16x8(value: int) -> bytes:
    """A constant of eight equal numbers."""
    return v128(value.to_bytes(2, "little", signed=True) * 8)


def f32(value: float) -> bytes:
    """A constant."""
    return b"\x43" + struct.pack("<f", value)


def f32x4(value: float) -> bytes:
    """A constant of four equal numbers."""
    return v128(struct.pack("<f", value) * 4)


class Function:
    """A function without a result, or with an i32: `parameters` are its i32 arguments by name."""

    def __init__(self, name: str, parameters: str, result: bool = False) -> None:
        self.name = name
        self.result = result
        self.parameters = parameters.split()
        self._locals = {each: index for index, each in enumerate(self.parameters)}
        self._kinds: list[int] = []
        self.body = b""

    def get(self, name: str) -> bytes:
        """The value of a parameter or local."""
        return b"\x20" + unsigned(self._locals[name])

    def set(self, name: str, value: bytes, kind: int = V128) -> bytes:
        """Give a local a value; the first time declares the local."""
        if name not in self._locals:
            self._locals[name] = len(self._locals)
            self._kinds.append(kind)
        return value + b"\x21" + unsigned(self._locals[name])

    def advance(self, **steps: int) -> bytes:
        """Add a number to each of the named pointers."""
        return b"".join(
            self.set(name, op("i32.add", self.get(name), i32(step)), I32) for name, step in steps.items()
        )

    def repeat(self, count: str, body: bytes) -> bytes:
        """Run `body` as often as the parameter `count` says, at least once; `count` is 0 afterwards."""
        left = op("i32.sub", self.get(count), i32(1)) + b"\x22" + unsigned(self._locals[count])
        return b"\x03\x40" + body + left + b"\x0d\x00\x0b"

    def encode(self) -> bytes:
        """The entry of the code section."""
        kinds = unsigned(len(self._kinds)) + b"".join(b"\x01" + bytes([kind]) for kind in self._kinds)
        code = kinds + self.body + b"\x0b"
        return unsigned(len(code)) + code


@dataclass(frozen=True)
class Module:
    """Functions and `pages` of 64 KiB of memory to begin with; it may grow."""

    functions: Sequence[Function]
    pages: int = 1

    def encode(self) -> bytes:
        """The bytes of the module."""
        types = [
            b"\x60" + vector([bytes([I32])] * len(f.parameters)) + (b"\x01\x7f" if f.result else b"\x00")
            for f in self.functions
        ]
        exports = [name("memory") + b"\x02\x00"]
        exports += [name(f.name) + b"\x00" + unsigned(index) for index, f in enumerate(self.functions)]
        sections = {
            1: vector(types),
            3: vector([unsigned(index) for index in range(len(types))]),
            5: b"\x01\x00" + unsigned(self.pages),
            7: vector(exports),
            10: vector([function.encode() for function in self.functions]),
        }
        parts = (bytes([id]) + unsigned(len(data)) + data for id, data in sections.items())
        return b"\0asm\x01\0\0\0" + b"".join(parts)
