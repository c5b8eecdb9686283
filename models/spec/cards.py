"""Reads models/cards/*.toml: what is published, where, and what this project makes of it.

Does not fetch or convert anything, and imports nothing heavy. What a card may say is in models/spec/rules.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from app.core.card import Input, Size
from models.spec import rules

FOLDER = Path(__file__).parents[1] / "cards"


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


def read(path: Path) -> Card:
    """The card in `path`. Raises CardError, with one sentence, for anything that is not a good card."""
    name = f"models/cards/{path.name}"
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CardError(f"{name}: not readable as TOML: {error}") from None
    try:
        rules.known(data)
        card = _card(data, path)
        rules.check(card)
    except KeyError as error:
        raise CardError(f"{name}: the entry {error} is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise CardError(f"{name}: {error}") from None
    return card


def read_all(folder: Path = FOLDER) -> list[Card]:
    """All cards, by file name. Raises CardError."""
    return [read(path) for path in sorted(folder.glob("*.toml"))]


def _card(data: Mapping[str, Any], path: Path) -> Card:
    taken = data["input"]
    scale, offset = float(taken["scale"]), float(taken["offset"])
    fit = str(taken["fit"])
    mask = data.get("mask", {"height": 0, "width": 0})
    sources = tuple(_source(row, scale, offset) for row in data["source"])
    card = Card(
        **{name: str(data[name]) for name in ("id", "title", "kind", "about", "licence", "credit")},
        sources=sources,
        input=Input(int(taken["height"]), int(taken["width"]), fit),
        scale=scale,
        offset=offset,
        sizes=tuple(_size(row, fit) for row in data.get("size", [])),
        mask=(int(mask["height"]), int(mask["width"])),
        outputs=_names(data.get("outputs", {})),
        gates={name: float(value) for name, value in data["gates"].items()},
        loss={name: float(value) for name, value in data.get("loss", {}).items()},
        wanted=tuple(Wanted(v["id"], tuple(v["backends"]), v["weights"]) for v in data["variant"]),
        file=path,
    )
    return card.of(sources[0]) if sources else card


def _source(row: Mapping[str, Any], scale: float, offset: float) -> Source:
    return Source(
        str(row["format"]),
        tuple(_file(file) for file in row["file"]),
        float(row.get("scale", scale)),
        float(row.get("offset", offset)),
        _names(row["outputs"]) if "outputs" in row else None,
    )


def _file(row: Mapping[str, Any]) -> File:
    given = {name: row[name] for name in (f.name for f in fields(File)) if name in row}
    place = row.get("member") or row.get("path") or row.get("local") or urlsplit(str(row.get("url", ""))).path
    return File(**{"name": PurePosixPath(str(place)).name, **given, "bytes": int(row["bytes"])})


def _size(row: Mapping[str, Any], fit: str) -> Size:
    height, width = int(row["height"]), int(row["width"])
    return Size(str(row["id"]), Input(height, width, fit), (height, width))


def _names(table: Mapping[str, Any]) -> dict[str, str]:
    return {str(role): str(name) for role, name in table.items()}
