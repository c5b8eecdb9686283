"""Comparison: the matches of the faces in a frame; answers(): the event with the same matches for the page.

Does not compare faces: task.py does.
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
    """A face and the characters nearest to it."""

    id: int
    box: Sequence[float]  # left, top, width, height, 0 to 1 of the frame
    matches: tuple[Match, ...]  # best first, SHOWN at most


@dataclass(frozen=True)
class Comparison:
    """The result for all faces of a frame."""

    faces: tuple[FaceMatches, ...] = ()
    together: tuple[Match, ...] = ()  # of all faces as one, where there are at least two
    note: str = ""
    source: int = 0  # changes with each new source, whose faces are new too


def answers(
    comparison: Comparison, galleries: Iterable[LoadedGallery], mirror: bool, picture: tuple[int, int]
) -> Answers:
    """The event for the page: boxes mirrored as the picture is, characters with their names.

    `picture`: width and height of the picture shown. Matches from a gallery that is not among `galleries`
    are left out.
    """
    names = {gallery.index.gallery: gallery.names for gallery in galleries}

    def named(matches: Iterable[Match]) -> tuple[Answer, ...]:
        known = (match for match in matches if match.gallery in names)
        valid = (match for match in known if 0 <= match.n < len(names[match.gallery].characters))
        return tuple(names[match.gallery].answer(match) for match in valid)[:SHOWN]

    def shown(box: Sequence[float]) -> tuple[float, float, float, float]:
        left, top, width, height = (round(n, 4) for n in box)
        return round(1 - left - width, 4) if mirror else left, top, width, height

    faces = tuple(FaceAnswers(face.id, shown(face.box), named(face.matches)) for face in comparison.faces)
    return Answers(faces, named(comparison.together), comparison.note, comparison.source, picture)
