"""Frame: one picture on its way through the pipeline, and where it lies in a model's input.

Does not know what the picture is made of: a VideoFrame, an ImageBitmap or a NumPy array.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, sin
from typing import Any, NamedTuple

from app.core.card import Input


class Frame:
    """An opaque picture, its size in pixels and its time in ms. Closed exactly once."""

    __slots__ = ("_close", "fresh", "height", "picture", "still", "time", "width")

    def __init__(
        self,
        picture: Any,
        width: int,
        height: int,
        time: float = 0.0,
        *,
        still: bool = False,
        fresh: bool = False,
        close: Callable[[], object] | None = None,
    ) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"A picture of {width} x {height} pixels cannot be shown.")
        self.picture = picture
        self.width = width
        self.height = height
        self.time = time
        self.still = still  # a photo: there is no frame before it to be smoothed with
        self.fresh = fresh  # the first of a new source: the frame before it showed something else
        self._close = close

    def close(self) -> None:
        """Give the picture back to the browser. A second call is an error in our own code: RuntimeError."""
        if self.picture is None:
            raise RuntimeError("A Frame was closed twice.")
        self.picture = None
        if self._close is not None:
            self._close()


class Place(NamedTuple):
    """Where the whole frame lies in the input, as fractions of the input: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float


def place(width: int, height: int, into: Input) -> Place:
    """Where a frame of `width` x `height` pixels lies in a model's input."""
    if into.fit == "stretch":
        return Place(0.0, 0.0, 1.0, 1.0)
    scales = into.width / width, into.height / height
    scale = max(scales) if into.fit == "crop" else min(scales)
    w, h = width * scale / into.width, height * scale / into.height
    return Place((1 - w) / 2, (1 - h) / 2, w, h)


@dataclass(frozen=True)
class Region:
    """A rectangle of a frame, turned about its middle: all in pixels of the frame, `turn` in radians.

    It fills a model's input; what of it lies outside the frame is black.
    """

    x: float  # the middle
    y: float
    width: float
    height: float
    turn: float = 0.0  # clockwise, as the eye sees it: y grows downwards


class Matrix(NamedTuple):
    """From (u, v) to (xx * u + xy * v + x, yx * u + yy * v + y)."""

    xx: float
    xy: float
    x: float
    yx: float
    yy: float
    y: float

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Where a point goes."""
        return self.xx * u + self.xy * v + self.x, self.yx * u + self.yy * v + self.y


def matrix(width: int, height: int, into: Input, region: Region | None = None) -> Matrix:
    """From an input's 0 to 1 to the frame's: where what a model has found lies in what it was shown."""
    if region is None:
        left, top, w, h = place(width, height, into)
        return Matrix(1 / w, 0.0, -left / w, 0.0, 1 / h, -top / h)
    c, s = cos(region.turn), sin(region.turn)
    xx, xy = c * region.width / width, -s * region.height / width
    yx, yy = s * region.width / height, c * region.height / height
    x, y = region.x / width, region.y / height
    return Matrix(xx, xy, x - (xx + xy) / 2, yx, yy, y - (yx + yy) / 2)


@dataclass(frozen=True)
class Box:
    """The largest picture shown, in pixels."""

    width: int
    height: int

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """`width` x `height` scaled down, never up, to lie in the box; at least 1 x 1."""
        scale = min(1.0, self.width / width, self.height / height)
        return max(1, round(width * scale)), max(1, round(height * scale))
