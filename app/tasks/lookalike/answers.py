"""Answers: whose face is whose from frame to frame, which characters stand, and both as rows for the page.

Does not detect, compare or draw; all of it is worked out from numbers that others have found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot
from typing import Any, NamedTuple

from app.core import messages
from app.core.frame import Frame
from app.core.gallery import Gallery, Match
from app.core.geometry import RotatedRect
from app.core.ports import Tensor

SHOWN = 5  # characters shown of each face
GONE = 1000.0  # ms after which a face that is not seen any more has left
# A detector's box jumps by a tenth of its size at most from frame to frame; two faces that stand cheek by
# cheek are a whole size apart.
NEARBY = 0.7  # of the faces' size: how far one may have moved
# A challenger has to be nearer by this much of the cosine, in so many looks one after another. Over seven
# people's clips (bench/lookalike.py), with a look in each frame, the winner changed 4.6 times a second where
# each stood alone, 1.3 with the features smoothed, and 0.1 with these two as well; who stands was at most
# 0.019 behind.
MARGIN = 0.015
LOOKS = 3

Who = tuple[str, int]  # a character: its gallery, its number


@dataclass(frozen=True)
class StableRanking:
    """The characters that a face has been shown with, in order; `waits`: in how many looks one has led."""

    shown: tuple[Match, ...] = ()
    waits: Mapping[Who, int] = field(default_factory=dict)


def update(standing: StableRanking, near: Sequence[Match]) -> StableRanking:
    """What stands after one more look, which gave `near`, best first.

    Who is shown keeps the place until another has led it by MARGIN for LOOKS looks; likenesses follow
    at once.
    """
    if not standing.shown:
        return StableRanking(tuple(near[:SHOWN]))
    found = {_who(one): one.similarity for one in near}
    least = min(found.values(), default=0.0)  # of one that was not among them no more is known
    shown = [
        one._replace(similarity=min(one.similarity, found.get(_who(one), least))) for one in standing.shown
    ]
    shown = [one._replace(similarity=found.get(_who(one), one.similarity)) for one in shown]
    waits: dict[Who, int] = {}
    for one in near:
        line = [_who(other) for other in shown]
        beaten = [place for place, other in enumerate(shown) if one.similarity > other.similarity + MARGIN]
        if not beaten or _who(one) in line[: beaten[0] + 1]:
            continue
        waits[_who(one)] = standing.waits.get(_who(one), 0) + 1
        if waits[_who(one)] >= LOOKS:
            del waits[_who(one)]
            shown = [other for other in shown if _who(other) != _who(one)]
            shown.insert(beaten[0], one)
    return StableRanking(tuple(shown[:SHOWN]), waits)


def _who(near: Match) -> Who:
    return near.gallery, near.n


@dataclass(frozen=True)
class Track:
    """A face that is followed. `seen` is what the index remembers of it, None before the first look."""

    id: int  # from 1; the smallest that is free
    face: RotatedRect
    time: float  # of the frame it was seen in last, ms
    looked: int = 0  # the number of the look it had last, of all looks; 0: it had none
    seen: Tensor = None
    standing: StableRanking = StableRanking()


def associate(tracks: Sequence[Track], faces: Iterable[RotatedRect], time: float) -> tuple[Track, ...]:
    """The tracks after a frame with these faces, surest first: each goes on with the one nearest to it."""
    left = [track for track in tracks if track.time <= time]  # a clip that begins anew jumps back
    kept: list[Track] = []
    for face in faces:
        near = min(left, key=lambda track: _apart(track.face, face), default=None)
        if near is not None and _apart(near.face, face) <= NEARBY:
            left.remove(near)
            kept.append(replace(near, face=face, time=time))
        else:
            taken = {track.id for track in (*kept, *left)}
            kept.append(Track(next(n for n in range(1, len(taken) + 2) if n not in taken), face, time))
    # Where a frame takes seconds a face that is still there has not left.
    waiting = (track for track in left if time - track.time <= GONE)
    return tuple(sorted((*kept, *waiting), key=lambda track: track.id))


def next_to_refresh(tracks: Iterable[Track], time: float) -> Track | None:
    """Whose turn it is to be looked at: of the faces in this frame the one not looked at for longest.

    Not the one with the fewest looks: who comes after minutes would have all of them until they are even.
    """
    here = [track for track in tracks if track.time == time]
    return min(here, key=lambda track: track.looked, default=None)


def _apart(a: RotatedRect, b: RotatedRect) -> float:
    """How far two faces are apart, in sizes of the larger one; without end where one is twice the other."""
    small, large = sorted((a.height, b.height))
    return hypot(a.x - b.x, a.y - b.y) / large if large < 2 * small else float("inf")


def box(face: RotatedRect, frame: Frame) -> list[float]:
    """Left, top, width and height of a face, 0 to 1 of the frame; what lies outside of it is cut off."""
    w, h = frame.width, frame.height
    left, right = (min(max((face.x + side * face.width / 2) / w, 0.0), 1.0) for side in (-1, 1))
    top, bottom = (min(max((face.y + side * face.height / 2) / h, 0.0), 1.0) for side in (-1, 1))
    return [left, top, right - left, bottom - top]


class Character(NamedTuple):
    """What there is to read of a character."""

    name: str
    set: str
    design: str = ""  # whose it is, and under which licence


@dataclass(frozen=True)
class Names:
    """A gallery's characters by number, and the key of each where it is not its number."""

    gallery: Gallery
    characters: Sequence[Character]
    keys: Sequence[str] = ()

    @classmethod
    def read(cls, gallery: Gallery, text: str | bytes) -> Names:
        """Of the JSON that `gallery.names` holds. ValueError, with a sentence, where it is not that."""
        try:
            table = json.loads(text)
            sets = [(str(row["title"]), _design(row)) for row in table["sets"]]
            rows = [Character(str(name), *sets[number]) for name, number in table["characters"]]
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise ValueError(f"the names of {gallery.title} are damaged") from None
        return cls(gallery, rows)

    def row(self, near: Match) -> dict[str, Any]:
        """A character as the page draws it. IndexError where there is none of this number."""
        name, group, design = self.characters[near.n]
        gallery = self.gallery
        sheet, place = divmod(near.n, max(1, gallery.columns * gallery.rows))
        y, x = divmod(place, max(1, gallery.columns))
        here = sheet < len(gallery.sheets)
        return {
            "key": f"{gallery.id}/{self.keys[near.n] if self.keys else near.n}",
            "name": name,
            "set": group,
            "design": design,
            "likeness": percent(near.similarity),
            "sheet": gallery.sheets[sheet].path if here else "",  # the page has the visitor's by their keys
            "x": x if here else 0,
            "y": y if here else 0,
            "columns": gallery.columns if here else 1,
            "rows": gallery.rows if here else 1,
        }


