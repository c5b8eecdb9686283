"""The visitor's own pictures as a gallery: checks and bounds them, writes and reads an export file.

Does not store pictures (app/page/user_pictures.py does, in the browser) and does not read pixels.
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
SIDE = 192  # pixels of a thumbnail: twice the size of a card on a usual screen
THUMB = 65_536  # bytes: a thumbnail of pure noise has 40 kB as JPEG
LONGEST = 60  # characters of a name
WIDEST = 4096  # the most numbers in a feature vector
FILE = 32_000_000  # bytes of an exported file: 256 thumbnails of THUMB bytes and their features, in base64
PHOTO = (1024, 1024)  # a larger picture is scaled down before it is added

NO_FEATURES = array("f")  # of a picture that is not embedded yet

FULL = f"You can add at most {MOST} pictures. Remove some first."
NO_FILE = "That file contains no pictures from this page. Choose a file saved with “Export”."


class EmbeddingModel(NamedTuple):
    """The classifier that embedded a picture. Only features of the same classifier can be compared."""

    card: str  # the card's id and a hash of its files
    size: int  # numbers in a feature vector


def embedding_model(card: ModelCard, size: int) -> EmbeddingModel:
    """Identify a classifier by its card and the files of all backends, whose results differ only by
    rounding.
    """
    files = "".join(sorted(graph.sha256 for variant in card.variants for graph in variant.graphs))
    return EmbeddingModel(f"{card.id[: LONGEST - 9]}-{sha256(files.encode()).hexdigest()[:8]}", size)


@dataclass(frozen=True)
class Picture:
    """A picture's record. `features` have Euclidean length 1; `card` is that of their EmbeddingModel."""

    name: str
    card: str
    features: array[float]

    def of(self, model: EmbeddingModel) -> bool:
        """Whether this EmbeddingModel made the features."""
        return (self.card, len(self.features)) == model


class UserGallery:
    """The visitor's pictures by id."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """`rows` have id, name, card, features (bytes of float32). Damaged rows are skipped."""
        self.pictures: dict[str, Picture] = {}
        for row in rows:
            try:
                self.put(
                    str(row["id"]), picture(row["name"], row["card"], bytes(memoryview(row["features"])))
                )
            except (UserError, KeyError, TypeError):
                continue

    def put(self, id: str, added: Picture) -> None:
        """Add or replace a picture. Raises UserError when the gallery already has MOST pictures."""
        if id not in self.pictures and len(self.pictures) >= MOST:
            raise UserError(FULL)
        self.pictures[id] = added

    def of(self, model: EmbeddingModel) -> dict[str, Picture]:
        """The pictures that this EmbeddingModel embedded."""
        return {id: each for id, each in self.pictures.items() if each.of(model)}

    def stale(self, model: EmbeddingModel) -> list[str]:
        """The ids of the pictures that another classifier, or another build, embedded."""
        return [id for id, each in self.pictures.items() if not each.of(model)]

    def matrix(self, model: EmbeddingModel) -> bytes:
        """The features of the pictures of(model) as float32 [MOST, model.size]; unused rows are zero."""
        rows = (each.features for each in self.of(model).values())
        return array("f", chain.from_iterable(rows)).tobytes().ljust(4 * MOST * model.size, b"\0")


def picture(name: str, card: str, features: bytes) -> Picture:
    """A Picture from browser storage or from a file, checked. Raises UserError for bad features."""
    if not features or len(features) % 4 or len(features) > 4 * WIDEST:
        raise UserError(NO_FILE)
    numbers = array("f", features)
    length = hypot(*numbers)
    if not isfinite(length) or length == 0:
        raise UserError(NO_FILE)
    return Picture(short(name), str(card)[:LONGEST], array("f", (v / length for v in numbers)))


def short(name: str) -> str:
    """A picture's name, shortened for display."""
    return re.sub(r"\s+", " ", str(name)).strip()[:LONGEST] or "Picture"


def picture_id(thumbnail: bytes) -> str:
    """The id of a picture: a hash of its thumbnail."""
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
    also when a picture names `model` as its embedding model but has features of another size.
    """
    try:
        rows = json.loads(text)["pictures"] if len(text) <= FILE else ()
        if not isinstance(rows, list) or not rows:
            raise UserError(NO_FILE)
        if len(rows) > MOST:
            raise UserError(FULL)
        pictures = []
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
            pictures.append((added, thumbnail))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UserError(NO_FILE) from None
    return pictures


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from a JPEG's frame header, without decoding; None for other data."""
    at = 2 if data[:2] == b"\xff\xd8" else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # T.81, table B.1: SOF0 to SOF15
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
    return None
