"""Compiled graphs made by hand: small WebAssembly modules with the layout that the compiler's have.

Do not run a network: mask = red * weight + memory * keep, pixel by pixel.
"""

from __future__ import annotations

import json
from typing import Any

import wasmtime

HEIGHT, WIDTH = 3, 5
PIXELS = HEIGHT * WIDTH
WEIGHT = 1 / 255
WEIGHTS_AT, RGBA_AT, MEMORY_AT, KEEP_AT, MASK_AT = 16, 32, 128, 256, 512
LAYOUT: dict[str, Any] = {
    "version": 1,
    "weights": {"offset": WEIGHTS_AT, "bytes": 4},
    "inputs": {
        "rgba": {"type": "uint8", "shape": [1, HEIGHT, WIDTH, 4], "offset": RGBA_AT},
        "memory": {"type": "float32", "shape": [1, 1, HEIGHT, WIDTH], "offset": MEMORY_AT},
        "keep": {"type": "float32", "shape": [1], "offset": KEEP_AT},
    },
    "outputs": {"mask": {"type": "float32", "shape": [1, 1, HEIGHT, WIDTH], "offset": MASK_AT}},
}
TEXT = f"""
(module
  (memory (export "memory") 1 1)
  (global $weight (mut f32) (f32.const 0))
  (func (export "load") (global.set $weight (f32.load (i32.const {WEIGHTS_AT}))))
  (func (export "run") (local $at i32)
    (loop $next
      (f32.store offset={MASK_AT} (local.get $at)
        (f32.add
          (f32.mul (f32.convert_i32_u (i32.load8_u offset={RGBA_AT} (local.get $at))) (global.get $weight))
          (f32.mul (f32.load offset={MEMORY_AT} (local.get $at)) (f32.load (i32.const {KEEP_AT})))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const {4 * PIXELS}))))))
"""
TRAP = '(module (memory (export "memory") 1 1) (func (export "load")) (func (export "run") unreachable))'


def module(text: str = TEXT, layout: dict[str, Any] | None = LAYOUT) -> bytes:
    """A module from its text, with a layout in its custom section; None: without the section."""
    code = bytes(wasmtime.wat2wasm(text))
    return code if layout is None else code + section(b"vitrine", json.dumps(layout).encode())


def section(name: bytes, content: bytes) -> bytes:
    """A custom section."""
    body = bytes([len(name)]) + name + content
    return b"\0" + leb128(len(body)) + body


def leb128(number: int) -> bytes:
    """An unsigned number as WebAssembly writes it."""
    groups = [number & 127]
    while number := number >> 7:
        groups[-1] |= 128
        groups.append(number & 127)
    return bytes(groups)


def weights() -> bytes:
    """The other file of the module."""
    import struct

    return struct.pack("<f", WEIGHT)
