"""The characters of a gallery: their names, where their pictures are, and the gallery as a task uses it.

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
    """The texts about a character."""

    name: str
    set: str
    design: str = ""  # the designer and the licence, as one text


@dataclass(frozen=True)
class Names:
    """A gallery's characters by number. `keys`: the key of each character; empty: its number is its key."""

    gallery: Gallery
    characters: Sequence[Character]
    keys: Sequence[str] = ()

    @classmethod
    def read(cls, gallery: Gallery, text: str | bytes) -> Names:
        """Read the JSON that Gallery describes. Raises ValueError, with the reason in a few words."""
        try:
            table = json.loads(text)
            sets = [(str(row["title"]), _design(row)) for row in table["sets"]]
            rows = [Character(str(name), *sets[number]) for name, number in table["characters"]]
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise ValueError(f"the names of {gallery.title} are damaged") from None
        return cls(gallery, rows)

    def answer(self, match: Match) -> Answer:
        """The character of a match, for the page. Raises IndexError when the gallery has no such number."""
        name, group, design = self.characters[match.n]
        gallery = self.gallery
        key = f"{gallery.id}/{self.keys[match.n] if self.keys else match.n}"
        percent = to_percent(match.similarity)
        sheet, place = divmod(match.n, max(1, gallery.columns * gallery.rows))
        if sheet >= len(gallery.sheets):  # the visitor's own pictures: the page finds them by key
            return Answer(key, name, group, design, percent)
        y, x = divmod(place, max(1, gallery.columns))
        path = gallery.sheets[sheet].path
        return Answer(key, name, group, design, percent, path, x, y, gallery.columns, gallery.rows)


@dataclass(frozen=True)
class LoadedGallery:
    """A gallery that is ready for a task: its index and its names."""

    index: Index
    names: Names


def to_percent(similarity: float) -> int:
    """A cosine as a percentage, 0 to 100; a negative cosine is 0."""
    return round(100 * min(max(similarity, 0.0), 1.0))


def _design(row: Mapping[str, Any]) -> str:
    """The designer and the licence of a set as one text; "" where the gallery names neither."""
    parts = [str(row.get(part, "")) for part in ("credit", "licence")]
    return messages.DESIGN.format(design=", ".join(filter(None, parts))) if any(parts) else ""
