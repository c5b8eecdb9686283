"""Track: a face that is tracked from frame to frame by its position.

Does not detect faces and does not read pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import hypot

from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.ports import Tensor
from app.tasks.lookalike.ranking import StableRanking

TRACK_TIMEOUT_MS = 1000.0  # a track ends when its face was not detected for longer
# A detector's box jitters by at most a tenth of its size from frame to frame. The centres of two faces that
# touch are one size apart.
GATE = 0.7  # how far a face may move between two frames, in sizes of the face


@dataclass(frozen=True)
class Track:
    """A tracked face."""

    id: int  # from 1; the smallest free number
    face: RotatedRect
    time: float  # ms; of the last frame that shows the face
    refreshed: int = 0  # the number of its last comparison, counted over all faces; 0: none yet
    smoothed: Tensor = None  # its feature vector, smoothed over its comparisons; None before the first
    ranking: StableRanking = field(default_factory=StableRanking)


def associate(tracks: Sequence[Track], faces: Iterable[RotatedRect], time: float) -> tuple[Track, ...]:
    """The tracks after a frame with these faces, highest score first. A face continues the nearest track."""
    unmatched = [track for track in tracks if track.time <= time]  # the time jumps back when a clip restarts
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
    # Faces of this frame stay even where a frame takes longer than the timeout.
    waiting = (track for track in unmatched if time - track.time <= TRACK_TIMEOUT_MS)
    return tuple(sorted((*matched, *waiting), key=lambda track: track.id))


def next_to_refresh(tracks: Iterable[Track], time: float) -> Track | None:
    """The track in this frame whose last comparison is the oldest; None without a face.

    The track with the fewest comparisons would be wrong: a face that appears after minutes would take every
    comparison until the counts are equal.
    """
    present = [track for track in tracks if track.time == time]
    return min(present, key=lambda track: track.refreshed, default=None)


def _distance(a: RotatedRect, b: RotatedRect) -> float:
    """The distance of two faces in sizes of the larger one; infinite where one is twice as large."""
    small, large = sorted((a.height, b.height))
    return hypot(a.x - b.x, a.y - b.y) / large if large < 2 * small else float("inf")


def box(face: RotatedRect, frame: Frame) -> list[float]:
    """Left, top, width and height of a face, 0 to 1 of the frame, clipped to the frame."""
    w, h = frame.width, frame.height
    left, right = (min(max((face.x + side * face.width / 2) / w, 0.0), 1.0) for side in (-1, 1))
    top, bottom = (min(max((face.y + side * face.height / 2) / h, 0.0), 1.0) for side in (-1, 1))
    return [left, top, right - left, bottom - top]
