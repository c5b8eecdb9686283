"""Drawing on an array: light, shapes, noise, blur and depth of field.

Does not know what is drawn and writes no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage.filters import gaussian

Plane = NDArray[np.floating[Any]]  # float32 everywhere in this package
Colour = str | Plane  # "#rrggbb", or linear light [3] or [h,w,3]
Points = Sequence[tuple[float, float]]

OVERSAMPLING = 3  # polygons are drawn at this many times the size and reduced, for smooth edges


def light(colour: Colour) -> Plane:
    """ "#rrggbb" as linear light [3], 0 to 1, in which lamps, haze and lenses add and average correctly."""
    if not isinstance(colour, str):
        return colour
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def ramp(t: Plane, stops: Sequence[tuple[float, str]]) -> Plane:
    """Linear light [h,w,3] for `t` [h,w], interpolated between the colours of `stops` (t, colour)."""
    at = [t_stop for t_stop, _ in stops]
    colours = np.stack([light(colour) for _, colour in stops])
    return np.stack([np.interp(t, at, colours[:, c]) for c in range(3)], -1).astype(np.float32)


def smooth(t: Plane, low: float, high: float) -> Plane:
    """Smoothstep: 0 below `low`, 1 above `high`; with `low` above `high`, the reverse."""
    x = np.clip((t - low) / (high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def noise(
    rng: np.random.Generator, height: int, width: int, cell: tuple[float, float], octaves: int = 4
) -> Plane:
    """Soft noise [height,width], mean 0, standard deviation 1; `cell` is the largest spots' size (y, x)."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        rows, columns = (max(2, round(n / c * 2**octave)) for n, c in zip((height, width), cell, strict=True))
        spots = Image.fromarray(rng.standard_normal((min(rows, height), min(columns, width)), np.float32))
        total += np.asarray(spots.resize((width, height), Image.Resampling.BICUBIC)) / 2**octave
    return np.asarray((total - total.mean()) / total.std(), np.float32)


def blur(picture: Plane, sigma: float) -> Plane:
    """Gaussian blur of [h,w] or [h,w,3]."""
    axis = None if picture.ndim == 2 else -1
    soft = gaussian(picture, sigma, mode="nearest", channel_axis=axis)  # type: ignore[no-untyped-call]
    return np.asarray(soft, np.float32)


def lens(picture: Plane, radius: float) -> Plane:
    """[h,w,3] out of focus: every point becomes a uniform disc, as with a wide aperture."""
    edge = int(radius) + 2
    padded = np.pad(picture, ((edge, edge), (edge, edge), (0, 0)), mode="edge")
    h, w = padded.shape[:2]
    y, x = np.fft.fftfreq(h, 1 / h)[:, None], np.fft.fftfreq(w, 1 / w)[None]
    disc = np.clip(radius - np.hypot(y, x) + 0.5, 0, 1)
    spectrum = np.fft.rfft2(disc / disc.sum())[..., None] * np.fft.rfft2(padded, axes=(0, 1))
    soft = np.fft.irfft2(spectrum, (h, w), axes=(0, 1))
    return np.maximum(soft[edge:-edge, edge:-edge], 0).astype(np.float32)


def enlarge(picture: Plane, width: int, height: int) -> Plane:
    """[h,w,3] resized."""
    planes = [Image.fromarray(np.ascontiguousarray(picture[..., c])) for c in range(3)]
    large = [np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC)) for plane in planes]
    return np.asarray(np.maximum(np.stack(large, -1), 0), np.float32)


