"""The kernel of dense convolutions, 1 x 1 and larger: each output channel reads all input channels.

Maps are [rows, columns, channels], channels innermost. A tile of output pixels and channels stays in
registers while the inputs pass; then the epilogue, an expression of the sums, is computed and stored.
"""

from __future__ import annotations

from itertools import pairwise

from models.compile.ir import LANES, round_up
from models.compile.kernels.epilogue import Convolution, Tile, epilogue, pointer_kind
from models.compile.kernels.tiles import tile_plan, tiles
from models.compile.packing import BLOCK
from models.compile.wasm import V128, Function, Local

# Sums of at most so many products are written without a loop: of several runs of inputs, and of one run.
STRAIGHT, SHORT = 80, 8

# Pixels of a tile, by the vectors of channels in it. Accumulators, weights, the input and one temporary must
# fit into 15 registers; relaxed SIMD needs no temporary, but 8 accumulators to hide its latency. Measured:
# docs/compiler.md.
TILES = {
    (2, False): (4, 5, 3, 2, 1),
    (2, True): (6, 5, 4, 3, 2, 1),
    (1, False): (8, 6, 5, 4, 3, 2, 1),
    (1, True): (12, 8, 6, 5, 4, 3, 2, 1),
}

SINGLE = 4  # blocks of channels in the tile of a single pixel
LEAST_SUMS = {False: 4, True: 8}  # fewer sums than these have to wait for each other


def dense(f: Function, c: Convolution) -> None:
    """Emit a convolution whose outputs read all input channels."""
    rows, columns, channels = c.out.shape
    views = [c.out, *c.epilogue.views]
    sources = [view for view in views if pointer_kind(view)[:2] != (0, 0)]
    flat = (
        c.kernel == (1, 1)
        and c.stride == (1, 1)
        and c.scatter is None
        and not c.paired
        and all(view.strides[0] == columns * view.strides[1] for view in (c.x, *sources))
    )
    if flat:
        rows, columns = 1, rows * columns
    runs, depth = _runs(c)
    first = 0
    for count, vectors in _groups(c, channels, rows * columns == 1):
        _blocks(f, c, runs, depth, first, count, vectors, rows, columns)
        first += count * vectors * LANES


def _groups(c: Convolution, channels: int, single: bool) -> list[tuple[int, int]]:
    """(how many tiles, of how many vectors) cover the channels: full blocks share a loop, then the rest.

    A `single` pixel takes several blocks at a time, because the sums of one would wait for each other.
    """
    limits = {int(part.number) for part in c.epilogue.walk() if part.op == "load_padded"}
    cuts = sorted(
        {0, channels, *(limit // BLOCK * BLOCK for limit in limits), *(round_up(n, BLOCK) for n in limits)}
    )
    groups = []
    for begin, end in pairwise(cuts):
        if end > channels:
            break
        full = (end - begin) // BLOCK
        if single and full // SINGLE:
            groups.append((full // SINGLE, 2 * SINGLE))
            full %= SINGLE
        if full:
            groups.append((full, 2))
        if rest := (end - begin) % BLOCK:
            groups.append((1, -(-rest // LANES)))
    return groups


def _runs(c: Convolution) -> tuple[list[tuple[int, int]], int]:
    """(address from the pixel, number of floats) of inputs that lie together, in the order of the weights."""
    kh, kw = c.kernel
    row, column, _ = c.x.byte_strides
    channels = c.x.shape[2]
    runs: list[tuple[int, int]] = []
    for ky in range(kh):
        for kx in range(kw):
            at = ky * c.dilation[0] * row + kx * c.dilation[1] * column
            if runs and runs[-1][0] + 4 * runs[-1][1] == at:
                runs[-1] = runs[-1][0], runs[-1][1] + channels
            else:
                runs.append((at, channels))
    return runs, kh * kw * channels


def _blocks(
    f: Function,
    c: Convolution,
    runs: list[tuple[int, int]],
    depth: int,
    first: int,
    count: int,
    vectors: int,
    rows: int,
    columns: int,
) -> None:
    sizes = TILES.get((vectors, f.relaxed), (1,))
    least = LEAST_SUMS[f.relaxed] // vectors
    plan = tile_plan(columns, [each for each in sizes if each % 2 == 0] if c.paired else sizes, least)
    tile = Tile.of(f, c, max(size for size, _ in plan), vectors)
    weights, x = f.local(), f.local()
    moved = tile.moved(x, c)
    f.i32(4 * first)
    f.set(tile.channel)
    f.i32(4 * first * depth)
    f.set(weights)
    with f.repeat(count):
        for (_, _, moves), pointer in tile.pointers.items():
            f.get(tile.channel) if moves else f.i32(0)
            f.set(pointer)
        f.i32(0)
        f.set(x)
        with f.repeat(rows):
            tiles(f, plan, moved, lambda size: _tile(f, c, runs, x, weights, tile.part(size), first, vectors))
            for pointer, (down, across) in moved.items():
                if rows > 1 and down != columns * across:
                    f.add(pointer, down - columns * across)
        f.add(tile.channel, 4 * vectors * LANES)
        f.add(weights, 4 * vectors * LANES * depth)


def _tile(
    f: Function,
    c: Convolution,
    runs: list[tuple[int, int]],
    x: Local,
    weights: Local,
    tile: Tile,
    first: int,
    vectors: int,
) -> None:
    sums = tile.sums
    for v in range(vectors):
        f.get(tile.channel)
        f.memory("v128.load", c.bias.address + 16 * v)
        for pixel in sums[:-1]:
            f.tee(pixel[v])
        f.set(sums[-1][v])
    across = c.stride[1] * c.x.byte_strides[1]
    taps = sum(length for _, length in runs)
    value, factors = f.local(V128), [f.local(V128) for _ in range(vectors)]

    def products(source: Local, at: int, weight: Local, weight_at: int) -> None:
        for v, factor in enumerate(factors):
            f.get(weight)
            block, vector = divmod(v, 2)
            f.memory("v128.load", c.weights.address + weight_at + block * 4 * BLOCK * taps + 16 * vector)
            f.set(factor)
        for p, pixel in enumerate(sums):
            f.get(source)
            f.memory("v128.load32_splat", c.x.address + at + p * across)
            f.set(value)
            for total, factor in zip(pixel, factors, strict=True):
                f.multiply_add(total, value, factor)

    step = 4 * min(vectors, 2) * LANES
    if taps <= SHORT or (taps <= STRAIGHT and len(runs) > 1):
        index = 0
        for at, length in runs:
            for i in range(length):
                products(x, at + 4 * i, weights, step * index)
                index += 1
    else:
        source, weight, end = f.local(), f.local(), f.local()
        f.get(weights)
        f.set(weight)
        for at, length in runs:
            f.get(x)
            f.tee(source)
            f.i32(4 * length)
            f.op("i32.add")
            f.set(end)
            with f.loop():
                products(source, at, weight, 0)
                f.add(weight, step)
                f.add(source, 4)
                f.get(source)
                f.get(end)
                f.op("i32.ne")
                f.again()
    epilogue(f, c, tile, first, vectors)
