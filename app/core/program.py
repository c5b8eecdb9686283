"""Layout: where a compiled graph keeps its weights, inputs and outputs in its memory, as its module says.

Does not run the module: app.page.compiled and app.native.compiled do.

A compiled graph is a WebAssembly module that imports nothing and exports `memory`, `load()` and `run()`. To
load it, copy its weights file into the memory and call load() once. To run it, copy the inputs into the
memory, call run() and read the outputs. Tensors are contiguous and row-major. The module's custom section
"vitrine" holds the Layout as JSON: {"version": 1, "weights": {"offset", "bytes"}, "inputs": {name: {"type",
"shape", "offset"}}, "outputs": {...}}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

SECTION, VERSION = "vitrine", 1
SIZES = {"uint8": 1, "int32": 4, "float32": 4}  # bytes of an element, by type
MAGIC = b"\0asm\1\0\0\0"
CUSTOM = 0  # the id of a custom section


@dataclass(frozen=True)
class Value:
    """An input or output: a tensor at `offset` bytes of the memory."""

    type: str  # a key of SIZES
    shape: tuple[int, ...]
    offset: int

    @property
    def length(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """The size of the tensor in bytes."""
        return self.length * SIZES[self.type]


@dataclass(frozen=True)
class Layout:
    """The places in the memory; `weights` is (offset, bytes)."""

    weights: tuple[int, int]
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]

    def check(self, weights: int, memory: int) -> None:
        """Raises ValueError where a weights file of `weights` bytes is not this graph's, or where a tensor
        lies outside a memory of `memory` bytes.
        """
        offset, size = self.weights
        if size != weights:
            raise ValueError(f"the weights have {weights} bytes, not {size}. Build the model again.")
        tensors = (*self.inputs.values(), *self.outputs.values())
        if max([offset + size, *(value.offset + value.bytes for value in tensors)]) > memory:
            raise ValueError(f"a tensor ends beyond the {memory} bytes of memory. Build the model again.")


def layout(text: str | bytes) -> Layout:
    """The Layout of a section's JSON. Raises ValueError for anything else and for another version."""
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ValueError(
                f"its layout has version {data['version']}, not {VERSION}. Build the model again."
            )
        weights = int(data["weights"]["offset"]), int(data["weights"]["bytes"])
        return Layout(weights, _values(data["inputs"]), _values(data["outputs"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its layout is not readable ({error!r}). Build the model again.") from None


def section(module: bytes, name: str = SECTION) -> bytes:
    """The content of a module's first custom section of that name. Raises ValueError where it has none.

    https://webassembly.github.io/spec/core/binary/modules.html#sections
    """
    if module[:8] != MAGIC:
        raise ValueError("this is not a WebAssembly module. Build the model again.")
    at = len(MAGIC)
    try:
        while at < len(module):
            id, (size, at) = module[at], leb128(module, at + 1)
            if id == CUSTOM:
                length, start = leb128(module, at)
                if module[start : start + length] == name.encode():
                    return module[start + length : at + size]
            at += size
    except IndexError:
        pass
    raise ValueError(f"the module has no section “{name}”. Build the model again.")


def _values(rows: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: Value(_type(row["type"]), tuple(int(n) for n in row["shape"]), int(row["offset"]))
        for name, row in rows.items()
    }


def _type(name: str) -> str:
    if name not in SIZES:
        raise ValueError(
            f"its layout has a tensor of {name}, not of {', '.join(SIZES)}. Build the model again."
        )
    return name


def leb128(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned LEB128 number at `at`, and the place after it. Raises IndexError where the data ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
