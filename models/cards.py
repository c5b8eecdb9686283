"""Reads models/cards/*.toml: what is published, where, and what this project makes of it.

Does not fetch or convert anything, and imports nothing heavy.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from app.card import Input

FOLDER = Path(__file__).parent / "cards"
KINDS = ("segmenter", "detector")
FITS = ("stretch", "letterbox")
WEIGHTS = ("fp32", "fp16")
BACKENDS = ("wasm", "webgl", "webgpu")


class CardError(ValueError):
    """A card that cannot be used; the message names the file and the line to change."""


@dataclass(frozen=True)
class Source:
    """One place a published file is found at: a path in an npm package, or a URL."""

    npm: str = ""
    version: str = ""
    path: str = ""
    url: str = ""

    def __str__(self) -> str:
        return self.url or f"npm {self.npm} {self.version}: {self.path}"


@dataclass(frozen=True)
class Wanted:
    """A variant to make: how its weights are stored and where it has to run."""

    id: str
    backends: tuple[str, ...]
    weights: str


@dataclass(frozen=True)
class Card:
    """One card file, checked."""

    id: str
    title: str
    kind: str
    about: str
    licence: str
    credit: str
    sha256: str
    bytes: int
    sources: tuple[Source, ...]
    input: Input
    scale: float  # the model takes byte * scale + offset
    offset: float
    mask: tuple[int, int]  # (h, w)
    gates: Mapping[str, float]  # largest difference from the published model, as a part of its range
    wanted: tuple[Wanted, ...]
    file: Path


def read(path: Path) -> Card:
    """The card in `path`. Raises CardError, with one sentence, for anything that is not a good card."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CardError(f"models/cards/{path.name}: not readable as TOML: {error}") from None
    try:
        card = _card(data, path)
        _check(card)
    except KeyError as error:
        raise CardError(f"models/cards/{path.name}: the entry {error} is missing") from None
    except (TypeError, ValueError) as error:
        raise CardError(f"models/cards/{path.name}: {error}") from None
    return card


def read_all(folder: Path = FOLDER) -> list[Card]:
    """All cards, by file name. Raises CardError."""
    return [read(path) for path in sorted(folder.glob("*.toml"))]


def _card(data: Mapping[str, Any], path: Path) -> Card:
    taken = data["input"]
    names = {f.name for f in fields(Source)}
    return Card(
        **{name: str(data[name]) for name in ("id", "title", "kind", "about", "licence", "credit", "sha256")},
        bytes=int(data["bytes"]),
        sources=tuple(Source(**{k: v for k, v in row.items() if k in names}) for row in data["source"]),
        input=Input(int(taken["height"]), int(taken["width"]), str(taken["fit"])),
        scale=float(taken["scale"]),
        offset=float(taken["offset"]),
        mask=(int(data["mask"]["height"]), int(data["mask"]["width"])),
        gates={name: float(value) for name, value in data["gates"].items()},
        wanted=tuple(Wanted(v["id"], tuple(v["backends"]), v["weights"]) for v in data["variant"]),
        file=path,
    )


def _check(card: Card) -> None:
    """Raises ValueError for values no graph can be made of."""
    if card.id != card.file.stem:
        raise ValueError(f"the id {card.id!r} is not the file's name")
    _one_of("kind", card.kind, KINDS)
    _one_of("input.fit", card.input.fit, FITS)
    if len(card.sha256) != 64 or set(card.sha256) - set("0123456789abcdef"):
        raise ValueError("sha256 takes 64 small hexadecimal digits")
    if not 0 < card.bytes <= 1 << 28:
        raise ValueError(f"bytes = {card.bytes}: between 1 and 268435456")
    for name, size in (("input", (card.input.height, card.input.width)), ("mask", card.mask)):
        if not all(16 <= n <= 1024 for n in size):
            raise ValueError(f"{name}: height and width are between 16 and 1024")
    if card.scale <= 0:
        raise ValueError("input.scale is above 0")
    if not card.sources or not card.wanted:
        raise ValueError("at least one [[source]] and one [[variant]] are needed")
    for source in card.sources:
        if not (source.url or (source.npm and source.version and source.path)):
            raise ValueError("a [[source]] takes url, or npm with version and path")
        if source.url and not source.url.startswith("https://"):
            raise ValueError(f"source {source.url}: only https is fetched")
    for wanted in card.wanted:
        _one_of(f"variant {wanted.id}: weights", wanted.weights, WEIGHTS)
        for backend in wanted.backends:
            _one_of(f"variant {wanted.id}: backends", backend, BACKENDS)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}: one of {', '.join(allowed)}")
