"""Tiles of a row of pixels: how many pixels each has, and the loop over them.

Does not know what is computed in a tile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.compile.wasm import Function, Local


def tile_size(columns: int, sizes: Sequence[int]) -> int:
    """The number of pixels in a tile: the last tile moves back where it would leave the row."""
    return min((s for s in sizes if s <= columns), key=lambda s: (-(-columns // s) * (s + 0.4), -s))


def tiles(
    f: Function, columns: int, size: int, moved: dict[Local, tuple[int, int]], body: Callable[[], None]
) -> None:
    """Run the body for each tile of a row. The pointers stand behind the row after it."""
    rest = columns % size
    if not rest:
        with f.repeat(columns // size):
            body()
            for pointer, (_, across) in moved.items():
                f.add(pointer, size * across)
        return
    left = f.local()
    f.i32(columns // size + 1)
    f.set(left)
    with f.loop():
        body()
        for pointer, (_, across) in moved.items():  # the tile before the last is followed by a smaller step
            f.get(pointer)
            f.i32(rest * across)
            f.i32(size * across)
            f.get(left)
            f.i32(2)
            f.op("i32.eq", "select", "i32.add")
            f.set(pointer)
        f.get(left)
        f.i32(1)
        f.op("i32.sub")
        f.tee(left)
        f.again()
