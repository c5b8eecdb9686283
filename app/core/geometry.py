"""around_face(): from a detected face to the square Region of the frame that it stands upright in.

Does not detect and does not look at pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, cos, sin

from app.core.frame import Frame, Matrix, Region

Point = tuple[float, float]


def around_face(row: Sequence[float], to: Matrix, frame: Frame, grown: float = 1.0) -> Region | None:
    """The detector's box of a face made square, `grown` times as large, upright by the eyes; pixels.

    `row` holds score, x0, y0, x1, y1, the right and the left eye (x, y, x, y), ... in what `to` starts from.
    """
    (x0, y0), (x1, y1), right, left = (pixels(to, frame, *row[n : n + 2]) for n in (1, 3, 5, 7))
    size = max(abs(x1 - x0), abs(y1 - y0)) * grown
    return square((x0 + x1) / 2, (y0 + y1) / 2, size, right, left)


def square(x: float, y: float, size: float, right: Point, left: Point) -> Region | None:
    """A square about (x, y), as the line through two eyes is turned. None where there is nothing to look at:
    a face smaller than a pixel, or numbers that are none.
    """
    if not 1.0 <= size < 1e5 or not abs(x) + abs(y) < 1e6:
        return None
    return Region(x, y, size, size, atan2(left[1] - right[1], left[0] - right[0]))


def grown(face: Region, by: float, up: float) -> Region:
    """`by` times as large, its middle moved towards the top of the head by `up` of the face's height."""
    x, y = face.x + sin(face.turn) * up * face.height, face.y - cos(face.turn) * up * face.height
    return Region(x, y, face.width * by, face.height * by, face.turn)


def middle(frame: Frame) -> Region:
    """The largest square in the middle of a frame."""
    size = float(min(frame.width, frame.height))
    return Region(frame.width / 2, frame.height / 2, size, size)


def pixels(to: Matrix, frame: Frame, u: float, v: float) -> Point:
    """A point in pixels of the frame."""
    x, y = to.at(u, v)
    return x * frame.width, y * frame.height
