"""The background of the sample scene: a room with window, shelves, books, plants and a lamp.

Does not draw the person and writes no file. It is in focus and full of detail so that a blur is visible.
"""

from __future__ import annotations

import numpy as np

from publish.scene.drawing import Canvas, blur, finish, jpeg, leaf, lens, light, noise, ramp, smooth

WIDTH, HEIGHT = 640, 480  # as from a webcam
QUALITY = 88

SPINES = (
    *("#a8483a", "#31546b", "#d2a24c", "#e8dcc4", "#5c7650"),
    *("#c98f74", "#46505c", "#7c4f6e", "#e0b9a0", "#3d7a78"),
)
SPINE_SHADING = ((0, "#9a9a9a"), (0.3, "#ffffff"), (0.7, "#d8d8d8"), (1, "#777777"))  # across a round spine


def draw() -> bytes:
    """The background as a JPEG file, 640 x 480."""
    rng = np.random.default_rng(7)
    c = Canvas(WIDTH, HEIGHT)
    _wall(c, rng)
    _window(c, rng, 22, 30, 196, 286)
    for y in (152, 304):
        _shelf(c, 424, WIDTH + 4, y)
    _books(c, rng, 436, 562, 152)
    _books(c, rng, 484, 652, 304)
    _vase(c, rng, 598, 152)
    _lamp(c, 450, 304)
    _plant(c, rng, 90, 470)
    c.light *= light("#fff6ea")
    lit = c.light + 0.05 * blur(c.light, 14)  # a small lens scatters some light
    return jpeg(finish(lens(lit, 0.8), rng, 1.5, 0.16), QUALITY)


def _wall(c: Canvas, rng: np.random.Generator) -> None:
    """Plaster, lighter towards the window, with the sunlight of the window on it."""
    c.light[:] = ramp((c.x + 0.3 * c.y) / 700, ((0, "#d9d8cc"), (0.45, "#c2c4b8"), (1.1, "#979c93")))
    stains = 0.018 * noise(rng, HEIGHT, WIDTH, (9, 11), 4) + 0.02 * noise(rng, HEIGHT, WIDTH, (120, 160), 2)
    c.light *= 1 + stains[..., None]
    panes = []
    for column in range(2):
        for row in range(2):
            x, y = 252 + 84 * column, 158 + 96 * row + 30 * column
            panes.append([(x, y), (x + 76, y + 27), (x + 76, y + 113), (x, y + 86)])
    c.add(c.shape(*panes, soft=2.5) * smooth(c.x, 470, 250), "#ffe3b0", 0.20)
    c.fill(c.box(0, 452, WIDTH, HEIGHT), "#e9e4d8")
    c.dim(c.box(0, 449, WIDTH, 454, 3), 0.25)


