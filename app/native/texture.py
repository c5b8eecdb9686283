"""Textures under CPython: a GPU's texture reads in NumPy.

Does not know what the textures show. Textures are [h,w,channels] from 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.geometry import Affine2D

Texture = NDArray[np.floating[Any]]
Line = NDArray[np.float64]  # where the pixels of a target's row or column lie in a texture, 0 to 1
Pixels = NDArray[np.uint8]


def decoded(picture: Pixels) -> Texture:
    """A picture as a texture of three channels, 0 to 1."""
    return picture[..., :3].astype(np.float32) / 255


def encoded(colours: Texture) -> Pixels:
    """Three or four channels, rounded to the uint8 [h,w,4] that an RGBA8 target stores."""
    if colours.shape[2] == 3:
        colours = np.concatenate([colours, np.ones_like(colours[..., :1])], 2)
    return np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)


def line(pixels: int) -> Line:
    """The centres of a target's pixels, 0 to 1."""
    return (np.arange(pixels) + 0.5) / pixels


def read(texture: Texture, x: Line, y: Line) -> Texture:
    """`texture()` in GLSL: LINEAR, CLAMP_TO_EDGE, on an axis-aligned grid: rows first, then columns."""
    return read_axis(read_axis(texture, y, 0), x, 1)


def read_axis(texture: Texture, at: Line, axis: int) -> Texture:
    most = texture.shape[axis] - 1
    where = at * (most + 1) - 0.5
    low = np.floor(where)
    part = (where - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    near = texture.take(np.clip(low, 0, most).astype(np.intp), axis)
    far = texture.take(np.clip(low + 1, 0, most).astype(np.intp), axis)
    return np.asarray(near + (far - near) * part)


def four(frame: Texture, x: Line, y: Line, dx: float, dy: float) -> Texture:
    """The mean of four taps around each pixel."""
    taps = [read(frame, x + a * dx, y + b * dy) for a in (-1, 1) for b in (-1, 1)]
    return np.asarray(np.mean(taps, 0, np.float32))


def turned(frame: Texture, to: Affine2D, width: int, height: int) -> Texture:
    """sample.frag for any matrix: four taps around each pixel, black outside the frame."""
    u, v = np.meshgrid(line(width), line(height))
    du, dv = 0.25 / width, 0.25 / height
    taps = [_read_at(frame, *through(to, u + a * du, v + b * dv)) for a in (-1, 1) for b in (-1, 1)]
    x, y = through(to, u, v)
    inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    return np.asarray(np.mean(taps, 0, np.float32) * inside[..., None])


def through(to: Affine2D, u: Line, v: Line) -> tuple[Line, Line]:
    """`Affine2D.at` for arrays."""
    return to.xx * u + to.xy * v + to.x, to.yx * u + to.yy * v + to.y


def _read_at(texture: Texture, x: Line, y: Line) -> Texture:
    """`read` on any grid: x and y are [h,w]."""
    corners = []
    for at, axis in ((y, 0), (x, 1)):
        most = texture.shape[axis] - 1
        where = at * (most + 1) - 0.5
        low = np.floor(where)
        ends = (np.clip(low + i, 0, most).astype(np.intp) for i in (0, 1))
        corners.append((*ends, (where - low).astype(np.float32)[..., None]))
    (y0, y1, down), (x0, x1, across) = corners
    upper = mix(texture[y0, x0], texture[y0, x1], across)
    return mix(upper, mix(texture[y1, x0], texture[y1, x1], across), down)


def half(texture: Texture) -> Texture:
    """The next mipmap level: the mean of each 2x2 pixels; an odd last row or column is left out."""
    for axis in (0, 1):
        pairs = texture.shape[axis] // 2
        if pairs:
            even, odd = np.arange(pairs) * 2, np.arange(pairs) * 2 + 1
            texture = np.asarray((texture.take(even, axis) + texture.take(odd, axis)) / 2)
    return texture


def mix(a: Texture, b: Texture, part: Any) -> Texture:
    """`mix()` in GLSL."""
    return np.asarray(a + (b - a) * part)
