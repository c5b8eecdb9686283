"""Marks and ColorOverlay under CPython: mark.frag in NumPy, mark by mark, and tint.frag.

Does not know what they mark.
"""

from __future__ import annotations

import numpy as np

from app.core.annotations import RINGS, Annotations, ColorOverlay
from app.core.settings import rgb
from app.native.texture import Line, Texture, line, mix, read, through


def draw(picture: Texture, marks: Annotations, mirror: bool) -> Texture:
    """A copy of the picture (three or four channels, colour multiplied by alpha) with the marks over it."""
    height, width = picture.shape[:2]
    thick = marks.thick(height)
    ink = np.array([*rgb(marks.colour), 1.0], np.float32)[: picture.shape[2]]
    table = np.array(marks.numbers, np.float64)[: len(marks) * marks.step].reshape(-1, marks.step)

    def placed(n: int) -> tuple[Line, Line]:
        x, y = through(marks.to, table[:, n], table[:, n + 1])
        return (1 - x if mirror else x) * width, y * height

    drawn = picture.copy()
    reach = thick * RINGS[0][0] + 1
    for ax, ay, bx, by in zip(*placed(0), *placed(marks.end), strict=True):
        columns = np.arange(max(0, int(min(ax, bx) - reach)), min(width, int(max(ax, bx) + reach) + 1))
        rows = np.arange(max(0, int(min(ay, by) - reach)), min(height, int(max(ay, by) + reach) + 1))
        if not len(columns) or not len(rows):
            continue
        x, y = np.meshgrid(columns + 0.5, rows + 0.5)
        fx, fy, lx, ly = x - ax, y - ay, bx - ax, by - ay
        part = np.clip((fx * lx + fy * ly) / max(lx * lx + ly * ly, 1e-6), 0, 1)
        far = np.hypot(fx - lx * part, fy - ly * part)
        open_ = np.ones_like(far)
        for times, cover in RINGS:
            open_ *= 1 - cover * np.clip(thick * times + 0.5 - far, 0, 1)
        here = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        here += (ink - here) * (1 - open_[..., None])
    return drawn


def tinted(picture: Texture, tint: ColorOverlay, mirror: bool) -> Texture:
    """A copy of the picture with the tint over it. tint.frag"""
    height, width = picture.shape[:2]
    left, top, w, h = tint.spot
    x, y = line(width), line(height)
    seen = read(tint.pixels[0].astype(np.float32) / 255, left + (1 - x if mirror else x) * w, top + y * h)
    ink = np.concatenate([seen[..., :3], np.ones_like(seen[..., :1])], 2)[..., : picture.shape[2]]
    return mix(picture, ink, seen[..., 3:])
