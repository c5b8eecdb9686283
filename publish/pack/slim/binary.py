"""WebAssembly's binary format: reads a module into its sections and writes it again.

Does not read instructions: a function's body is bytes here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.program import leb128
from models.compile.wasm import unsigned, vector

HEADER = b"\0asm\1\0\0\0"
CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA, COUNT, TAG = range(
    14
)
ORDER = (TYPE, IMPORT, FUNCTION, TABLE, MEMORY, TAG, GLOBAL, EXPORT, START, ELEMENT, COUNT, CODE, DATA)
FUNCTIONS, TABLES, MEMORIES, GLOBALS, TAGS = range(5)  # kinds of an import or export
# Bytes of the operand of each instruction that a constant expression may have; -1: a number in LEB128.
CONSTANT = {0x41: -1, 0x42: -1, 0x43: 4, 0x44: 8, 0x23: -1, 0xD2: -1, 0xD0: 1}
END = 0x0B


def sized(data: bytes) -> bytes:
    """Bytes after their length."""
    return unsigned(len(data)) + data


class Reader:
    """Reads a module's bytes one after another."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def number(self) -> int:
        """An unsigned number in LEB128."""
        value, self.at = leb128(self.data, self.at)
        return value

    def take(self, size: int) -> bytes:
        """The next bytes."""
        self.at += size
        return self.data[self.at - size : self.at]

    def sized(self) -> bytes:
        """Bytes after their length."""
        return self.take(self.number())

    def limits(self) -> bytes:
        """The limits of a table or memory, as they are."""
        start = self.at
        flags = self.take(1)[0]
        self.number()
        if flags & 1:
            self.number()
        return self.data[start : self.at]

    def constant(self) -> bytes:
        """A constant expression with its end. Raises ValueError for an instruction it cannot have."""
        start = self.at
        while (code := self.take(1)[0]) != END:
            if code not in CONSTANT:
                raise ValueError(f"a constant expression has the instruction 0x{code:02x}")
            if CONSTANT[code] < 0:
                self.number()
            else:
                self.at += CONSTANT[code]
        return self.data[start : self.at]


@dataclass(frozen=True)
class Import:
    """One import: its kind and the bytes of its type, which for a function is the type's index."""

    module: bytes
    name: bytes
    kind: int
    type: bytes

    def encode(self) -> bytes:
        """As it is in the import section."""
        return sized(self.module) + sized(self.name) + bytes([self.kind]) + self.type


@dataclass(frozen=True)
class Export:
    """One export: its kind and its index in the space of that kind."""

    name: bytes
    kind: int
    index: int

    def encode(self) -> bytes:
        """As it is in the export section."""
        return sized(self.name) + bytes([self.kind]) + unsigned(self.index)


@dataclass(frozen=True)
class Global:
    """One global of the module: the byte of its type, whether it may change, and its first value."""

    type: int
    mutable: bool
    value: bytes

    def encode(self) -> bytes:
        """As it is in the global section."""
        return bytes([self.type, self.mutable]) + self.value


class Module:
    """The sections of a module that this package changes, as lists; the others as bytes.

    Raises ValueError where the bytes are not a module of this form.
    """

    def __init__(self, data: bytes) -> None:
        if data[:8] != HEADER:
            raise ValueError("these bytes are not a WebAssembly module of version 1")
        self.custom: list[bytes] = []
        self.other: dict[int, bytes] = {}
        reader = Reader(data, 8)
        while reader.at < len(data):
            code = reader.take(1)[0]
            body = reader.sized()
            if code == CUSTOM:
                self.custom.append(body)
            else:
                self.other[code] = body
        self.types = [_function_type(reader) for reader in self._items(TYPE)]
        self.imports = [_import(reader) for reader in self._items(IMPORT)]
        self.functions = [reader.number() for reader in self._items(FUNCTION)]
        self.tables = [reader.take(1) + reader.limits() for reader in self._items(TABLE)]
        self.memories = [reader.limits() for reader in self._items(MEMORY)]
        self.tags = [reader.take(1) + unsigned(reader.number()) for reader in self._items(TAG)]
        self.globals = [
            Global(reader.take(1)[0], bool(reader.take(1)[0]), reader.constant())
            for reader in self._items(GLOBAL)
        ]
        self.exports = [
            Export(reader.sized(), reader.take(1)[0], reader.number()) for reader in self._items(EXPORT)
        ]
        self.bodies = [reader.sized() for reader in self._items(CODE)]

    def _items(self, code: int) -> Iterable[Reader]:
        """The reader, once for each item of a section, which is taken out of `other`."""
        reader = Reader(self.other.pop(code, b"\0"))
        for _ in range(reader.number()):
            yield reader

    def imported(self, kind: int) -> list[Import]:
        """The imports of a kind, in the order of their indices."""
        return [each for each in self.imports if each.kind == kind]

    def encode(self) -> bytes:
        """The module's bytes."""
        known = {
            TYPE: [bytes([0x60]) + sized(inputs) + sized(outputs) for inputs, outputs in self.types],
            IMPORT: [each.encode() for each in self.imports],
            FUNCTION: [unsigned(each) for each in self.functions],
            TABLE: self.tables,
            MEMORY: self.memories,
            TAG: self.tags,
            GLOBAL: [each.encode() for each in self.globals],
            EXPORT: [each.encode() for each in self.exports],
            CODE: [sized(each) for each in self.bodies],
        }
        sections = {code: vector(items) for code, items in known.items() if items} | self.other
        out = [HEADER, *(b"\0" + sized(body) for body in self.custom)]
        out += [bytes([code]) + sized(sections[code]) for code in ORDER if code in sections]
        return b"".join(out)


def _function_type(reader: Reader) -> tuple[bytes, bytes]:
    if reader.take(1) != b"\x60":
        raise ValueError("the module has types that are not of functions")
    return reader.sized(), reader.sized()


def _import(reader: Reader) -> Import:
    module, name, kind = reader.sized(), reader.sized(), reader.take(1)[0]
    start = reader.at
    if kind == FUNCTIONS:
        reader.number()
    elif kind == TABLES:
        reader.take(1)
        reader.limits()
    elif kind == MEMORIES:
        reader.limits()
    else:
        reader.take(2)
    return Import(module, name, kind, reader.data[start : reader.at])
