"""A convolution as the kernels see it, and what follows the sums of a tile: the epilogue and the stores.

Does not multiply: dense.py and depthwise.py do.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.compile.ir import LANES, Expr, View
from models.compile.kernels.expression import evaluate
from models.compile.wasm import V128, Function, Local


@dataclass(frozen=True)
class Scatter:
    """Four channels are stored as 2 x 2 pixels of one channel.

    `row`: bytes from the upper two to the lower two.
    """

    row: int


@dataclass(frozen=True)
class Convolution:
    """A convolution of a map.

    `x` [rows, columns, channels]: its first element is the first that output pixel (0, 0) reads, in the
    border where there is padding. `weights`: packed by models.compile.weights. `bias`: a View of
    round_up(channels, 8) floats. `out` [rows, columns, channels] with channels adjacent; `padded`: its pixels
    have room for whole vectors. `epilogue`: over Views of the shape of `out`.
    """

    x: View
    weights: View
    bias: View
    out: View
    epilogue: Expr
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padded: bool = True
    scatter: Scatter | None = None

    @property
    def paired(self) -> bool:
        """Whether pixels are computed in pairs, of which the first is even."""
        return any(part.op == "upsampled" for part in self.epilogue.walk())

    @property
    def macs(self) -> int:
        """Multiplications of a dense convolution."""
        return self.out.size * self.kernel[0] * self.kernel[1] * self.x.shape[2]


@dataclass
class Tile:
    """What an epilogue may read while a tile is computed."""

    sums: list[list[Local]]  # [pixel][vector]
    channel: Local  # byte offset of the tile's first channel
    pointers: dict[tuple[int, int, int], Local]

    @classmethod
    def of(cls, f: Function, c: Convolution, pixels: int, vectors: int) -> Tile:
        """New locals for a tile, with a pointer for each way in which the Views of the epilogue move."""
        sums = [[f.local(V128) for _ in range(vectors)] for _ in range(pixels)]
        kinds = dict.fromkeys(pointer_kind(view) for view in (c.out, *c.epilogue.views))
        return cls(sums, f.local(), {kind: f.local() for kind in kinds if kind[:2] != (0, 0)})

    def moved(self, x: Local, c: Convolution) -> dict[Local, tuple[int, int]]:
        """Strides in bytes, (down, across), of the pointer to the input and of the others."""
        row, column, _ = c.x.byte_strides
        own = {x: (c.stride[0] * row, c.stride[1] * column)}
        return own | {pointer: kind[:2] for kind, pointer in self.pointers.items()}

    def part(self, pixels: int) -> Tile:
        """A tile of fewer pixels."""
        return Tile(self.sums[:pixels], self.channel, self.pointers)


def pointer_kind(view: View) -> tuple[int, int, int]:
    """Which pointer a View needs: its strides in bytes, and whether it moves with the channels."""
    row, column, channel = view.strides
    return 4 * row, 4 * column, int(channel != 0)


def epilogue(f: Function, c: Convolution, tile: Tile, first: int, vectors: int) -> None:
    """Compute the epilogue of a tile's sums and store the results."""
    value = f.local(V128)
    channels = c.out.shape[2]

    for p, pixel in enumerate(tile.sums):
        for v, total in enumerate(pixel):

            def push(view: View, limit: int = 0, upsampled: bool = False, p: int = p, v: int = v) -> None:
                if upsampled:
                    _between(f, view, tile.pointers[pointer_kind(view)], p, v)
                    return
                if limit and first + v * LANES >= limit:
                    f.splat(0.0)
                    return
                kind = pointer_kind(view)
                if kind[:2] != (0, 0):
                    f.get(tile.pointers[kind])
                elif kind[2]:
                    f.get(tile.channel)
                else:
                    f.i32(0)
                at = view.address + p * kind[1] + (16 * v if kind[2] else 0)
                f.memory("v128.load" if kind[2] else "v128.load32_splat", at)

            evaluate(f, c.epilogue, push, total)
            if c.scatter is not None:
                f.set(total)
                continue
            f.set(value)
            pointer = tile.pointers[pointer_kind(c.out)]
            at = c.out.address + p * 4 * c.out.strides[1] + 16 * v
            lanes = LANES if c.padded else min(LANES, channels - first - v * LANES)
            if lanes == LANES:
                f.get(pointer)
                f.get(value)
                f.memory("v128.store", at)
            else:
                for lane in range(lanes):
                    f.get(pointer)
                    f.get(value)
                    f.lane("v128.store32_lane", lane, at + 4 * lane)

    if c.scatter is not None:
        _store_squares(f, c, tile, c.scatter.row)


def _between(f: Function, view: View, pointer: Local, p: int, v: int) -> None:
    """Push a vector between two pixels of a map whose columns are doubled: 3/4 of the nearer one."""
    pixel = 8 * view.strides[1]  # the View's stride is half a pixel of the small map
    near = view.address + p // 2 * pixel + 16 * v
    f.get(pointer)
    f.memory("v128.load", near)
    f.splat(0.75)
    f.op("f32x4.mul")
    f.get(pointer)
    far = near + (pixel if p % 2 else -pixel)
    f.memory("v128.load", far)
    f.splat(0.25)
    f.op("f32x4.mul", "f32x4.add")


def _store_squares(f: Function, c: Convolution, tile: Tile, row: int) -> None:
    pointer = tile.pointers[pointer_kind(c.out)]
    if len(tile.sums) % 2:  # two pixels fill a vector; the last one stands alone
        last = len(tile.sums) - 1
        for down, half in ((0, 0), (row, 1)):
            f.get(pointer)
            f.get(tile.sums[last][0])
            f.lane("v128.store64_lane", half, c.out.address + last * 4 * c.out.strides[1] + down)
    for p in range(0, len(tile.sums) - 1, 2):
        for down, lanes in ((0, (0, 1, 4, 5)), (row, (2, 3, 6, 7))):
            f.get(pointer)
            f.get(tile.sums[p][0])
            f.get(tile.sums[p + 1][0])
            f.shuffle(*lanes)
            f.memory("v128.store", c.out.address + p * 4 * c.out.strides[1] + down)