def _window(c: Canvas, rng: np.random.Generator, x0: float, y0: float, x1: float, y1: float) -> None:
    """Sky and trees behind four panes, with a curtain on each side."""
    c.dim(blur(c.box(x0 - 14, y0 - 12, x1 + 20, y1 + 26), 8), 0.25)
    c.fill(c.box(x0 - 10, y0 - 10, x1 + 10, y1 + 8), "#f4f1ea")
    trees = noise(rng, HEIGHT, WIDTH, (46, 40), 6)
    far = smooth(c.y + 26 * trees, y0 + 128, y0 + 140)
    out = ramp((c.y - y0) / (y1 - y0), ((0, "#9cc6ea"), (0.7, "#e6f1f6")))
    cloud = smooth(noise(rng, HEIGHT, WIDTH, (30, 90), 5), 0.2, 1.6)
    out += (light("#ffffff") - out) * (0.85 * cloud)[..., None]
    leaves = noise(rng, HEIGHT, WIDTH, (14, 14), 4) * 0.5 + 0.35 * trees
    green = ramp(leaves, ((-1.2, "#2f5230"), (0, "#6b9a4c"), (1.3, "#cfe08c")))
    out += (green - out) * far[..., None]
    c.fill(c.box(x0, y0, x1, y1), lens(out, 2.6) * 1.08)
    middle, cross = (x0 + x1) / 2, y0 + 0.36 * (y1 - y0)
    for box in ((middle - 5, y0, middle + 5, y1), (x0, cross - 4, x1, cross + 4)):
        c.fill(c.box(*box), ramp((c.x - x0) / (x1 - x0), ((0, "#e4e0d7"), (1, "#f6f3ec"))))
        c.dim(c.box(box[0], box[3] - 2, box[2], box[3]), 0.2)
        c.dim(c.box(box[2] - 2, box[1], box[2], box[3]), 0.2)
    c.fill(c.box(x0 - 18, y1 + 6, x1 + 18, y1 + 18), "#faf7f0")
    c.dim(c.box(x0 - 14, y1 + 18, x1 + 22, y1 + 27, 9), 0.3)
    for left, right, lean in ((-6, 46, 0.10), (182, 222, -0.06)):
        sway = c.x + lean * (c.y - 60) * np.clip((c.y - 40) / 300, 0, 1)
        cloth = smooth(sway, left - 1, left + 1) * smooth(sway, right + 1, right - 1) * smooth(c.y, 447, 444)
        folds = 0.5 + 0.5 * np.sin(sway * 0.62 + 1.2 * np.sin(c.y / 90)) * np.cos(sway * 0.23)
        weave = 1 + 0.03 * noise(rng, HEIGHT, WIDTH, (2, 2), 2)
        c.dim(blur(cloth, 5), 0.12)
        c.fill(cloth * 0.95, ramp(folds, ((0, "#b9a88c"), (1, "#f3e8d2"))) * weave[..., None])
    c.fill(c.box(0, 12, 232, 17), "#6b4a30")


def _shelf(c: Canvas, x0: float, x1: float, y: float) -> None:
    """A wooden board whose upper edge is at `y`."""
    c.dim(blur(c.box(x0 + 10, y + 8, x1, y + 34), 8), 0.4)
    grain = np.sin(c.y * 1.7 + 3 * np.sin(c.x / 41) + np.sin(c.x / 13))
    c.fill(c.box(x0, y, x1, y + 11), ramp(grain / 4 + 0.5, ((0, "#8d5f38"), (1, "#b98553"))))
    c.add(c.box(x0, y, x1, y + 1.5), "#ffdcae", 0.25)
    c.dim(c.box(x0, y + 8, x1, y + 11, 3), 0.35)


def _books(c: Canvas, rng: np.random.Generator, x0: float, x1: float, y: float) -> None:
    """A row of books on the board at `y`, each with a round spine and a title."""
    c.dim(blur(c.box(x0, y - 84, x1 + 8, y), 7), 0.35)
    x, last = x0, -1
    while x < x1 - 6:
        wide, high = min(rng.uniform(9, 21), x1 - x), rng.uniform(66, 104)
        pick = int(rng.integers(len(SPINES)))
        pick, last = (pick + (pick == last)) % len(SPINES), pick
        colour = light(SPINES[pick])
        top = y - high
        b = c.part(x - 1, top - 1, x + wide, y)
        round_spine = ramp((b.x - x) / wide, SPINE_SHADING)
        rows, columns = b.x.shape
        cloth = 1 + 0.05 * noise(rng, rows, columns, (2, 2), 1)
        b.fill(b.box(x, top, x + wide - 0.6, y), colour * round_spine * cloth[..., None])
        ink = light("#f3e3b8" if colour.mean() < 0.35 else "#3b332c")
        for at in (0.10, 0.86) if rng.random() < 0.6 else (0.14,):
            b.fill(b.box(x + 1, top + at * high, x + wide - 1.6, top + at * high + 1.6) * 0.8, ink)
        if wide > 12:
            letters = smooth(noise(rng, rows, columns, (2.5, 40), 1), 0, 0.5)
            title = b.box(x + wide * 0.4, top + 0.26 * high, x + wide * 0.6, top + 0.7 * high)
            b.fill(title * letters * 0.8, ink)
        x += wide


