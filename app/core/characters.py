"""The characters of a gallery: their names, where their pictures are, and the gallery as a task receives it.

Does not load and does not compare.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.core import messages
from app.core.events import Answer
from app.core.gallery import Gallery, Index, Match


class Character(NamedTuple):
    """What there is to read of a character."""

    name: str
    set: str
    design: str = ""  # whose design it is, and its licence


@dataclass(frozen=True)
class Names:
    """A gallery's characters by number, and the key of each where it is not its number."""

    gallery: Gallery
    characters: Sequence[Character]
    keys: Sequence[str] = ()

    @classmethod
    def read(cls, gallery: Gallery, text: str | bytes) -> Names:
        """Of the JSON that `gallery.names` describes. ValueError, with a reason, where it is not that."""
        try:
            table = json.loads(text)
            sets = [(str(row["title"]), _design(row)) for row in table["sets"]]
            rows = [Character(str(name), *sets[number]) for name, number in table["characters"]]
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise ValueError(f"the names of {gallery.title} are damaged") from None
        return cls(gallery, rows)

    def answer(self, match: Match) -> Answer:
        """A character as the page draws it. IndexError where there is none of this number."""
        name, group, design = self.characters[match.n]
        gallery = self.gallery
        key = f"{gallery.id}/{self.keys[match.n] if self.keys else match.n}"
        percent = to_percent(match.similarity)
        sheet, place = divmod(match.n, max(1, gallery.columns * gallery.rows))
        if sheet >= len(gallery.sheets):  # the page has the visitor's own pictures by their keys
            return Answer(key, name, group, design, percent)
        y, x = divmod(place, max(1, gallery.columns))
        path = gallery.sheets[sheet].path
        return Answer(key, name, group, design, percent, path, x, y, gallery.columns, gallery.rows)


@dataclass(frozen=True)
class LoadedGallery:
    """A gallery that a task compares with."""

    index: Index
    names: Names


def to_percent(similarity: float) -> int:
    """A cosine as the page shows it: 0 where two have nothing in common, 100 where they are the same."""
    return round(100 * min(max(similarity, 0.0), 1.0))


def _design(row: Mapping[str, Any]) -> str:
    """Whose design a set is, and its licence; a gallery that a user added need not say."""
    parts = [str(row.get(part, "")) for part in ("credit", "licence")]
    return messages.DESIGN.format(design=", ".join(filter(None, parts))) if any(parts) else ""
