"""The model card as written in models/cards: what is published, where, and what the build makes of it.

Does not read or check a card: cards.py reads it, rules.py checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.card import Input, ModelCard, Size
from app.core.errors import UserError


class CardError(UserError):
    """A card that cannot be used. The message names the card's file; `reason` does not."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class File:
    """One published file: its hash and size, and the one place where it is."""

    name: str  # by which the model refers to it: a tf.js shard's name in model.json
    sha256: str  # of the file, or of the `member`
    bytes: int
    npm: str = ""  # a package, with version and path ...
    version: str = ""
    path: str = ""
    member: str = ""  # ... and the file inside an archive of the package
    url: str = ""
    local: str = ""  # a path in this project

    def __str__(self) -> str:
        where = self.url or self.local or f"npm {self.npm} {self.version}: {self.path}"
        return f"{where} ({self.member})" if self.member else where


@dataclass(frozen=True)
class Source:
    """One complete alternative: the files of a model in one format, its input range and its outputs."""

    format: str  # "tflite", "tfjs", "onnx"
    files: tuple[File, ...]  # tfjs: model.json, then its shards
    scale: float = 1.0  # the input is byte * scale + offset
    offset: float = 0.0
    outputs: Mapping[str, str] | None = None  # role -> name in these files; None: as in the card

    def __str__(self) -> str:
        return str(self.files[0])


@dataclass(frozen=True)
class VariantSpec:
    """A candidate: how its weights are stored and on which backends it must run."""

    id: str
    backends: tuple[str, ...]
    weights: str


@dataclass(frozen=True)
class Card:
    """A checked card. `scale`, `offset` and `outputs` are those of its first source; see `of`."""

    id: str
    title: str
    kind: str
    about: str
    licence: str
    credit: str
    sources: tuple[Source, ...]
    input: Input
    scale: float  # the input is byte * scale + offset
    offset: float
    sizes: tuple[Size, ...]  # the sizes to choose from; () where the input is fixed
    mask: tuple[int, int]  # (h, w); (0, 0) for a kind without a Mask
    outputs: Mapping[str, str]  # role -> name in the published file; empty: all outputs by their own names
    gates: Mapping[str, float]  # largest difference from the published model, relative to its range
    loss: Mapping[str, float]  # largest loss of a variant against float32, by metric
    variants: tuple[VariantSpec, ...]  # the candidates; measured figures decide which ones ship
    file: Path

    def of(self, source: Source) -> Card:
        """The card with the input range and the outputs of this source."""
        outputs = self.outputs if source.outputs is None else source.outputs
        return replace(self, scale=source.scale, offset=source.offset, outputs=outputs)

    def model_card(self, missing: str = "") -> ModelCard:
        """The page's card of the model before anything is made of it; `missing` says why nothing can be."""
        return ModelCard(
            self.id,
            self.title,
            self.kind,
            self.about,
            self.licence,
            self.input,
            self.mask,
            sizes=self.sizes,
            missing=missing,
        )