def _vase(c: Canvas, rng: np.random.Generator, x: float, y: float) -> None:
    """A vase with a few twigs of eucalyptus."""
    for lean in (-0.42, -0.12, 0.16, 0.44):
        long = rng.uniform(74, 96)
        for k in range(9):
            at = 0.25 + k / 11
            angle = -np.pi / 2 + lean * (0.5 + 0.7 * at)
            px, py = x + at * long * np.cos(angle), y - 40 + at * long * np.sin(angle)
            for side in (-1, 1):
                one, other = leaf(px, py, rng.uniform(11, 16), angle + side * 1.0, rng.uniform(3.5, 5))
                tone = np.float32(rng.uniform(0.75, 1.15))
                near = c.around(one, other)
                near.fill(near.shape(one), light("#7f9f86") * tone)
                near.fill(near.shape(other), light("#5d7f6b") * tone)
    body = np.maximum(c.disc(x, y - 22, 20, 22), c.box(x - 8, y - 52, x + 8, y - 30))
    c.dim(blur(c.disc(x + 8, y - 20, 22, 20), 5), 0.2)
    c.fill(body, ramp((c.x - x + 20) / 40, ((0, "#f4efe6"), (0.4, "#e2d8ca"), (1, "#9b8d7d"))))


def _lamp(c: Canvas, x: float, y: float) -> None:
    """A small lamp that is on, on the board at `y`."""
    c.add(c.glow(x, y - 66, 52), "#ffb45e", 0.42)
    glaze = ramp((c.x - x + 13) / 26, ((0, "#4b8a8a"), (0.4, "#2e6a6c"), (1, "#153c40")))
    c.fill(c.disc(x, y - 12, 13, 13), glaze)
    c.fill(c.box(x - 2, y - 46, x + 2, y - 22), "#8a6a3a")
    shade = c.shape([(x - 17, y - 96), (x + 17, y - 96), (x + 28, y - 46), (x - 28, y - 46)])
    c.fill(shade, light("#ffdca6") * (0.75 + 0.5 * c.glow(x, y - 66, 22))[..., None])


def _plant(c: Canvas, rng: np.random.Generator, x: float, y: float) -> None:
    """A rubber plant in front of the window, with broad, glossy leaves."""
    stem = [(x + 8 * np.sin(at / 40), y - at) for at in range(0, 176, 8)]
    c.fill(c.shape([*stem, *((px + 4, py) for px, py in reversed(stem))]), "#5d5a3a")
    leaves = sorted(rng.uniform(0, 1) for _ in range(26))
    for n, depth in enumerate(leaves):
        high = rng.uniform(20, 176)
        side = 1 if n % 2 else -1
        angle = -np.pi / 2 + side * rng.uniform(0.35, 1.35)
        px, py = x + 8 * np.sin(high / 40), y - 20 - high
        bend = side * rng.uniform(0.1, 0.8)
        one, other = leaf(px, py, rng.uniform(52, 78), angle, rng.uniform(12, 17), bend)
        tone = np.float32(0.45 + 0.75 * depth)
        b = c.around(one, other)
        across = (b.x - px) / 60
        b.dim(b.shape([*one, *other], soft=4), 0.25)
        b.fill(b.shape(one), ramp(across, ((-1, "#4f8a4a"), (1, "#2f6a3b"))) * tone)
        b.fill(b.shape(other), ramp(across, ((-1, "#6ba85c"), (1, "#3f7d45"))) * tone)
    pot = c.shape([(x - 46, y - 22), (x + 46, y - 22), (x + 36, y + 40), (x - 36, y + 40)])
    c.fill(pot, ramp((c.x - x + 46) / 92, ((0, "#f1ece2"), (0.35, "#d9d2c4"), (1, "#8f877a"))))
