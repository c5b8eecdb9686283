"""Writer: the bytes of a WebAssembly module that exports its functions and one memory.

Does not check types: the engine that compiles the module does. Instructions are bytes in the order in which
they run; the operands come before the operator, as in the binary format.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

I32, F32, V128 = 0x7F, 0x7D, 0x7B  # types (WebAssembly core specification, 5.3.1)

# Operators without immediates, by their name in the text format (5.4.6, 5.4.8).
SCALAR = {"i32.add": 0x6A, "i32.sub": 0x6B, "i32.mul": 0x6C, "i32.shr_u": 0x76, "i32.lt_s": 0x48}
SCALAR |= {"select": 0x1B, "f32.convert_i32_u": 0xB3, "f32.mul": 0x94, "f32.sub": 0x93}
VECTOR = {
    "i8x16.swizzle": 0x0E, "i8x16.splat": 0x0F, "i16x8.splat": 0x10, "f32x4.splat": 0x13, "v128.or": 0x50,
    "v128.any_true": 0x53,
    "i8x16.narrow_i16x8_u": 0x66, "i8x16.sub_sat_u": 0x73, "i8x16.sub": 0x71, "i8x16.avgr_u": 0x7B,
    "i16x8.extadd_pairwise_i8x16_u": 0x7D, "i32x4.extadd_pairwise_i16x8_u": 0x7F,
    "i16x8.q15mulr_sat_s": 0x82, "i16x8.narrow_i32x4_u": 0x86, "i16x8.extend_low_i8x16_u": 0x89,
    "i16x8.extend_high_i8x16_u": 0x8A, "i16x8.shl": 0x8B, "i16x8.shr_s": 0x8C, "i16x8.shr_u": 0x8D,
    "i16x8.add": 0x8E, "i16x8.add_sat_s": 0x8F, "i16x8.sub": 0x91, "i16x8.sub_sat_s": 0x92,
    "i16x8.min_s": 0x96, "i16x8.max_s": 0x98, "i32x4.extend_low_i16x8_u": 0xA9, "i32x4.add": 0xAE,
    "f32x4.add": 0xE4, "f32x4.sub": 0xE5, "f32x4.mul": 0xE6, "f32x4.div": 0xE7, "f32x4.max": 0xE9,
    "i32x4.trunc_sat_f32x4_u": 0xF9, "f32x4.convert_i32x4_u": 0xFB,
}  # fmt: skip
# Loads and stores: operator, whether it is of SIMD, alignment as a power of two.
MEMORY = {"i32.load": (0x28, False, 2), "i32.load16_u": (0x2F, False, 1), "i32.store8": (0x3A, False, 0)}
MEMORY |= {"v128.load": (0x00, True, 4), "v128.load8x8_u": (0x02, True, 3), "v128.store": (0x0B, True, 4)}
MEMORY |= {"v128.load32_splat": (0x09, True, 2), "v128.load32_zero": (0x5C, True, 2)}
LANES = {"i32x4.extract_lane": 0x1B, "f32x4.extract_lane": 0x1F, "f32x4.replace_lane": 0x20}


def uleb(value: int) -> bytes:
    """An unsigned number in LEB128."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def sleb(value: int) -> bytes:
    """A signed number in LEB128."""
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        done = value == (-1 if low & 0x40 else 0)
        out.append(low | (0 if done else 0x80))
        if done:
            return bytes(out)


def op(name: str, *operands: bytes) -> bytes:
    """An operator of SCALAR or VECTOR after its operands."""
    code = bytes([SCALAR[name]]) if name in SCALAR else b"\xfd" + uleb(VECTOR[name])
    return b"".join(operands) + code


def memory(name: str, *operands: bytes, offset: int = 0) -> bytes:
    """A load or store of MEMORY: the address, for a store also the value."""
    code, vector, align = MEMORY[name]
    prefix = b"\xfd" + uleb(code) if vector else bytes([code])
    return b"".join(operands) + prefix + uleb(align) + uleb(offset)


def lane(name: str, index: int, *operands: bytes) -> bytes:
    """An operator of LANES on one lane."""
    return b"".join(operands) + b"\xfd" + uleb(LANES[name]) + bytes([index])


def shuffle(a: bytes, b: bytes, lanes: Sequence[int]) -> bytes:
    """16 bytes chosen from those of `a` (0 to 15) and `b` (16 to 31)."""
    return a + b + b"\xfd\x0d" + bytes(lanes)


def when(condition: bytes, then: bytes, otherwise: bytes = b"") -> bytes:
    """Run `then` if an i32 is not 0, else `otherwise`."""
    return condition + b"\x04\x40" + then + b"\x05" + otherwise + b"\x0b"


def i32(value: int) -> bytes:
    """A constant."""
    return b"\x41" + sleb(value)


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
        return b"\x20" + uleb(self._locals[name])

    def set(self, name: str, value: bytes, kind: int = V128) -> bytes:
        """Give a local a value; the first time declares the local."""
        if name not in self._locals:
            self._locals[name] = len(self._locals)
            self._kinds.append(kind)
        return value + b"\x21" + uleb(self._locals[name])

    def advance(self, **steps: int) -> bytes:
        """Add a number to each of the named pointers."""
        return b"".join(
            self.set(name, op("i32.add", self.get(name), i32(step)), I32) for name, step in steps.items()
        )

    def repeat(self, count: str, body: bytes) -> bytes:
        """Run `body` as often as the parameter `count` says, at least once; `count` is 0 afterwards."""
        left = op("i32.sub", self.get(count), i32(1)) + b"\x22" + uleb(self._locals[count])
        return b"\x03\x40" + body + left + b"\x0d\x00\x0b"

    def encode(self) -> bytes:
        """The entry of the code section."""
        kinds = uleb(len(self._kinds)) + b"".join(b"\x01" + bytes([kind]) for kind in self._kinds)
        code = kinds + self.body + b"\x0b"
        return uleb(len(code)) + code


@dataclass(frozen=True)
class Module:
    """Functions and `pages` of 64 KiB of memory to begin with; it may grow."""

    functions: Sequence[Function]
    pages: int = 1

    def encode(self) -> bytes:
        """The bytes of the module."""
        types = [
            b"\x60" + _vector(f.parameters, lambda _: bytes([I32])) + (b"\x01\x7f" if f.result else b"\x00")
            for f in self.functions
        ]
        exports = [_name("memory") + b"\x02\x00"]
        exports += [_name(f.name) + b"\x00" + uleb(index) for index, f in enumerate(self.functions)]
        sections = {
            1: _vector(types, bytes),
            3: _vector(range(len(types)), uleb),
            5: b"\x01\x00" + uleb(self.pages),
            7: _vector(exports, bytes),
            10: _vector(self.functions, Function.encode),
        }
        parts = (bytes([id]) + uleb(len(data)) + data for id, data in sections.items())
        return b"\0asm\x01\0\0\0" + b"".join(parts)


def _vector(items: Sequence[Any], encode: Callable[[Any], bytes]) -> bytes:
    return uleb(len(items)) + b"".join(map(encode, items))


def _name(text: str) -> bytes:
    return uleb(len(text)) + text.encode()
