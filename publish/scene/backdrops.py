"""Backdrops: five pictures to put behind a person, drawn by the build.

Does not write files and uses no third-party picture.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from publish.scene.drawing import (
    Canvas,
    Plane,
    Points,
    blur,
    enlarge,
    finish,
    jpeg,
    leaf,
    lens,
    light,
    noise,
    ramp,
    smooth,
)

WIDTH, HEIGHT = 1280, 720
# Backdrops that are out of focus are drawn at half the size: a quarter of the work for the same picture.
HALF = (WIDTH // 2, HEIGHT // 2)
QUALITY = 85

SPINES = (
    *("#7b3b2e", "#2f4858", "#b08d57", "#d9cbb0", "#4b5d43"),
    *("#8c6a5d", "#33383f", "#a4542f", "#c9b79c", "#5b4a6b"),
)

STREAM = (
    *((-0.1, "#0a1533"), (0.2, "#12305e"), (0.45, "#23678a")),
    *((0.65, "#6d6fb0"), (0.85, "#d98aa6"), (1.1, "#f6c0a0")),
)


def draw(name: str) -> bytes:
    """The backdrop `name` of BACKDROPS as a JPEG file, 1280 x 720."""
    rng = np.random.default_rng(sorted(BACKDROPS).index(name))
    _, draw_light, grain, vignette = BACKDROPS[name]
    picture = draw_light(rng)
    if picture.shape[0] != HEIGHT:
        picture = enlarge(picture, WIDTH, HEIGHT)
    return jpeg(finish(picture, rng, grain, vignette), QUALITY)


def _study(rng: np.random.Generator) -> Plane:
    """Shelves of books and a warm lamp, far behind the plane of focus."""
    width, height = HALF
    c = Canvas(width, height, "#3a2c22")
    c.light *= (1 + 0.12 * noise(rng, height, width, (60, 200)))[..., None]
    boards = (-8, 82, 172, 262, 352)
    uprights = (-12, 146, 304, 462, 632)
    for top, bottom in pairwise(boards):
        for left, right in pairwise(uprights):
            _books(c, rng, left + 9, right - 2, top + 8, bottom)
    for x in uprights:
        c.fill(c.box(x, 0, x + 8, height), "#4a3220")
    for y in boards:
        c.fill(c.box(0, y, width, y + 8), "#5a3c25")
        c.dim(c.box(0, y + 8, width, y + 22, 14), 0.55)
    c.light *= (0.10 + 1.5 * c.glow(520, 190, 150) + 0.25 * c.glow(60, 60, 160))[..., None] * light("#ffe2b8")
    c.fill(c.box(430, 268, width, height), "#1c130d")  # a cabinet, the lamp on it
    c.fill(c.box(420, 262, width, 271), light("#6a4429") * 0.9)
    c.add(c.disc(528, 266, 90, 5, 6), "#ffb765", 0.5)
    c.fill(c.box(524, 196, 532, 252), "#8a6a3a")
    c.fill(c.disc(528, 248, 22, 18), "#8a6238")
    c.fill(c.shape([(498, 126), (558, 126), (580, 200), (476, 200)]), light("#ffc680") * 1.25)
    c.add(c.disc(528, 176, 26, 30, 40), "#ffd9a0", 0.9)
    for x, y in ((36, 60), (78, 52), (118, 66), (190, 58), (246, 66), (292, 55), (360, 64), (408, 54)):
        c.add(c.disc(x, y + 14, 2.4, 2.4), "#ffc878", 9)  # fairy lights along the upper board
    soft = lens(c.light, 7)
    return soft + 0.12 * blur(soft, 24)


def _books(c: Canvas, rng: np.random.Generator, left: float, right: float, top: float, bottom: float) -> None:
    """A row of books with gaps."""
    x = left
    while x < right - 5:
        wide = rng.uniform(5, 13)
        if rng.random() < 0.08:
            x += rng.uniform(8, 26)
            continue
        high = (bottom - top) * rng.uniform(0.62, 0.92)
        colour = light(SPINES[rng.integers(len(SPINES))]) * np.float32(rng.uniform(0.6, 1.2))
        end = min(x + wide, right)
        book = c.part(x - 1, bottom - high - 1, end + 1, bottom + 1)
        book.fill(book.box(x, bottom - high, end, bottom), colour)
        book.fill(book.box(x + 1, bottom - high * 0.8, end - 1, bottom - high * 0.72), colour * 1.8)
        book.dim(book.box(end - 2, bottom - high, end, bottom), 0.5)
        x = end


def _window(rng: np.random.Generator) -> Plane:
    """A bright room: garden light through blinds, and the shadow of the blinds on the wall."""
    width, height = HALF
    c = Canvas(width, height)
    c.light[:] = ramp(c.x / width + 0.15 * c.y / height, ((0, "#efe9df"), (0.5, "#e2dacd"), (1.1, "#bfb4a5")))
    left, top, right, bottom = 44, -10, 300, 268
    garden = noise(rng, height, width, (50, 60), 5)
    green = ramp(
        garden / 3 + c.y / 420, ((-0.4, "#f2f7fb"), (0.2, "#e6ecdf"), (0.7, "#a9bb93"), (1.3, "#6b8566"))
    )
    pane = c.box(left, top, right, bottom)
    c.fill(pane, lens(green, 9) * 1.25)
    for post in (left, 168, right - 6):
        c.fill(c.box(post, top, post + 7, bottom), "#f3efe8")
    for y in np.arange(4, 262, 9.0):
        slat = c.box(left + 2, y, right - 2, y + 3.6)
        c.fill(slat, ramp(c.x / width, ((0, "#fffdf6"), (0.5, "#d9d3c6"))) * 0.95)
        c.dim(c.box(left + 2, y + 3, right - 2, y + 4.4), 0.3)
    for cord in (92, 250):
        c.fill(c.box(cord, 0, cord + 1.2, bottom), "#d8d2c5")
    c.fill(c.box(left - 16, bottom, right + 16, bottom + 11), "#f7f3ec")
    c.dim(c.box(left - 10, bottom + 11, right + 18, bottom + 22, 12), 0.22)
    rays = [[(356, 60 + y), (600, 122 + y), (600, 128 + y), (356, 66 + y)] for y in range(0, 196, 13)]
    sun = c.shape(*rays, soft=1.6) * smooth(c.x, 700, 380) * smooth(c.x, 352, 372)
    c.add(sun, "#ffe9c4", 0.36)
    x = 516  # beside the person, also when the picture is cropped to 4:3
    _sprig(c, rng, x, 262, "#6f8f5e")
    pot = c.shape([(x - 26, 262), (x + 24, 262), (x + 16, 316), (x - 18, 316)])
    c.fill(pot, ramp((c.x - x + 26) / 50, ((0, "#e9e2d8"), (1, "#a89c8c"))))
    c.fill(c.box(0, 316, width, height, 1.5), ramp(c.x / width, ((0, "#cfa97c"), (1, "#8d6a48"))))
    c.light *= np.where(c.y > 316, 1 + 0.07 * noise(rng, height, width, (2, 140), 3), 1)[..., None]
    c.dim(c.box(x - 34, 314, x + 50, 324, 14), 0.3)
    soft = lens(c.light, 3.2)
    return soft + 0.10 * blur(soft, 20)


def _sprig(c: Canvas, rng: np.random.Generator, x: float, y: float, colour: str) -> None:
    """The leaves of a pot plant, in three tones from back to front."""
    for tone in (0.55, 0.8, 1.1):
        for _ in range(9):
            angle = -np.pi / 2 + rng.uniform(-1.15, 1.15)
            one, other = leaf(
                x, y, rng.uniform(50, 105), angle, rng.uniform(5, 9), rng.uniform(-0.5, 0.9) * angle / 3
            )
            near = c.around(one, other)
            near.fill(near.shape(one), light(colour) * np.float32(tone))
            near.fill(near.shape(other), light(colour) * np.float32(tone * 0.7))


def _dusk(rng: np.random.Generator) -> Plane:
    """Rows of hills just after sunset."""
    c = Canvas(WIDTH, HEIGHT)
    sky = c.y / HEIGHT
    c.light[:] = ramp(
        sky, ((0, "#2b3566"), (0.25, "#6a5a8e"), (0.42, "#c98a95"), (0.55, "#f5b98d"), (0.66, "#ffdca8"))
    )
    c.add(c.glow(820, 410, 190), "#ff9a5a", 0.55)
    bands = noise(rng, HEIGHT, WIDTH, (46, 620), 5)
    clouds = smooth(bands + 1.6 * (0.42 - sky), 0.5, 2.0) * smooth(sky, 0.62, 0.3)
    c.fill(clouds * 0.55, ramp(sky, ((0, "#544c80"), (0.3, "#d98d92"), (0.5, "#ffc59a"))))
    layers = 7
    for n in range(layers):
        near = n / (layers - 1)
        base = 372 + 250 * near**1.25
        line = noise(rng, 2, WIDTH, (2, 720 - 330 * near), 6 if n < layers - 1 else 5)[0]
        ridge = base - (22 + 34 * near) * line
        crest = ridge - _firs(rng, near) if near > 0.5 else ridge
        body = smooth(c.y - crest[None], -0.8, 0.8)
        depth = np.clip((c.y - ridge[None]) / (130 - 60 * near), 0, 1)
        tone = ramp(
            np.full((1, 1), near, np.float32),
            ((0, "#d79b8c"), (0.3, "#97718a"), (0.6, "#54507a"), (0.85, "#2b2f52"), (1, "#161a30")),
        )
        haze = ramp(np.full((1, 1), near, np.float32), ((0, "#f6c196"), (0.5, "#b78a93"), (1, "#33355a")))
        c.fill(body, tone + (haze - tone) * (0.75 * depth * (1 - 0.6 * near))[..., None])
    c.add(c.glow(820, 420, 150), "#ff9a5a", 0.12)
    return c.light


def _firs(rng: np.random.Generator, near: float) -> Plane:
    """The height of firs above a ridge [WIDTH] in pixels: groups of slim triangles."""
    x = np.arange(WIDTH, dtype=np.float32)
    dense = smooth(noise(rng, 2, WIDTH, (2, 240), 3)[0], -0.9, 0.5)
    high = np.zeros(WIDTH, np.float32)
    for at in np.arange(-10, WIDTH + 10, 2.2 + 2.6 * near):
        tall = rng.uniform(0.35, 1) * (8 + 26 * near**2) * dense[int(np.clip(at, 0, WIDTH - 1))]
        away = np.abs(x - at - rng.uniform(-2, 2)) / (0.20 * tall + 0.8)
        high = np.maximum(high, tall * np.clip(1 - away, 0, 1))
    return high.astype(np.float32)


def _linen(rng: np.random.Generator) -> Plane:
    """A wall of woven cloth in the morning light of a window, with shadows of leaves."""
    c = Canvas(WIDTH, HEIGHT, "#f0e2cd")
    warp = noise(rng, HEIGHT, WIDTH, (90, 2.2), 2)
    weft = noise(rng, HEIGHT, WIDTH, (2.2, 90), 2)
    weave = 0.022 * warp + 0.026 * weft + 0.02 * noise(rng, HEIGHT, WIDTH, (240, 320), 3)
    thread = 0.02 * np.sin(c.x * np.pi / 2.5) * np.sin(c.y * np.pi / 2.5)
    c.light *= (1 + weave + thread)[..., None]
    panes = []
    for column in range(2):
        for row in range(3):
            left, top = 300 + column * 320 + row * 66, -70 + row * 240 - column * 72
            corners = ((0, 0), (292, -66), (351, 150), (59, 216))
            panes.append([(left + x, top + y) for x, y in corners])
    sun = c.shape(*panes, soft=9)
    leaves: list[Points] = []
    stems = ((1180, 830, -1.95, -0.02), (960, 900, -1.7, 0.018), (1330, 760, -2.5, -0.02))
    for stem_x, stem_y, angle, bend in stems:
        x, y = float(stem_x), float(stem_y)
        for k in range(20):  # a palm frond: long thin leaves, shorter towards the tip
            lean = angle + (k + 1) * bend
            x, y = x + 32 * np.cos(lean), y + 32 * np.sin(lean)
            for side in (-1, 1):
                spread = lean + side * (0.9 - 0.025 * k)
                leaves += leaf(x, y, 210 - 8 * k, spread, 9 - 0.25 * k, side * 0.3)
    sun *= 1 - 0.85 * c.shape(*leaves, soft=4)
    c.light *= (0.60 + 0.24 * smooth(c.x + 0.4 * c.y, 1350, -100) + 0.30 * sun)[..., None] * (
        1 + sun[..., None] * (light("#ffe6bf") - 1) * 0.35
    )
    return c.light


def _aurora(rng: np.random.Generator) -> Plane:
    """Soft bands of colour from deep blue to rose."""
    width, height = WIDTH // 4, HEIGHT // 4
    c = Canvas(width, height)
    x, y = c.x / width, c.y / height
    bend = noise(rng, height, width, (150, 260), 2)
    wave = noise(rng, height, width, (90, 320), 1)
    flow = y + 0.16 * np.sin(3.4 * x + 0.7 * wave) + 0.07 * bend
    c.light[:] = ramp(flow, STREAM)
    for at, reach, colour, strength in ((0.30, 0.075, "#54e6c4", 0.30), (0.52, 0.06, "#8f7bff", 0.26)):
        band = flow + 0.12 * np.sin(5.2 * x + at * 9 + 0.6 * wave) - at
        c.add(np.exp(-((band / reach) ** 2)) * (0.35 + 0.65 * smooth(bend, -1.2, 1.4)), colour, strength)
    return enlarge(blur(c.light, 3), WIDTH, HEIGHT)


# id: (title, function that draws linear light, grain of 255, vignette as a fraction)
BACKDROPS: dict[str, tuple[str, Callable[[np.random.Generator], Plane], float, float]] = {
    "study": ("Study", _study, 2.0, 0.35),
    "window": ("Window", _window, 1.6, 0.12),
    "dusk": ("Dusk", _dusk, 1.8, 0.15),
    "linen": ("Linen", _linen, 1.0, 0.25),
    "aurora": ("Aurora", _aurora, 1.6, 0.15),
}
