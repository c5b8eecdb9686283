"""A model card as written in models/cards: what is published, where, and what the build makes of it.

Does not read or check a card: cards.py reads it, rules.py checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.card import Input, Size


class CardError(ValueError):
    """A card that cannot be used; the message names the file and the line to change."""


@dataclass(frozen=True)
class File:
    """One published file: what it has to be, and the one place it is at."""

    name: str  # what the model calls it: a tf.js shard's name in model.json
    sha256: str  # of the file, or of the member wanted
    bytes: int
    npm: str = ""  # a package, with version and path ...
    version: str = ""
    path: str = ""
    member: str = ""  # ... and a file packed inside it
    url: str = ""
    local: str = ""  # a path in this project

    def __str__(self) -> str:
        where = self.url or self.local or f"npm {self.npm} {self.version}: {self.path}"
        return f"{where} ({self.member})" if self.member else where


@dataclass(frozen=True)
class Source:
    """One whole alternative: the files of a model in one format, and what they take and give."""

    format: str  # "tflite", "tfjs", "onnx"
    files: tuple[File, ...]  # tfjs: model.json, then its shards
    scale: float = 1.0  # the model takes byte * scale + offset
    offset: float = 0.0
    outputs: Mapping[str, str] | None = None  # role -> name in these files; None: as the card has it

    def __str__(self) -> str:
        return str(self.files[0])


@dataclass(frozen=True)
class Wanted:
    """A variant to make: how its weights are stored and where it has to run."""

    id: str
    backends: tuple[str, ...]
    weights: str


@dataclass(frozen=True)
class Card:
    """One card file, checked. `scale`, `offset` and `outputs` are the first source's, see `of`."""

    id: str
    title: str
    kind: str
    about: str
    licence: str
    credit: str
    sources: tuple[Source, ...]
    input: Input
    scale: float  # the model takes byte * scale + offset
    offset: float
    sizes: tuple[Size, ...]  # to choose from; () where the input is fixed
    mask: tuple[int, int]  # (h, w); (0, 0) for a kind without a Mask
    outputs: Mapping[str, str]  # role -> name in the published file; empty: all, by their own names
    gates: Mapping[str, float]  # largest difference from the published model, as a part of its range
    loss: Mapping[str, float]  # largest loss of a variant against float32, by metric
    wanted: tuple[Wanted, ...]  # candidates; which are shipped is chosen from figures
    file: Path

    def of(self, source: Source) -> Card:
        """The card with what this source's files take and give."""
        outputs = self.outputs if source.outputs is None else source.outputs
        return replace(self, scale=source.scale, offset=source.offset, outputs=outputs)
