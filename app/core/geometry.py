"""Where a frame lies in a model's input, and where what a model found lies in the frame.

Does not detect anything and does not look at pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, sin
from typing import NamedTuple

from app.core.card import Input
from app.core.frame import Frame

Point = tuple[float, float]


class Letterbox(NamedTuple):
    """Where the whole frame lies in the input, as fractions of the input: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float

    def to_frame(self) -> Affine2D:
        """From the input's 0 to 1 to the frame's."""
        return Affine2D(
            1 / self.width, 0.0, -self.left / self.width, 0.0, 1 / self.height, -self.top / self.height
        )


def letterbox(width: int, height: int, into: Input) -> Letterbox:
    """Where a frame of `width` x `height` pixels lies in a model's input."""
    if into.fit == "stretch":
        return Letterbox(0.0, 0.0, 1.0, 1.0)
    scales = into.width / width, into.height / height
    scale = max(scales) if into.fit == "crop" else min(scales)
    w, h = width * scale / into.width, height * scale / into.height
    return Letterbox((1 - w) / 2, (1 - h) / 2, w, h)


@dataclass(frozen=True)
class RotatedRect:
    """A rectangle of a frame, turned about its middle: all in pixels of the frame, `turn` in radians.

    It fills a model's input; what of it lies outside the frame is black.
    """

    x: float  # the middle
    y: float
    width: float
    height: float
    turn: float = 0.0  # clockwise, as the eye sees it: y grows downwards


class Affine2D(NamedTuple):
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


def to_frame(width: int, height: int, into: Input, roi: RotatedRect | None = None) -> Affine2D:
    """From an input's 0 to 1 to the frame's: where what a model has found lies in what it was shown."""
    if roi is None:
        return letterbox(width, height, into).to_frame()
    c, s = cos(roi.turn), sin(roi.turn)
    xx, xy = c * roi.width / width, -s * roi.height / width
    yx, yy = s * roi.width / height, c * roi.height / height
    x, y = roi.x / width, roi.y / height
    return Affine2D(xx, xy, x - (xx + xy) / 2, yx, yy, y - (yx + yy) / 2)


@dataclass(frozen=True)
class Box:
    """The largest picture shown, in pixels."""

    width: int
    height: int

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """`width` x `height` scaled down, never up, to lie in the box; at least 1 x 1."""
        scale = min(1.0, self.width / width, self.height / height)
        return max(1, round(width * scale)), max(1, round(height * scale))


def face_roi(row: Sequence[float], to: Affine2D, frame: Frame, expanded: float = 1.0) -> RotatedRect | None:
    """The detector's box of a face made square, `grown` times as large, upright by the eyes; pixels.

    `row` holds score, x0, y0, x1, y1, the right and the left eye (x, y, x, y), ... in what `to` starts from.
    """
    (x0, y0), (x1, y1), right, left = (pixels(to, frame, *row[n : n + 2]) for n in (1, 3, 5, 7))
    size = max(abs(x1 - x0), abs(y1 - y0)) * expanded
    return upright_square((x0 + x1) / 2, (y0 + y1) / 2, size, right, left)


def upright_square(x: float, y: float, size: float, right: Point, left: Point) -> RotatedRect | None:
    """A square about (x, y), as the line through two eyes is turned. None where there is nothing to look at:
    a face smaller than a pixel, or numbers that are none.
    """
    if not 1.0 <= size < 1e5 or not abs(x) + abs(y) < 1e6:
        return None
    return RotatedRect(x, y, size, size, atan2(left[1] - right[1], left[0] - right[0]))


def expanded(face: RotatedRect, by: float, up: float) -> RotatedRect:
    """`by` times as large, its middle moved towards the top of the head by `up` of the face's height."""
    x, y = face.x + sin(face.turn) * up * face.height, face.y - cos(face.turn) * up * face.height
    return RotatedRect(x, y, face.width * by, face.height * by, face.turn)


def center_square(frame: Frame) -> RotatedRect:
    """The largest square in the middle of a frame."""
    size = float(min(frame.width, frame.height))
    return RotatedRect(frame.width / 2, frame.height / 2, size, size)


def pixels(to: Affine2D, frame: Frame, u: float, v: float) -> Point:
    """A point in pixels of the frame."""
    x, y = to.at(u, v)
    return x * frame.width, y * frame.height
