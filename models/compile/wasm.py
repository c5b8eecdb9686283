"""A WebAssembly assembler: functions as lists of instructions, encoded into one binary module.

Does not know graphs or kernels, and does not check types: the tests validate each module with wasmtime.
https://webassembly.github.io/spec/core/binary/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NewType

from models.compile.instructions import LANE, LANE_VALUE, MEMORY, PLAIN, VECTOR

Local = NewType("Local", int)  # the number of a local of a Function

I32, F32, V128 = 0x7F, 0x7D, 0x7B
PAGE = 65536


def unsigned(number: int) -> bytes:
    """An unsigned integer as LEB128."""
    out = bytearray()
    while True:
        group, number = number & 127, number >> 7
        out.append(group | (128 if number else 0))
        if not number:
            return bytes(out)


def signed(number: int) -> bytes:
    """A signed integer as LEB128."""
    out = bytearray()
    while True:
        group, number = number & 127, number >> 7
        done = (number == 0 and not group & 64) or (number == -1 and group & 64)
        out.append(group | (0 if done else 128))
        if done:
            return bytes(out)


def vector(items: Sequence[bytes]) -> bytes:
    """A list of encoded items, after their number."""
    return unsigned(len(items)) + b"".join(items)


def name(text: str) -> bytes:
    """A name, after its length."""
    encoded = text.encode()
    return unsigned(len(encoded)) + encoded


class Function:
    """A function under construction: its locals and its instructions. All parameters and locals are typed."""

    def __init__(self, title: str, parameters: Sequence[int] = (), relaxed: bool = False) -> None:
        """`relaxed`: whether the module may use relaxed SIMD (`madd` then rounds once)."""
        self.title = title
        self.relaxed = relaxed
        self.parameters = tuple(parameters)
        self.types = list(parameters)
        self.code = bytearray()

    # ---- locals and constants ----

    def local(self, kind: int = I32) -> Local:
        """A new local; it is zero at first."""
        self.types.append(kind)
        return Local(len(self.types) - 1)

    def get(self, local: Local) -> None:
        """Push a local."""
        self.code += b"\x20" + unsigned(local)

    def set(self, local: Local) -> None:
        """Pop into a local."""
        self.code += b"\x21" + unsigned(local)

    def tee(self, local: Local) -> None:
        """Copy the top of the stack into a local."""
        self.code += b"\x22" + unsigned(local)

    def i32(self, number: int) -> None:
        """Push an integer."""
        self.code += b"\x41" + signed(number)

    def f32(self, number: float) -> None:
        """Push a float."""
        self.code += b"\x43" + struct.pack("<f", number)

    def splat(self, number: float) -> None:
        """Push four equal floats."""
        self.code += b"\xfd\x0c" + struct.pack("<f", number) * 4

    def splat_i32(self, number: int) -> None:
        """Push four equal integers."""
        self.code += b"\xfd\x0c" + struct.pack("<i", number) * 4

    # ---- instructions ----

    def op(self, *names: str) -> None:
        """Instructions without immediates, one after another."""
        for each in names:
            self.code += bytes([PLAIN[each]]) if each in PLAIN else b"\xfd" + unsigned(VECTOR[each])

    def memory(self, instruction: str, offset: int = 0) -> None:
        """A load or store at the address on the stack plus `offset`."""
        code, align = MEMORY[instruction]
        self.code += code + unsigned(align) + unsigned(offset)

    def lane(self, instruction: str, lane: int, offset: int = 0) -> None:
        """A load or store of one lane; the vector lies above the address."""
        code, align = LANE[instruction]
        self.code += b"\xfd" + unsigned(code) + unsigned(align) + unsigned(offset) + bytes([lane])

    def extract(self, instruction: str, lane: int) -> None:
        """One lane of the vector on the stack."""
        self.code += b"\xfd" + unsigned(LANE_VALUE[instruction]) + bytes([lane])

    def shuffle(self, *lanes: int) -> None:
        """Four 32-bit lanes out of the eight of two vectors."""
        self.code += b"\xfd\x0d" + bytes(4 * lane + byte for lane in lanes for byte in range(4))

    def multiply_add(self, total: Local, a: Local, b: Local) -> None:
        """total = total + a * b, lane by lane; with relaxed SIMD it may be rounded once."""
        if self.relaxed:
            self.get(a)
            self.get(b)
            self.get(total)
            self.op("f32x4.relaxed_madd")
        else:
            self.get(total)
            self.get(a)
            self.get(b)
            self.op("f32x4.mul", "f32x4.add")
        self.set(total)

    def fill(self) -> None:
        """Fill memory; on the stack: address, byte, length."""
        self.code += b"\xfc\x0b\x00"

    def copy(self) -> None:
        """Copy memory; on the stack: to, from, length."""
        self.code += b"\xfc\x0a\x00\x00"

    def call(self, index: int) -> None:
        """Call a function of the module."""
        self.code += b"\x10" + unsigned(index)

    def add(self, local: Local, number: int) -> None:
        """Add a constant to an integer local."""
        self.get(local)
        self.i32(number)
        self.op("i32.add")
        self.set(local)

    # ---- control ----

    @contextmanager
    def loop(self) -> Iterator[None]:
        """A loop; `again` inside it begins the next turn."""
        self.code += b"\x03\x40"
        yield
        self.code += b"\x0b"

    def again(self, depth: int = 0) -> None:
        """Pop a condition; begin the loop's next turn if it is not zero."""
        self.code += b"\x0d" + unsigned(depth)

    @contextmanager
    def repeat(self, times: int) -> Iterator[None]:
        """Run the body `times` times, at least once."""
        if times == 1:
            yield
            return
        counter = self.local()
        self.i32(times)
        self.set(counter)
        with self.loop():
            yield
            self.get(counter)
            self.i32(1)
            self.op("i32.sub")
            self.tee(counter)
            self.again()

    @contextmanager
    def when(self) -> Iterator[None]:
        """Pop a condition; run the body if it is not zero."""
        self.code += b"\x04\x40"
        yield
        self.code += b"\x0b"

    def encode(self) -> bytes:
        """The function's entry in the code section."""
        runs: list[tuple[int, int]] = []
        for kind in self.types[len(self.parameters) :]:
            if runs and runs[-1][1] == kind:
                runs[-1] = runs[-1][0] + 1, kind
            else:
                runs.append((1, kind))
        locals_ = [unsigned(count) + bytes([kind]) for count, kind in runs]
        body = vector(locals_) + bytes(self.code) + b"\x0b"
        return unsigned(len(body)) + body


def module(
    functions: Sequence[Function], exports: dict[str, int], pages: int, custom: dict[str, bytes]
) -> bytes:
    """A module with a memory of a fixed number of pages, exported as "memory".

    `exports`: names of exported functions and their numbers. `custom`: custom sections, at the end.
    """
    signatures = sorted({function.parameters for function in functions})
    types = [b"\x60" + vector([bytes([p]) for p in parameters]) + b"\x00" for parameters in signatures]
    indices = [unsigned(signatures.index(function.parameters)) for function in functions]
    memory = b"\x01" + unsigned(pages) + unsigned(pages)
    exported = [name("memory") + b"\x02\x00"]
    exported += [name(title) + b"\x00" + unsigned(index) for title, index in exports.items()]
    sections = [
        (1, vector(types)),
        (3, vector(indices)),
        (5, vector([memory])),
        (7, vector(exported)),
        (10, vector([function.encode() for function in functions])),
        *((0, name(title) + content) for title, content in custom.items()),
    ]
    body = b"".join(bytes([id]) + unsigned(len(content)) + content for id, content in sections)
    return b"\0asm\x01\0\0\0" + body
