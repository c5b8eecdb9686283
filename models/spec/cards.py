"""Reads the model cards, models/cards/*.toml.

Does not fetch or convert anything and imports no large package. rules.py says what a card may contain.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from app.core.card import Input, Size
from models.spec import rules
from models.spec.card import Card, CardError, File, Source, VariantSpec

FOLDER = Path(__file__).parents[1] / "cards"


def read(path: Path) -> Card:
    """The card in `path`. Raises CardError where it is not readable or breaks a rule."""
    name = f"models/cards/{path.name}"
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CardError(name, f"not readable as TOML ({error}).") from None
    try:
        rules.known(data)
        card = _card(data, path)
        rules.check(card)
    except KeyError as error:
        raise CardError(name, f"the entry {error} is missing.") from None
    except rules.RuleError as error:
        raise CardError(name, str(error)) from None
    except (TypeError, ValueError, AttributeError) as error:
        raise CardError(name, f"an entry has a value of the wrong type ({error}).") from None
    return card


def read_all(folder: Path = FOLDER) -> list[Card]:
    """All cards, sorted by file name. Raises CardError."""
    return [read(path) for path in sorted(folder.glob("*.toml"))]


def _card(data: Mapping[str, Any], path: Path) -> Card:
    input = data["input"]
    scale, offset = float(input["scale"]), float(input["offset"])
    fit = str(input["fit"])
    mask = data.get("mask", {"height": 0, "width": 0})
    sources = tuple(_source(row, scale, offset) for row in data["source"])
    card = Card(
        **{name: str(data[name]) for name in ("id", "title", "kind", "about", "licence", "credit")},
        sources=sources,
        input=Input(int(input["height"]), int(input["width"]), fit),
        scale=scale,
        offset=offset,
        sizes=tuple(_size(row, fit) for row in data.get("size", [])),
        mask=(int(mask["height"]), int(mask["width"])),
        outputs=_names(data.get("outputs", {})),
        gates={name: float(value) for name, value in data["gates"].items()},
        loss={name: float(value) for name, value in data.get("loss", {}).items()},
        variants=tuple(_variant(row) for row in data["variant"]),
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


def _variant(row: Mapping[str, Any]) -> VariantSpec:
    """A candidate. In cards from before models were compiled, "wasm" is onnxruntime-web's WASM."""
    backends = tuple("wasm-ort" if backend == "wasm" else backend for backend in row["backends"])
    return VariantSpec(row["id"], backends, row["weights"])


def _file(row: Mapping[str, Any]) -> File:
    values = {field.name: row[field.name] for field in fields(File) if field.name in row}
    place = row.get("member") or row.get("path") or row.get("local") or urlsplit(str(row.get("url", ""))).path
    return File(**{"name": PurePosixPath(str(place)).name, **values, "bytes": int(row["bytes"])})


def _size(row: Mapping[str, Any], fit: str) -> Size:
    height, width = int(row["height"]), int(row["width"])
    return Size(str(row["id"]), Input(height, width, fit), (height, width))


def _names(table: Mapping[str, Any]) -> dict[str, str]:
    return {str(role): str(name) for role, name in table.items()}
