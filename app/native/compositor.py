"""The Compositor under CPython: the page's shaders in NumPy, pass by pass, one method a shader.

Does not aim at speed and knows no GPU: it is what the page's picture is compared with.
Textures are [h,w,channels] from 0 to 1 with the frame's rows; the page stores some of them as half floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.card import Input, ModelCard
from app.frame import Frame, Place, place
from app.look import Look, rgb

Texture = NDArray[np.floating[Any]]
Line = NDArray[np.float64]  # where the pixels of a target's row or column lie in a texture, 0 to 1
Pixels = NDArray[np.uint8]

# The numbers of app/page/compositor.py and of the shaders named beside them; a test compares both.
LIGHT = np.array([0.299, 0.587, 0.114], np.float32)  # moments.frag, edge.glsl
REACH = 1  # moments.frag, slope.frag
FLAT = 0.008  # slope.frag
TAPS = 5  # soften.frag
LEAST = 0.004  # veil.frag
SPILL = 5.0  # image.frag: the level of the backdrop that gives the light at the edge


class Compositor:
    """Draws `picture` (uint8 [H,W,4], colour multiplied by alpha) for one card.

    `rgba` is the variant's element type. Frames hold uint8 arrays [H,W,3] or [H,W,4].
    """

    def __init__(self, card: ModelCard, rgba: str = "uint8") -> None:
        self._rgba = np.dtype(rgba)
        self._mask_size = card.mask
        self._spot = Place(0.0, 0.0, 1.0, 1.0)
        self._small = np.zeros((card.input.height, card.input.width, 3), np.float32)
        self._levels = [np.zeros((1, 1, 3), np.float32)]  # the backdrop, then each level half the size
        self.picture: Pixels = np.zeros((1, 1, 4), np.uint8)

    def sample(self, frame: Frame, into: Input) -> NDArray[Any]:
        """See Compositor in app.ports."""
        self._spot = place(frame.width, frame.height, into)
        pixels = _bytes(self._sample(_texture(frame.picture), into))
        self._small = _texture(pixels)
        return pixels[None].astype(self._rgba)

    async def compose(self, frame: Frame, mask: NDArray[np.float32] | None, look: Look) -> None:
        """See Compositor in app.ports. `mask` is [1,1,h,w] of the card's mask size."""
        width, height = look.size(frame)
        texture, x, y = _texture(frame.picture), _line(width), _line(height)
        if look.mirror:
            x = 1 - x
        seen = _read(texture, x, y)
        kind = look.background if mask is not None else "none"
        if kind == "none" or mask is None:
            self.picture = _bytes(seen)
            return
        edge = self._even(self._slope(self._moments(mask.reshape(*self._mask_size, 1))))
        p = self._person(edge, x, y, seen, look)
        match kind:
            case "blur":  # background/blur.frag
                room = _read(self._veil(texture, edge, width, height, look), x, y)
                drawn = _mix(room[..., :3] / np.maximum(room[..., 3:], 1e-3), seen, p)
            case "colour":  # background/colour.frag
                drawn = _mix(np.array(rgb(look.colour), np.float32), seen, p)
            case "image":  # background/image.frag
                light = self._backdrop(width, height, SPILL)
                drawn = _mix(self._backdrop(width, height), _mix(seen, light, p * (1 - p)), p)
            case "transparent":  # background/transparent.frag
                drawn = np.concatenate([seen * p, p], 2)
            case _:
                raise KeyError(f"background/{kind}.frag")
        self.picture = _bytes(drawn)

    def cover(self, look: Look) -> None:
        """See Compositor in app.ports. cover.frag"""
        height, width = self.picture.shape[:2]
        if look.background == "image":
            self.picture = _bytes(self._backdrop(width, height))
        else:
            colour = rgb(look.wall)
            self.picture = _bytes(np.broadcast_to(np.array(colour, np.float32), (height, width, 3)))

    def backdrop(self, picture: Pixels) -> None:
        """Take the picture (uint8 [H,W,3 or 4]) that stands behind the person, and its smaller levels."""
        self._levels = [_texture(picture)]
        while max(self._levels[-1].shape[:2]) > 1:
            self._levels.append(_half(self._levels[-1]))

    def close(self) -> None:
        """Nothing to give back: arrays are collected."""

    def _sample(self, frame: Texture, into: Input) -> Texture:
        """sample.frag"""
        left, top, width, height = self._spot
        x, y = (_line(into.width) - left) / width, (_line(into.height) - top) / height
        rgb = _four(frame, x, y, 0.25 / into.width / width, 0.25 / into.height / height)
        inside = ((y >= 0) & (y <= 1))[:, None, None] & ((x >= 0) & (x <= 1))[None, :, None]
        return np.asarray(rgb * inside)

    def _moments(self, mask: Texture) -> Texture:
        """moments.frag, at half the input's size."""
        height, width = (n // 2 for n in self._small.shape[:2])
        x, y, step = _line(width), _line(height), 2 / self._small.shape[1]
        sums = []
        for i in range(-REACH, REACH + 1):
            light = _light(_read(self._small, x + i * step, y))
            p = _read(mask, x + i * step, y)
            sums.append(np.concatenate([light, p, light * p, light * light], 2))
        return np.asarray(np.mean(sums, 0, np.float32))

    def _slope(self, moments: Texture) -> Texture:
        """slope.frag"""
        rows = np.arange(len(moments))
        taps = [moments.take(rows + i, 0, mode="clip") for i in range(-REACH, REACH + 1)]
        light, p, both, square = np.split(np.mean(taps, 0, np.float32), 4, 2)
        slope = (both - light * p) / (np.maximum(0, square - light * light) + np.float32(FLAT))
        return np.concatenate([slope, p - slope * light], 2)

    def _even(self, slope: Texture) -> Texture:
        """even.frag"""
        height, width = slope.shape[:2]
        return _four(slope, _line(width), _line(height), 0.5 / width, 0.5 / height)

    def _person(self, edge: Texture, x: Line, y: Line, rgb: Texture, look: Look) -> Texture:
        """edge.glsl"""
        left, top, width, height = self._spot
        slope, base = np.split(_read(edge, left + x * width, top + y * height), 2, 2)
        t = np.clip((slope * _light(rgb) + base - (0.5 - look.edge)) / (2 * look.edge), 0, 1)
        return np.asarray(t * t * (3 - 2 * t), np.float32)

    def _veil(self, frame: Texture, edge: Texture, width: int, height: int, look: Look) -> Texture:
        """veil.frag at a part of `width` x `height`, then soften.frag in both directions."""
        width, height = look.room(width, height)
        x, y = _line(width), _line(height)
        rgb = _four(frame, x, y, 0.25 / width, 0.25 / height)
        room = np.maximum(1 - self._person(edge, x, y, rgb, look), np.float32(LEAST))
        sigma = look.sigma(height)
        return _soften(_soften(np.concatenate([rgb * room, room], 2), sigma, 1), sigma, 0)

    def _backdrop(self, width: int, height: int, level: float | None = None) -> Texture:
        """The backdrop cropped to fill; without `level` at the one the GPU would take for this size."""
        high, wide = self._levels[0].shape[:2]
        scale = max(width / wide, height / high)
        w, h = width / scale / wide, height / scale / high
        x, y = (1 - w) / 2 + _line(width) * w, (1 - h) / 2 + _line(height) * h
        level = max(0.0, -np.log2(scale)) if level is None else level
        level = min(level, len(self._levels) - 1.0)
        low = int(level)
        near = _read(self._levels[low], x, y)
        if level == low:
            return near
        return _mix(near, _read(self._levels[low + 1], x, y), np.float32(level - low))


def _texture(picture: Pixels) -> Texture:
    """A picture as texture of three channels."""
    return picture[..., :3].astype(np.float32) / 255


def _bytes(colours: Texture) -> Pixels:
    """What an RGBA8 target holds of three or four channels."""
    if colours.shape[2] == 3:
        colours = np.concatenate([colours, np.ones_like(colours[..., :1])], 2)
    return np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)


