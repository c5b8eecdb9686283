"""Comparison: what the faces of a frame are nearest to, as numbers; answers(): the same as the page draws it.

Does not compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.characters import LoadedGallery
from app.core.events import Answer, Answers, FaceAnswers
from app.core.gallery import Match
from app.tasks.lookalike.ranking import SHOWN


@dataclass(frozen=True)
class FaceMatches:
    """A face and its nearest characters."""

    id: int
    box: Sequence[float]  # left, top, width, height, 0 to 1 of the frame
    matches: tuple[Match, ...]  # best first, SHOWN at most


@dataclass(frozen=True)
class Comparison:
    """What there is to tell of the faces of a frame."""

    faces: tuple[FaceMatches, ...] = ()
    together: tuple[Match, ...] = ()  # of two faces or more as one
    note: str = ""
    source: int = 0  # another number with each new source, whose faces are other faces


def answers(
    comparison: Comparison, galleries: Iterable[LoadedGallery], mirror: bool, picture: tuple[int, int]
) -> Answers:
    """The event for the page: boxes as the picture is shown, characters with their names.

    A character of a gallery that is not among `galleries` is left out.
    """
    names = {gallery.index.gallery: gallery.names for gallery in galleries}

    def named(matches: Iterable[Match]) -> tuple[Answer, ...]:
        known = (match for match in matches if match.gallery in names)
        found = (match for match in known if 0 <= match.n < len(names[match.gallery].characters))
        return tuple(names[match.gallery].answer(match) for match in found)[:SHOWN]

    def shown(box: Sequence[float]) -> tuple[float, float, float, float]:
        left, top, width, height = (round(n, 4) for n in box)
        return round(1 - left - width, 4) if mirror else left, top, width, height

    faces = tuple(FaceAnswers(face.id, shown(face.box), named(face.matches)) for face in comparison.faces)
    return Answers(faces, named(comparison.together), comparison.note, comparison.source, picture)
