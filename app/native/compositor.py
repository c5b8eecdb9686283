"""The Compositor under CPython: the page's shaders in NumPy, pass by pass, one function per shader.

Does not aim at speed and uses no GPU: tests compare the page's picture with its result.
Textures are [h,w,channels] from 0 to 1, rows from the top; the page stores some of them as half floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.backgrounds import BACKGROUNDS, backdrop, cover_color
from app.backgrounds.base import Sigma, blur_size
from app.core.annotations import Annotations, ColorOverlay
from app.core.card import Input, ModelCard
from app.core.frame import Frame
from app.core.geometry import Letterbox, RotatedRect, letterbox, to_frame
from app.core.ports import Mask, Sample
from app.core.settings import Settings, rgb
from app.native.annotations import draw, overlaid
from app.native.differences import Differences
from app.native.texture import (
    Line,
    Pixels,
    Texture,
    decoded,
    encoded,
    four,
    half,
    line,
    mix,
    read,
    read_axis,
    turned,
)

# Constants of app/page/compositor.py and of the shader named beside each one; a test compares them.
LIGHT = np.array([0.299, 0.587, 0.114], np.float32)  # moments.frag, edge.glsl
REACH = 1  # moments.frag, slope.frag
FLAT = 0.008  # slope.frag
TAPS = 5  # gaussian.frag
LEAST = 0.004  # masked_background.frag


class Compositor(Differences):
    """Draws `picture` (uint8 [H,W,4], colour multiplied by alpha) for one card.

    Frames hold uint8 arrays [H,W,3] or [H,W,4].
    """

    def __init__(self, card: ModelCard) -> None:
        self._input = card.input
        self._mask_size = card.mask
        self._levels = [np.zeros((1, 1, 3), np.float32)]  # the backdrop's mipmap levels, each half the size
        self.picture: Pixels = np.zeros((1, 1, 4), np.uint8)
        self._drawn: Texture = np.zeros((1, 1, 4), np.float32)  # the same picture as floats, before rounding

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Sample:
        """See Compositor in app.core.ports. Each Sample has its own arrays, so it stays valid."""
        whole = decoded(frame.picture)
        if roi is None:
            place = letterbox(frame.width, frame.height, into)
            pixels = encoded(_sample(whole, into, place))
        else:
            place, to = None, to_frame(frame.width, frame.height, into, roi)
            pixels = encoded(turned(whole, to, into.width, into.height))
        return Sample(pixels[None].astype(rgba), into, place, frame, pixels)

    async def compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> None:
        """See Compositor in app.core.ports."""
        self._drawn = self._compose(frame, mask, settings)
        self.picture = encoded(self._drawn)

    def annotate(self, annotations: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
        """See Compositor in app.core.ports."""
        for each in annotations:
            if isinstance(each, ColorOverlay):
                self._drawn = overlaid(self._drawn, each, mirror)
            else:
                self._drawn = draw(self._drawn, each, mirror)
        self.picture = encoded(self._drawn)

    def _compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> Texture:
        width, height = settings.shown_size(frame)
        whole, x, y = decoded(frame.picture), line(width), line(height)
        if settings.mirror:
            x = 1 - x
        pixels = read(whole, x, y)
        if mask is None or settings.background == "none":
            return pixels
        edge = Edge(self._smoothed(mask), mask.letterbox(self._input), settings.edge_half_width)
        p = edge.person(x, y, pixels)
        background = BACKGROUNDS[settings.background]
        reference = NativeReference(pixels, p, partial(self._backdrop, width, height))
        if background.sigma:
            reference.background = _blurred(whole, edge, (width, height), settings, background.sigma)
            reference.at = x, y
        drawn: Texture = background.reference(reference, settings)
        return drawn

    def cover(self, settings: Settings) -> None:
        """See Compositor in app.core.ports. cover.frag"""
        height, width = self.picture.shape[:2]
        if backdrop(settings):
            self.picture = encoded(self._backdrop(width, height))
        else:
            colour = rgb(cover_color(settings))
            self.picture = encoded(np.broadcast_to(np.array(colour, np.float32), (height, width, 3)))

    def backdrop(self, picture: Pixels) -> None:
        """Set the picture (uint8 [H,W,3 or 4]) to show behind the person, and compute its mipmap levels."""
        self._levels = [decoded(picture)]
        while max(self._levels[-1].shape[:2]) > 1:
            self._levels.append(half(self._levels[-1]))

    def close(self) -> None:
        """Do nothing: Python frees arrays by itself."""

    def _smoothed(self, mask: Mask) -> Texture:
        """The guided filter's linear coefficients for a Mask, from the sample that the Mask was made from."""
        tensor: NDArray[np.float32] = mask.tensor
        return _mean(_slope(_moments(decoded(mask.sample.pixels), tensor.reshape(*self._mask_size, 1))))

    def _backdrop(self, width: int, height: int, level: float | None = None) -> Texture:
        """The backdrop, cropped to fill, at a mipmap level; None: the level that a GPU would choose."""
        high, wide = self._levels[0].shape[:2]
        scale = max(width / wide, height / high)
        w, h = width / scale / wide, height / scale / high
        x, y = (1 - w) / 2 + line(width) * w, (1 - h) / 2 + line(height) * h
        level = max(0.0, -np.log2(scale)) if level is None else level
        level = min(level, len(self._levels) - 1.0)
        low = int(level)
        near = read(self._levels[low], x, y)
        if level == low:
            return near
        return mix(near, read(self._levels[low + 1], x, y), np.float32(level - low))