def _line(pixels: int) -> Line:
    """The centres of a target's pixels, 0 to 1."""
    return (np.arange(pixels) + 0.5) / pixels


def _read(texture: Texture, x: Line, y: Line) -> Texture:
    """`texture()` in GLSL: LINEAR, CLAMP_TO_EDGE. The grid is straight: rows are read, then columns."""
    return _read_axis(_read_axis(texture, y, 0), x, 1)


def _read_axis(texture: Texture, at: Line, axis: int) -> Texture:
    most = texture.shape[axis] - 1
    where = at * (most + 1) - 0.5
    low = np.floor(where)
    part = (where - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    near = texture.take(np.clip(low, 0, most).astype(np.intp), axis)
    far = texture.take(np.clip(low + 1, 0, most).astype(np.intp), axis)
    return np.asarray(near + (far - near) * part)


def _four(frame: Texture, x: Line, y: Line, dx: float, dy: float) -> Texture:
    """The mean of four taps around each pixel."""
    taps = [_read(frame, x + a * dx, y + b * dy) for a in (-1, 1) for b in (-1, 1)]
    return np.asarray(np.mean(taps, 0, np.float32))


def _soften(texture: Texture, sigma: float, axis: int) -> Texture:
    """soften.frag along one axis. A tap between two pixels is both by their weights."""
    at, one = _line(texture.shape[axis]), 1 / texture.shape[axis]
    total = texture.copy()
    weights = np.exp(-0.5 / sigma**2 * np.arange(1, 2 * TAPS + 1) ** 2)
    for i, weight in enumerate(weights.astype(np.float32), 1):
        total += weight * (_read_axis(texture, at + i * one, axis) + _read_axis(texture, at - i * one, axis))
    return total / np.float32(1 + 2 * weights.sum())


def _half(texture: Texture) -> Texture:
    """The next smaller level: the mean of each 2x2 pixels, an odd last row or column left out."""
    for axis in (0, 1):
        half = texture.shape[axis] // 2
        if half:
            even, odd = np.arange(half) * 2, np.arange(half) * 2 + 1
            texture = np.asarray((texture.take(even, axis) + texture.take(odd, axis)) / 2)
    return texture


def _light(rgb: Texture) -> Texture:
    return np.asarray((rgb @ LIGHT)[..., None])


def _mix(a: Texture, b: Texture, part: Any) -> Texture:
    """`mix()` in GLSL."""
    return np.asarray(a + (b - a) * part)
