"""Track: a face that is followed from frame to frame, by where it is.

Does not detect faces and does not look at pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import hypot

from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.ports import Tensor
from app.tasks.lookalike.ranking import StableRanking

TRACK_TIMEOUT_MS = 1000.0  # a face that was not detected for longer has left
# A detector's box jumps by a tenth of its size at most from frame to frame; two faces cheek by cheek are a
# whole size apart.
GATE = 0.7  # of the faces' size: how far a face may have moved between two frames


@dataclass(frozen=True)
class Track:
    """A face that is followed."""

    id: int  # from 1; the smallest that is free
    face: RotatedRect
    time: float  # of the frame it was detected in last, ms
    refreshed: int = 0  # the number of its last comparison, of all comparisons; 0: it had none
    smoothed: Tensor = None  # its features smoothed over its comparisons; None before the first
    ranking: StableRanking = field(default_factory=StableRanking)


def associate(tracks: Sequence[Track], faces: Iterable[RotatedRect], time: float) -> tuple[Track, ...]:
    """The tracks after a frame with these faces, surest first: each face goes on with the nearest track."""
    unmatched = [track for track in tracks if track.time <= time]  # a clip that begins anew jumps back
    matched: list[Track] = []
    for face in faces:
        nearest = min(unmatched, key=lambda track: _distance(track.face, face), default=None)
        if nearest is not None and _distance(nearest.face, face) <= GATE:
            unmatched.remove(nearest)
            matched.append(replace(nearest, face=face, time=time))
        else:
            taken = {track.id for track in (*matched, *unmatched)}
            id = next(n for n in range(1, len(taken) + 2) if n not in taken)
            matched.append(Track(id, face, time))
    # Where a frame takes seconds a face that is still there has not left.
    waiting = (track for track in unmatched if time - track.time <= TRACK_TIMEOUT_MS)
    return tuple(sorted((*matched, *waiting), key=lambda track: track.id))


def next_to_refresh(tracks: Iterable[Track], time: float) -> Track | None:
    """Of the faces in this frame the one that has waited longest for its comparison.

    Not the one with the fewest comparisons: a face that comes after minutes would have all of them until the
    numbers are even.
    """
    present = [track for track in tracks if track.time == time]
    return min(present, key=lambda track: track.refreshed, default=None)


def _distance(a: RotatedRect, b: RotatedRect) -> float:
    """Between two faces, in sizes of the larger one; infinite where one is twice the other."""
    small, large = sorted((a.height, b.height))
    return hypot(a.x - b.x, a.y - b.y) / large if large < 2 * small else float("inf")


def box(face: RotatedRect, frame: Frame) -> list[float]:
    """Left, top, width and height of a face, 0 to 1 of the frame; what lies outside of it is cut off."""
    w, h = frame.width, frame.height
    left, right = (min(max((face.x + side * face.width / 2) / w, 0.0), 1.0) for side in (-1, 1))
    top, bottom = (min(max((face.y + side * face.height / 2) / h, 0.0), 1.0) for side in (-1, 1))
    return [left, top, right - left, bottom - top]
