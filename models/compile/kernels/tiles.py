"""Tiles of a row of pixels: how many pixels each has, and the loop over them.

Does not know what is computed in a tile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.compile.wasm import Function, Local

OVERHEAD = 0.4  # what a tile costs besides its pixels, in pixels
SECOND = 0.02  # what a second size must save, as a part of a row


def tile_plan(columns: int, sizes: Sequence[int], least: int = 1) -> list[tuple[int, int]]:
    """(pixels of a tile, how many such tiles) for a row: of one size, or of two if that is worth more code.

    Smaller tiles than `least` pixels take as long as it: their sums have to wait for each other.
    """

    def cost(plan: list[tuple[int, int]]) -> float:
        return sum(n * (max(size, least) + OVERHEAD) for size, n in plan) + SECOND * columns * (len(plan) - 1)

    plans = [[(size, columns // size)] for size in sizes if columns % size == 0]
    for main in sizes:
        for rest in sizes:
            for count in (1, 2):
                left = columns - count * rest
                if rest != main and left > 0 and left % main == 0:
                    plans.append([(main, left // main), (rest, count)])
    return min(plans, key=cost)


def tiles(
    f: Function,
    plan: Sequence[tuple[int, int]],
    moved: dict[Local, tuple[int, int]],
    body: Callable[[int], None],
) -> None:
    """Run the body, which is given the number of pixels, for each tile of a row.

    `moved`: pointers with their (row, pixel) strides in bytes. They stand behind the row after it.
    """
    for size, count in plan:
        with f.repeat(count):
            body(size)
            for pointer, (_, across) in moved.items():
                f.add(pointer, size * across)
