"""The visitor's own pictures as a gallery: checked and bounded, exported to one file and imported from it.

Does not store them (app/page/user_pictures.py does, in the browser) and does not look at pixels.
"""

from __future__ import annotations

import json
import re
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from math import hypot, isfinite
from typing import Any, NamedTuple

from app.core.card import ModelCard
from app.core.errors import UserError

MOST = 256  # rows of the index's input
SIDE = 192  # pixels of a thumbnail: twice what a card shows on a usual screen
THUMB = 65_536  # bytes: a JPEG of that size with noise all over has 40 kB
LONGEST = 60  # characters of a name
WIDEST = 4096  # numbers of a classifier's features
FILE = 32_000_000  # bytes of an exported file: 256 thumbnails of THUMB bytes and their features, in base64
PHOTO = (1024, 1024)  # a larger picture is made smaller before it is added

NO_FEATURES = array("f")  # of a picture whose features are still to be made

FULL = f"You can add at most {MOST} pictures. Remove some first."
NO_FILE = "That file contains no pictures from this page. Choose a file saved with “Export”."


class EmbeddingModel(NamedTuple):
    """What made a picture's features: those of other weights, or of another number, cannot be compared."""

    card: str
    size: int  # how many numbers it gives


def embedding_model(card: ModelCard, size: int) -> EmbeddingModel:
    """A classifier, by its card and all its backends' files: what they give differs by rounding only."""
    files = "".join(sorted(graph.sha256 for variant in card.variants for graph in variant.graphs))
    return EmbeddingModel(f"{card.id[: LONGEST - 9]}-{sha256(files.encode()).hexdigest()[:8]}", size)


@dataclass(frozen=True)
class Picture:
    """What is kept of a picture. `features` have the length 1; `card` names their EmbeddingModel."""

    name: str
    card: str
    features: array[float]

    def of(self, model: EmbeddingModel) -> bool:
        """Whether it can be compared with what this EmbeddingModel gives."""
        return (self.card, len(self.features)) == model


class UserGallery:
    """The pictures by id."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """`rows`: id, name, card, features (bytes of float32). A damaged row is left out."""
        self.pictures: dict[str, Picture] = {}
        for row in rows:
            try:
                self.put(
                    str(row["id"]), picture(row["name"], row["card"], bytes(memoryview(row["features"])))
                )
            except (UserError, KeyError, TypeError):
                continue

    def put(self, id: str, added: Picture) -> None:
        """Add a picture, or exchange it. Raises UserError when there are MOST."""
        if id not in self.pictures and len(self.pictures) >= MOST:
            raise UserError(FULL)
        self.pictures[id] = added

    def of(self, model: EmbeddingModel) -> dict[str, Picture]:
        """The pictures whose features this EmbeddingModel made."""
        return {id: each for id, each in self.pictures.items() if each.of(model)}

    def stale(self, model: EmbeddingModel) -> list[str]:
        """The ids of the others: another classifier, or another build, made their features."""
        return [id for id, each in self.pictures.items() if not each.of(model)]

    def matrix(self, model: EmbeddingModel) -> bytes:
        """The features of `of`, in its order, as float32 [MOST, model.size]; unused rows are zero."""
        rows = (each.features for each in self.of(model).values())
        return array("f", chain.from_iterable(rows)).tobytes().ljust(4 * MOST * model.size, b"\0")


def picture(name: str, card: str, features: bytes) -> Picture:
    """A Picture of what a browser or a file gave. Raises UserError."""
    if not features or len(features) % 4 or len(features) > 4 * WIDEST:
        raise UserError(NO_FILE)
    numbers = array("f", features)
    length = hypot(*numbers)
    if not isfinite(length) or length == 0:
        raise UserError(NO_FILE)
    return Picture(short(name), str(card)[:LONGEST], array("f", (v / length for v in numbers)))


def short(name: str) -> str:
    """A picture's name as it is shown."""
    return re.sub(r"\s+", " ", str(name)).strip()[:LONGEST] or "Picture"


def picture_id(thumbnail: bytes) -> str:
    """The same picture has the same id, wherever it comes from."""
    return sha256(thumbnail).hexdigest()[:24]


def to_file(pictures: Iterable[tuple[Picture, bytes]]) -> str:
    """The text of an exported file: each picture with its thumbnail. from_file reads it."""

    def text(data: bytes) -> str:
        return b64encode(data).decode()

    rows = [
        {"name": each.name, "card": each.card, "features": text(each.features.tobytes()), "thumb": text(data)}
        for each, data in pictures
    ]
    return json.dumps({"vitrine": 1, "pictures": rows}, separators=(",", ":"))


def from_file(text: str, model: EmbeddingModel | None = None) -> list[tuple[Picture, bytes]]:
    """The pictures of an exported file, each with its thumbnail, a JPEG of SIDE x SIDE.

    {"vitrine": 1, "pictures": [{"name", "card", "features": base64, "thumb": base64}]}. Raises UserError,
    also where a picture says that `model` made its features and has another number of them.
    """
    try:
        rows = json.loads(text)["pictures"] if len(text) <= FILE else ()
        if not isinstance(rows, list) or not rows:
            raise UserError(NO_FILE)
        if len(rows) > MOST:
            raise UserError(FULL)
        found = []
        for row in rows:
            thumbnail = b64decode(row["thumb"], validate=True)
            if len(thumbnail) > THUMB or jpeg_size(thumbnail) != (SIDE, SIDE):
                raise UserError(NO_FILE)
            features = b64decode(row["features"], validate=True)
            if features or row["card"]:
                added = picture(row["name"], row["card"], features)
            else:  # exported before its features were made
                added = Picture(short(row["name"]), "", NO_FEATURES)
            if model and added.card == model.card and not added.of(model):
                raise UserError(NO_FILE)
            found.append((added, thumbnail))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UserError(NO_FILE) from None
    return found


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as a JPEG's frame header says; None for what is no JPEG. Nothing is decoded."""
    at = 2 if data[:2] == b"\xff\xd8" else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # T.81, table B.1: SOF0 to SOF15
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
    return None
