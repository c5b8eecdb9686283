"""Gallery: the characters that faces are compared with, as the manifest describes them.

Does not compare: Index runs an ONNX graph that compares. Does not load or draw anything.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from app.core.card import Variant, choose, variants_from
from app.core.ports import Session, Tensor

OWN = "own"  # the gallery of the visitor's own pictures: not in a build, never leaves the browser
ALL = "all"  # the value of the setting that selects every gallery
NEAREST = 10  # matches that an index returns: five are shown, five more feed the stable ranking


@dataclass(frozen=True)
class File:
    """A stored file, named by a hash of its content."""

    path: str  # relative to dist/
    bytes: int


@dataclass(frozen=True)
class Gallery:
    """A set of characters: their pictures on sheets, their names, and an index for each classifier card.

    Character n is on sheet n // (columns * rows), left to right, then down; each `size` x `size` pixels.
    `names` is JSON: {"sets": [{"title", "licence", "credit"}], "characters": [[name, number of its set],
    ...]}. An index graph takes features [1,m] (the classifier's output), memory [1,m] and keep [1], all
    float32, and returns seen [1,m] = keep * memory + (1 - keep) * features / |features|, likeness [1,k],
    the cosines of `seen` with the k = min(NEAREST, count) nearest characters, best first, and which [1,k]
    the numbers of these characters, also float32 (exact for whole numbers up to 2^24).
    """

    id: str
    title: str
    count: int
    names: File
    sheets: tuple[File, ...]
    columns: int
    rows: int
    size: int
    indexes: Mapping[str, tuple[Variant, ...]] = field(default_factory=dict)  # by the classifier card's id
    missing: str = ""  # why this build lacks the gallery; "" when it has it
    report: Mapping[str, Any] = field(default_factory=dict)

    def index(self, card: str, backend: str, features: Collection[str] = ()) -> Variant | None:
        """The index of a classifier card for a backend; None where there is none.

        `features`: the browser's optional features.
        """
        return choose(self.indexes.get(card, ()), backend, features)


def to_dict(gallery: Gallery) -> dict[str, Any]:
    """The gallery as plain JSON types."""
    return asdict(gallery)


def from_dict(data: Mapping[str, Any]) -> Gallery:
    """The gallery that `to_dict` encoded. Raises KeyError or TypeError for any other mapping."""
    return Gallery(
        **{
            **data,
            "names": File(**data["names"]),
            "sheets": tuple(File(**sheet) for sheet in data["sheets"]),
            "indexes": {card: variants_from(rows) for card, rows in data["indexes"].items()},
        }
    )


class Match(NamedTuple):
    """A character that resembles a face."""

    gallery: str  # id
    n: int  # the character's number in the gallery
    similarity: float  # cosine, -1 to 1


@dataclass
class Index:
    """A gallery's loaded index. Runs must not overlap. `feeds`: inputs that are the same in each run."""

    gallery: str
    count: int
    session: Session
    feeds: Mapping[str, Tensor] = field(default_factory=dict)

    async def nearest(self, features: Tensor, memory: Tensor, keep: Tensor) -> tuple[Tensor, list[Match]]:
        """The output `seen`, and the nearest characters, best first. Errors of the Session propagate."""
        outputs = await self.session.run({"features": features, "memory": memory, "keep": keep, **self.feeds})
        rows = zip(self._numbers(outputs["which"]), self._numbers(outputs["likeness"]), strict=True)
        return outputs["seen"], [Match(self.gallery, int(n), value) for n, value in rows if n < self.count]

    def _numbers(self, tensor: Tensor) -> Sequence[float] | array[float]:
        return self.session.numbers(tensor)