class Canvas:
    """Linear light [h,w,3] to draw on; `x` and `y` [h,w] are the centres of its pixels."""

    def __init__(self, width: int, height: int, colour: Colour = "#000000") -> None:
        self.y, self.x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
        self.light = np.empty((height, width, 3), np.float32)
        self.light[:] = light(colour)

    def part(self, x0: float, y0: float, x1: float, y1: float) -> Canvas:
        """A view of these pixels of the canvas: small shapes are drawn 20 times as fast on it."""
        rows = slice(max(0, int(y0)), max(0, int(y1) + 1))
        columns = slice(max(0, int(x0)), max(0, int(x1) + 1))
        view = object.__new__(Canvas)
        view.x, view.y, view.light = self.x[rows, columns], self.y[rows, columns], self.light[rows, columns]
        return view

    def around(self, *polygons: Points) -> Canvas:
        """The part that contains the polygons."""
        xs, ys = zip(*(point for points in polygons for point in points), strict=True)
        return self.part(min(xs) - 1, min(ys) - 1, max(xs) + 1, max(ys) + 1)

    def fill(self, mask: Plane, colour: Colour) -> None:
        """Blend a colour over the canvas; `mask` [h,w] is its opacity."""
        self.light += (light(colour) - self.light) * mask[..., None]

    def add(self, mask: Plane, colour: Colour, strength: float = 1) -> None:
        """Add light of a colour in proportion to `mask` [h,w]."""
        self.light += light(colour) * (mask * strength)[..., None]

    def dim(self, mask: Plane, by: float) -> None:
        """Remove the fraction `by` of the light where `mask` [h,w] is 1."""
        self.light *= 1 - by * mask[..., None]

    def box(self, x0: float, y0: float, x1: float, y1: float, soft: float = 1) -> Plane:
        """Mask of a rectangle whose edges are `soft` pixels wide."""
        across = np.minimum(self.x[0] - x0, x1 - self.x[0]) / soft + 0.5
        down = np.minimum(self.y[:, 0] - y0, y1 - self.y[:, 0]) / soft + 0.5
        return np.asarray(np.clip(down, 0, 1)[:, None] * np.clip(across, 0, 1)[None])

    def disc(self, x: float, y: float, across: float, down: float, soft: float = 1) -> Plane:
        """Mask of an ellipse with the semi-axes `across` and `down`."""
        far = np.hypot((self.x - x) / across, (self.y - y) / down)
        return np.asarray(np.clip((1 - far) * min(across, down) / soft + 0.5, 0, 1), np.float32)

    def glow(self, x: float, y: float, reach: float) -> Plane:
        """The light of a lamp at (x, y) on the wall behind it: 1 at the lamp, half at `reach` pixels."""
        return np.asarray(1 / (1 + ((self.x - x) ** 2 + (self.y - y) ** 2) / reach**2), np.float32)

    def shape(self, *polygons: Points, soft: float = 0) -> Plane:
        """Mask of polygons, blurred by `soft` pixels."""
        if not self.x.size:
            return np.zeros(self.x.shape, np.float32)
        image = Image.new("L", (self.x.shape[1] * OVERSAMPLING, self.x.shape[0] * OVERSAMPLING))
        draw = ImageDraw.Draw(image)
        left, top = self.x[0, 0] - 0.5, self.y[0, 0] - 0.5
        for points in polygons:
            draw.polygon([((x - left) * OVERSAMPLING, (y - top) * OVERSAMPLING) for x, y in points], fill=255)
        mask = np.asarray(image.reduce(OVERSAMPLING), np.float32) / 255
        return blur(mask, soft) if soft else mask


def leaf(
    x: float, y: float, length: float, angle: float, width: float, bend: float = 0
) -> tuple[Points, Points]:
    """The two halves of a leaf that starts at (x, y); `angle` in radians, 0 is right, positive is down."""
    t = np.linspace(0, 1, 14)
    turn = angle + bend * t
    step = length / (len(t) - 1)
    rib = np.array((x, y)) + np.cumsum(np.stack([np.cos(turn), np.sin(turn)], -1) * step, 0)
    half = (width * np.sin(np.pi * t**0.8))[:, None] * np.stack([-np.sin(turn), np.cos(turn)], -1)
    return [tuple(p) for p in (*rib, *(rib + half)[::-1])], [tuple(p) for p in (*rib, *(rib - half)[::-1])]


def finish(picture: Plane, rng: np.random.Generator, grain: float, vignette: float) -> Image.Image:
    """Linear light [h,w,3] as an RGB picture.

    Corners are darker by the fraction `vignette`. Film grain with a standard deviation of `grain` (of 255)
    also hides the 8-bit steps of soft gradients.
    """
    h, w = picture.shape[:2]
    y, x = np.linspace(-1, 1, h)[:, None], np.linspace(-1, 1, w)[None]
    shown = np.clip(picture * (1 - vignette * ((x * x + y * y) / 2) ** 1.5)[..., None], 0, None)
    # Light above 0.8 of white is compressed, as film does, so that lamps keep their colour.
    shown = np.where(shown > 0.8, 1 - 0.2 * np.exp(-(shown - 0.8) / 0.2), shown)
    srgb = np.where(shown <= 0.0031308, shown * 12.92, 1.055 * shown ** (1 / 2.4) - 0.055) * 255
    srgb += rng.standard_normal((h, w, 1), np.float32) * grain
    return Image.fromarray(np.clip(np.rint(srgb), 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int) -> bytes:
    """The picture as a JPEG file; `quality` is 1 to 95."""
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
