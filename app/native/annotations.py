"""Annotations and ColorOverlay under CPython: mark.frag and tint.frag in NumPy.

Does not know what the annotations mean.
"""

from __future__ import annotations

import numpy as np

from app.core.annotations import RINGS, Annotations, ColorOverlay
from app.core.settings import rgb
from app.native.texture import Line, Texture, line, mix, read, through


def draw(picture: Texture, annotations: Annotations, mirror: bool) -> Texture:
    """A copy of the picture (three or four channels, premultiplied alpha) with the annotations drawn over
    it.
    """
    height, width = picture.shape[:2]
    radius = annotations.radius_pixels(height)
    ink = np.array([*rgb(annotations.colour), 1.0], np.float32)[: picture.shape[2]]
    table = np.array(annotations.numbers, np.float64)[: len(annotations) * annotations.step].reshape(
        -1, annotations.step
    )

    def placed(n: int) -> tuple[Line, Line]:
        x, y = through(annotations.to_frame, table[:, n], table[:, n + 1])
        return (1 - x if mirror else x) * width, y * height

    drawn = picture.copy()
    reach = radius * RINGS[0][0] + 1
    for ax, ay, bx, by in zip(*placed(0), *placed(annotations.end), strict=True):
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
            open_ *= 1 - cover * np.clip(radius * times + 0.5 - far, 0, 1)
        here = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        here += (ink - here) * (1 - open_[..., None])
    return drawn


def overlaid(picture: Texture, overlay: ColorOverlay, mirror: bool) -> Texture:
    """A copy of the picture with the overlay drawn over it. tint.frag"""
    height, width = picture.shape[:2]
    left, top, w, h = overlay.letterbox
    x, y = line(width), line(height)
    x = 1 - x if mirror else x
    colours = read(overlay.pixels[0].astype(np.float32) / 255, left + x * w, top + y * h)
    ink = np.concatenate([colours[..., :3], np.ones_like(colours[..., :1])], 2)[..., : picture.shape[2]]
    return mix(picture, ink, colours[..., 3:])
