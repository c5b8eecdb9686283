"""The kernels of pixels.wasm against NumPy, over odd sizes and extreme values, in wasmtime.

Does not test static/pixels.js, which calls them: tests/page/test_pixels.py does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import wasmtime
from numpy.typing import NDArray

from models.pixels.kernels import module

Array = NDArray[Any]
BLOCKS = (1, 2, 5)
# RGB of luma and chroma by BT.601 in studio range: the coefficients as static/pixels.js writes them.
BLACK, LUMA = 16, 255 / 219
RED_V, GREEN_U, GREEN_V, BLUE_U = (c * 255 / 224 for c in (1.402, -0.344136, -0.714136, 1.772))


class Kernels:
    """An instance; `put` and `get` copy arrays to and from its memory."""

    def __init__(self) -> None:
        self.store = wasmtime.Store()
        instance = wasmtime.Instance(self.store, wasmtime.Module(self.store.engine, module()), [])
        self.exports = instance.exports(self.store)
        self.memory: Any = self.exports["memory"]

    def put(self, at: int, values: Array) -> int:
        self.memory.write(self.store, values.tobytes(), at)
        return at

    def get(self, at: int, count: int, kind: str = "u1") -> Array:
        size = count * np.dtype(kind).itemsize
        return np.frombuffer(self.memory.read(self.store, at, at + size), kind)

    def __call__(self, name: str, *given: int) -> Any:
        kernel: Any = self.exports[name]
        return kernel(self.store, *given)


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    return Kernels()


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def octets(random: np.random.Generator, count: int) -> Array:
    """Bytes, 0 and 255 among them."""
    values = random.integers(0, 256, count).astype(np.uint8)
    values[:2] = 0, 255
    return values


def near(found: Array, expected: Array, most: float = 1.0) -> None:
    assert np.abs(found.astype(float) - expected).max() <= most


@pytest.mark.parametrize("blocks", BLOCKS)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_blend(kernels: Kernels, random: np.random.Generator, blocks: int, share: float) -> None:
    a, b = octets(random, 16 * blocks), octets(random, 16 * blocks)[::-1].copy()
    kernels("blend", kernels.put(0, a), kernels.put(1000, b), round(32767 * share), 2000, blocks)
    near(kernels.get(2000, 16 * blocks), a + (b.astype(float) - a) * share)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_halve(kernels: Kernels, random: np.random.Generator, blocks: int) -> None:
    a, b = octets(random, 16 * blocks), octets(random, 16 * blocks)
    kernels("halve", kernels.put(0, a), kernels.put(1000, b), 2000, blocks)
    mean = np.stack([a, b]).astype(float).reshape(2, -1, 2).mean((0, 2))
    near(kernels.get(2000, 8 * blocks), mean)


@pytest.mark.parametrize("step", [0.3, 1.0, 2.5, 4.0])
def test_resample(kernels: Kernels, random: np.random.Generator, step: float) -> None:
    row = octets(random, 80)
    places = (np.arange(16) + 0.5) * step - 0.5
    left = np.clip(np.floor(places), 0, 79).astype(int)
    right, weight = np.minimum(left + 1, 79), np.clip(places - left, 0, 1)
    table = b""
    for block in (slice(0, 8), slice(8, 16)):
        base = left[block].min()
        table += np.array([base, 0, 0, 0], np.int32).tobytes()
        table += np.concatenate([left[block] - base, right[block] - base]).astype(np.uint8).tobytes()
        table += np.minimum(32767, np.round(weight[block] * 32768)).astype(np.int16).tobytes()
    kernels("resample", kernels.put(0, row), 2000, kernels.put(1000, np.frombuffer(table, np.uint8)), 2)
    near(kernels.get(2000, 16, "i2") / 128, row[left] * (1 - weight) + row[right] * weight, 0.05)


def test_pack_part_alpha_and_mirror(kernels: Kernels, random: np.random.Generator) -> None:
    wide = np.array([0, 63, 64, 128, 32640, 32767, 200 * 128, 77 * 128], np.int16)
    kernels("pack", kernels.put(0, wide), 1000, 1)
    assert kernels.get(1000, 8).tolist() == [0, 0, 1, 1, 255, 255, 200, 77]
    pairs = octets(random, 32)
    kernels("part", kernels.put(0, pairs), 1000, 2000, 2)
    assert (kernels.get(1000, 16) == pairs[::2]).all()
    assert (kernels.get(2000, 16) == pairs[1::2]).all()
    rgba = octets(random, 128)
    kernels("alpha", kernels.put(0, rgba), 1000, 2)
    assert (kernels.get(1000, 32) == rgba[3::4]).all()
    kernels("mirror", 0, 1000 + 128, 8)
    assert (kernels.get(1000, 128).reshape(32, 4) == rgba.reshape(32, 4)[::-1]).all()


def coefficients(kernels: Kernels, at: int) -> int:
    """Write the coefficients; gives their place."""
    numbers = [BLACK * 128, LUMA / 2 * 32768, *(c / 4 * 32768 for c in (RED_V, GREEN_U, GREEN_V, BLUE_U))]
    return kernels.put(at, np.repeat(np.round(numbers), 8).astype(np.int16))


def rgb(y: Array, u: Array, v: Array) -> Array:
    """[n,3] of planes of the same length."""
    luma, blue, red = LUMA * (y.astype(float) - BLACK), u.astype(float) - 128, v.astype(float) - 128
    channels = luma + RED_V * red, luma + GREEN_U * blue + GREEN_V * red, luma + BLUE_U * blue
    return np.clip(np.stack(channels, 1), 0, 255)


def planes(kernels: Kernels, random: np.random.Generator, count: int) -> tuple[list[int], Array]:
    """Rows of luma and halved chroma in memory, and their colours."""
    y, u, v = octets(random, count), octets(random, count // 2), octets(random, count // 2)[::-1].copy()
    places = [kernels.put(at, row) for at, row in ((0, y), (1000, u), (2000, v))]
    return places, rgb(y, u.repeat(2), v.repeat(2))


@pytest.mark.parametrize("blocks", BLOCKS)
def test_colours_of_a_picture(kernels: Kernels, random: np.random.Generator, blocks: int) -> None:
    places, expected = planes(kernels, random, 8 * blocks)
    table = coefficients(kernels, 5000)
    kernels("rgba420", *places, 3000, blocks, table)
    found = kernels.get(3000, 32 * blocks).reshape(-1, 4)
    near(found[:, :3], expected, 1.5)
    assert (found[:, 3] == 255).all()
    rows = [octets(random, 8 * blocks) for _ in range(3)]
    wide = [kernels.put(1000 * n, (row.astype(np.int16) << 7)) for n, row in enumerate(rows)]
    kernels("rgba444", *wide, 3000, blocks, table)
    near(kernels.get(3000, 32 * blocks).reshape(-1, 4)[:, :3], rgb(*rows), 1.5)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_person_over_a_background(kernels: Kernels, random: np.random.Generator, blocks: int) -> None:
    count = 8 * blocks
    places, frame = planes(kernels, random, count)
    shares = [octets(random, count) for _ in range(2)]
    rooms = [octets(random, 3 * count).reshape(3, count) for _ in range(2)]
    a0, a1 = (kernels.put(10_000 + 1000 * n, row.astype(np.int16) << 7) for n, row in enumerate(shares))
    for n, room in enumerate(rooms):
        for channel in range(3):
            kernels.put(20_000 + 4000 * n + 1000 * channel, room[channel].astype(np.int16) << 7)
    weights = round(0.25 * 32767), round(0.75 * 32767)
    table = coefficients(kernels, 5000)
    kernels("compose", *places, 3000, blocks, table, a0, a1, weights[0], 20_000, 24_000, weights[1], 1000)
    share = (0.75 * shares[0] + 0.25 * shares[1])[:, None] / 255
    behind = (0.25 * rooms[0] + 0.75 * rooms[1]).T
    found = kernels.get(3000, 4 * count).reshape(-1, 4)
    near(found[:, :3], behind + (frame - behind) * share, 2)
    kernels("cut", *places, 3000, blocks, table, a0, a1, weights[0])
    found = kernels.get(3000, 4 * count).reshape(-1, 4)
    near(found[:, :3], frame, 1.5)
    near(found[:, 3:], 255 * share)


def test_nothing_of_a_room_shines_through_a_person_and_nothing_of_a_person_into_the_room(
    kernels: Kernels, random: np.random.Generator
) -> None:
    places, frame = planes(kernels, random, 8)
    table, share = coefficients(kernels, 5000), np.zeros(8, np.int16)
    for channel, value in enumerate((10, 100, 240)):
        kernels.put(20_000 + 1000 * channel, np.full(8, value << 7, np.int16))
    at = kernels.put(10_000, share)
    kernels("compose", *places, 3000, 1, table, at, at, 0, 20_000, 20_000, 0, 1000)
    assert (kernels.get(3000, 32).reshape(8, 4) == (10, 100, 240, 255)).all()
    at = kernels.put(10_000, np.full(8, 255 << 7, np.int16))
    kernels("compose", *places, 3000, 1, table, at, at, 9000, 20_000, 20_000, 0, 1000)
    near(kernels.get(3000, 32).reshape(8, 4)[:, :3], frame, 1.5)


@pytest.mark.parametrize(("count", "radius"), [(1, 1), (5, 2), (9, 20), (40, 3)])
def test_box(kernels: Kernels, random: np.random.Generator, count: int, radius: int) -> None:
    line = random.random((count, 4)).astype(np.float32)
    inverse = kernels.put(5000, np.full(4, 1 / (2 * radius + 1), np.float32))
    for step in (16, 48):
        for n, pixel in enumerate(line):
            kernels.put(step * n, pixel)
        kernels("box", 0, 10_000, count, step, radius, inverse)
        found = np.stack([kernels.get(10_000 + step * n, 4, "f4") for n in range(count)])
        wide = np.pad(line, ((radius, radius), (0, 0)), "edge")
        expected = np.stack([wide[n : n + 2 * radius + 1].mean(0) for n in range(count)])
        near(found, expected, 1e-5)


def test_a_room_without_the_person(kernels: Kernels, random: np.random.Generator) -> None:
    rgba, share = octets(random, 64).reshape(16, 4), octets(random, 16)
    kernels("room", kernels.put(0, rgba), kernels.put(1000, share.astype(np.int16) << 7), 2000, 16)
    found = kernels.get(2000, 64, "f4").reshape(16, 4)
    weight = 1 - share[:, None] / 255
    near(found[:, :3], rgba[:, :3] * weight, 0.05)
    near(found[:, 3:], weight, 0.001)
    kernels("colours", 2000, 4000, 100, 16)
    seen = np.stack([kernels.get(4000 + 100 * channel, 16) for channel in range(3)], 1)
    clear = weight[:, 0] > 0.05
    near(seen[clear], rgba[clear, :3])


def test_difference(kernels: Kernels, random: np.random.Generator) -> None:
    a, b = (octets(random, 40 * 64).reshape(40, 64) for _ in range(2))
    kernels.put(0, a)
    kernels.put(10_000, b)
    found = kernels("difference", 64 + 16, 10_000 + 64 + 16, 2, 16, 64)
    expected = np.abs(a.astype(int) - b)[1:17, 16:48].sum()
    assert found == expected