class NativeReference:
    """The arrays and functions that a background's reference uses; see app.backgrounds.base."""

    background: Texture  # the frame without the person, blurred: colour times weight, and the weight
    at: tuple[Line, Line]  # where the pixels of the picture lie in the frame

    def __init__(self, pixels: Texture, person: Texture, backdrop: Callable[..., Texture]) -> None:
        self.frame = pixels
        self.person = person
        self.backdrop = backdrop
        self.mix = mix

    def fill(self, colour: str) -> Texture:
        """See Reference."""
        return np.array(rgb(colour), np.float32)

    def blurred(self, columns: int = 0) -> Texture:
        """See Reference."""
        x, y = self.at
        if columns:
            height, width = self.frame.shape[:2]
            rows = max(1, int(np.floor(columns * height / width + 0.5)))
            x, y = ((np.floor(at * count) + 0.5) / count for at, count in ((x, columns), (y, rows)))
        weighted = read(self.background, x, y)
        return np.asarray(weighted[..., :3] / np.maximum(weighted[..., 3:], 1e-3))

    def with_alpha(self, colours: Texture, alpha: Texture) -> Texture:
        """See Reference."""
        return np.concatenate([colours, alpha], 2)


@dataclass(frozen=True)
class Edge:
    """edge.glsl: how much of a pixel belongs to the person, 0 to 1."""

    lines: Texture  # the guided filter's linear coefficients: slope and base
    letterbox: Letterbox  # where the frame lies in `lines`
    half_width: float  # half the width of the edge, in Mask units

    def person(self, x: Line, y: Line, rgb: Texture) -> Texture:
        """The person's share [h,w,1] at the places x, y of the frame, whose colours are `rgb`."""
        left, top, width, height = self.letterbox
        slope, base = np.split(read(self.lines, left + x * width, top + y * height), 2, 2)
        t = np.clip((slope * _light(rgb) + base - (0.5 - self.half_width)) / (2 * self.half_width), 0, 1)
        return np.asarray(t * t * (3 - 2 * t), np.float32)


def _sample(frame: Texture, into: Input, place: Letterbox) -> Texture:
    """sample.frag"""
    left, top, width, height = place
    x, y = (line(into.width) - left) / width, (line(into.height) - top) / height
    rgb = four(frame, x, y, 0.25 / into.width / width, 0.25 / into.height / height)
    inside = ((y >= 0) & (y <= 1))[:, None, None] & ((x >= 0) & (x <= 1))[None, :, None]
    return np.asarray(rgb * inside)


def _moments(sampled: Texture, mask: Texture) -> Texture:
    """moments.frag, at half the input's size."""
    height, width = (n // 2 for n in sampled.shape[:2])
    x, y, step = line(width), line(height), 2 / sampled.shape[1]
    sums = []
    for i in range(-REACH, REACH + 1):
        light = _light(read(sampled, x + i * step, y))
        p = read(mask, x + i * step, y)
        sums.append(np.concatenate([light, p, light * p, light * light], 2))
    return np.asarray(np.mean(sums, 0, np.float32))


def _slope(moments: Texture) -> Texture:
    """slope.frag"""
    rows = np.arange(len(moments))
    taps = [moments.take(rows + i, 0, mode="clip") for i in range(-REACH, REACH + 1)]
    light, p, both, square = np.split(np.mean(taps, 0, np.float32), 4, 2)
    slope = (both - light * p) / (np.maximum(0, square - light * light) + np.float32(FLAT))
    return np.concatenate([slope, p - slope * light], 2)


def _mean(slope: Texture) -> Texture:
    """smoothed.frag"""
    height, width = slope.shape[:2]
    return four(slope, line(width), line(height), 0.5 / width, 0.5 / height)


def _blurred(frame: Texture, edge: Edge, size: tuple[int, int], settings: Settings, sigma: Sigma) -> Texture:
    """masked_background.frag at a fraction of the picture's size, then gaussian.frag in both directions."""
    width, height = blur_size(sigma, settings, *size)
    x, y = line(width), line(height)
    rgb = four(frame, x, y, 0.25 / width, 0.25 / height)
    weight = np.maximum(1 - edge.person(x, y, rgb), np.float32(LEAST))
    pixels = sigma(settings, height)
    return _gaussian(_gaussian(np.concatenate([rgb * weight, weight], 2), pixels, 1), pixels, 0)


def _gaussian(picture: Texture, sigma: float, axis: int) -> Texture:
    """gaussian.frag along one axis. The shader reads two pixels with one tap, this function with two."""
    at, one = line(picture.shape[axis]), 1 / picture.shape[axis]
    total = picture.copy()
    weights = np.exp(-0.5 / sigma**2 * np.arange(1, 2 * TAPS + 1) ** 2)
    for i, weight in enumerate(weights.astype(np.float32), 1):
        total += weight * (read_axis(picture, at + i * one, axis) + read_axis(picture, at - i * one, axis))
    return total / np.float32(1 + 2 * weights.sum())


def _light(rgb: Texture) -> Texture:
    return np.asarray((rgb @ LIGHT)[..., None])
