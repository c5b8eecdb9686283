"""Coordinates: where a frame lies in a model's input, and where a model's results lie in the frame.

Does not detect anything and does not read pixels.
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
        """The transform from the input's coordinates, 0 to 1, to the frame's, 0 to 1."""
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
    """A rectangle of a frame, rotated about its centre: in pixels of the frame, `angle` in radians.

    It is scaled to fill a model's input. Its parts outside the frame are black.
    """

    x: float  # of the centre
    y: float
    width: float
    height: float
    angle: float = 0.0  # clockwise as seen on the screen: y grows downwards


class Affine2D(NamedTuple):
    """Maps (u, v) to (xx * u + xy * v + x, yx * u + yy * v + y)."""

    xx: float
    xy: float
    x: float
    yx: float
    yy: float
    y: float

    def at(self, u: float, v: float) -> tuple[float, float]:
        """The image of the point (u, v)."""
        return self.xx * u + self.xy * v + self.x, self.yx * u + self.yy * v + self.y


def to_frame(width: int, height: int, into: Input, roi: RotatedRect | None = None) -> Affine2D:
    """The transform from an input's coordinates, 0 to 1, to the frame's, 0 to 1.

    `roi`: the region that was sampled; None: the whole frame.
    """
    if roi is None:
        return letterbox(width, height, into).to_frame()
    c, s = cos(roi.angle), sin(roi.angle)
    xx, xy = c * roi.width / width, -s * roi.height / width
    yx, yy = s * roi.width / height, c * roi.height / height
    x, y = roi.x / width, roi.y / height
    return Affine2D(xx, xy, x - (xx + xy) / 2, yx, yy, y - (yx + yy) / 2)


@dataclass(frozen=True)
class Box:
    """A size in pixels that a picture must not exceed."""

    width: int
    height: int

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """`width` x `height`, scaled down to fit the box but never scaled up; at least 1 x 1."""
        scale = min(1.0, self.width / width, self.height / height)
        return max(1, round(width * scale)), max(1, round(height * scale))


def face_roi(row: Sequence[float], to: Affine2D, frame: Frame, expanded: float = 1.0) -> RotatedRect | None:
    """A detected face as a square ROI in pixels, `expanded` times as large, rotated until the eyes are level.

    `row`: score, x0, y0, x1, y1, the right and the left eye (x, y, x, y), ... in the input's coordinates,
    which `to` maps to the frame's. None where the face is unusable, as in upright_square().
    """
    (x0, y0), (x1, y1), right, left = (pixels(to, frame, *row[n : n + 2]) for n in (1, 3, 5, 7))
    size = max(abs(x1 - x0), abs(y1 - y0)) * expanded
    return upright_square((x0 + x1) / 2, (y0 + y1) / 2, size, right, left)


def upright_square(x: float, y: float, size: float, right: Point, left: Point) -> RotatedRect | None:
    """A square around (x, y), rotated as the line through the two eyes; all in pixels.

    None where the square is smaller than a pixel or the numbers are not finite.
    """
    if not 1.0 <= size < 1e5 or not abs(x) + abs(y) < 1e6:
        return None
    return RotatedRect(x, y, size, size, atan2(left[1] - right[1], left[0] - right[0]))


def expanded(face: RotatedRect, by: float, up: float) -> RotatedRect:
    """The face's square, scaled by `by`, its centre moved `up` times its height towards the top of the
    head.
    """
    x, y = face.x + sin(face.angle) * up * face.height, face.y - cos(face.angle) * up * face.height
    return RotatedRect(x, y, face.width * by, face.height * by, face.angle)


def center_square(frame: Frame) -> RotatedRect:
    """The largest square centred in a frame."""
    size = float(min(frame.width, frame.height))
    return RotatedRect(frame.width / 2, frame.height / 2, size, size)


def pixels(to: Affine2D, frame: Frame, u: float, v: float) -> Point:
    """The point (u, v) in pixels of the frame; `to` maps it to the frame's 0 to 1."""
    x, y = to.at(u, v)
    return x * frame.width, y * frame.height
