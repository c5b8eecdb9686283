"""The kernel of depthwise convolutions: each output channel reads its own input channel.

Does not compute the epilogue: epilogue.py does.
"""

from __future__ import annotations

from models.compile.ir import LANES, round_up
from models.compile.kernels.epilogue import Convolution, Tile, epilogue
from models.compile.kernels.tiles import tile_plan, tiles
from models.compile.wasm import V128, Function

SIZES = (8, 7, 6, 5, 4, 3, 2, 1)  # pixels of a tile
REGISTERS = 15  # for a tile's sums, the weights of a row of the window, an input vector and one temporary


def depthwise(f: Function, c: Convolution) -> None:
    """Emit a convolution whose outputs read only their own channel. Weights: [tap][round_up(channels, 4)]."""
    rows, columns, channels = c.out.shape
    vectors = -(-channels // LANES)
    kh, kw = c.kernel
    plan = tile_plan(columns, [size for size in SIZES if size + kw + 2 <= REGISTERS] or SIZES[-1:], 4)
    whole, x = Tile.of(f, c, max(size for size, _ in plan), 1), f.local()
    channel, moved = whole.channel, whole.moved(x, c)
    row, column, _ = c.x.byte_strides
    pitch = 4 * round_up(channels, LANES)
    value, taps = f.local(V128), [f.local(V128) for _ in range(kw)]

    def body(size: int) -> None:
        tile = whole.part(size)
        sums = tile.sums
        f.get(channel)
        f.memory("v128.load", c.bias.address)
        for (total,) in sums[:-1]:
            f.tee(total)
        f.set(sums[-1][0])
        for ky in range(kh):
            for kx, tap in enumerate(taps):
                f.get(channel)
                f.memory("v128.load", c.weights.address + (ky * kw + kx) * pitch)
                f.set(tap)
            pairs: dict[int, list[tuple[int, int]]] = {}
            for p in range(size):
                for kx in range(kw):
                    pairs.setdefault(p * c.stride[1] + kx * c.dilation[1], []).append((p, kx))
            for at in sorted(pairs):
                f.get(x)
                f.memory("v128.load", c.x.address + ky * c.dilation[0] * row + at * column)
                f.set(value)
                for p, kx in pairs[at]:
                    f.multiply_add(sums[p][0], value, taps[kx])
        epilogue(f, c, tile, 0, 1)

    with f.repeat(rows):
        f.i32(0)
        f.set(channel)
        with f.repeat(vectors):
            tiles(f, plan, moved, body)
            f.add(channel, 16)
            for (pointer, (_, across)), kind in zip(moved.items(), [(0, 0, 1), *whole.pointers], strict=True):
                f.add(pointer, (16 if kind[2] else 0) - columns * across)
        for (pointer, (down, _)), kind in zip(moved.items(), [(0, 0, 1), *whole.pointers], strict=True):
            f.add(pointer, down - (16 * vectors if kind[2] else 0))