def _design(row: Mapping[str, Any]) -> str:
    """Whose design a set is, and its licence; a gallery of one's own need not say."""
    parts = [str(row.get(part, "")) for part in ("credit", "licence")]
    return messages.DESIGN.format(design=", ".join(filter(None, parts))) if any(parts) else ""


def percent(similarity: float) -> int:
    """A cosine as the page shows it: 0 where two have nothing in common, 100 where they are the same."""
    return round(100 * min(max(similarity, 0.0), 1.0))


def named(said: Mapping[str, Any], galleries: Mapping[str, Names], mirror: bool) -> dict[str, Any]:
    """What the look-alike task has said, as the page's message "answers": boxes as the picture is shown,
    characters with their names. Of a gallery that is not among `galleries` nothing is shown.
    """

    def five(near: Iterable[Match]) -> list[dict[str, Any]]:
        known = (one for one in near if one.gallery in galleries)
        there = (one for one in known if 0 <= one.n < len(galleries[one.gallery].characters))
        return [galleries[one.gallery].row(one) for one in there][:SHOWN]

    def shown(place: Sequence[float]) -> list[float]:
        left, top, width, height = place
        return [round(n, 4) for n in (1 - left - width if mirror else left, top, width, height)]

    faces = [
        {"id": face["id"], "box": shown(face["box"]), "five": five(face["near"])} for face in said["faces"]
    ]
    return {"faces": faces, "together": five(said["together"]), "note": said["note"]}
