"""Kernels: what is done to one row of a picture, 8 or 16 pixels at once, as WebAssembly functions.

Does not know the size of a picture and owns no memory: static/pixels.js calls them row by row. Pointers and
counts are i32. A row is read and written in whole blocks, so it needs up to 32 bytes of room behind it.
"""

from __future__ import annotations

from models.pixels.colours import composed, cut, rgba420, rgba444
from models.pixels.room import box, colours, room
from models.pixels.rows import alpha, difference, halved, mirrored, mixed, packed, parted, resampled
from models.pixels.writer import Module

KERNELS = (
    mixed, halved, resampled, packed, parted, alpha, rgba444, rgba420, composed, cut, mirrored,
    room, box, colours, difference,
)  # fmt: skip


def module() -> bytes:
    """The WebAssembly module with all kernels."""
    return Module([kernel() for kernel in KERNELS]).encode()
