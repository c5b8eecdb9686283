"""The visitor's own pictures as a gallery: what the browser keeps of each, checked and bounded.

Does not keep them: static/own.js does, in IndexedDB. Does not look at pixels.
"""

from __future__ import annotations

import json
import re
from array import array
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from math import hypot, isfinite
from typing import Any, NamedTuple

from app.core.card import ModelCard
from app.core.settings import MAX_FILE_MB, MAX_MEGAPIXELS

MOST = 256  # rows of the index's input
SIDE = 192  # pixels of a thumbnail: twice what a card shows on a usual screen
THUMB = 65_536  # bytes: a JPEG of that size with noise all over has 40 kB
LONGEST = 60  # characters of a name
WIDEST = 4096  # numbers of a classifier's features
FILE = 32_000_000  # bytes of an exported file: 256 thumbnails of THUMB bytes and their features, in base64
BOUNDS = {
    "photo": [1024, 1024],
    "megapixels": MAX_MEGAPIXELS,
    "megabytes": MAX_FILE_MB,
}  # of a picture to be added


class Refused(ValueError):
    """A sentence for the visitor."""


FULL = f"{MOST} pictures of your own are the most there can be. Remove some first."
NO_FILE = "That file holds no pictures from this page. Choose one that “Export” has made."


class EmbeddingModel(NamedTuple):
    """What has seen a picture: features of other weights, or of another number, cannot be compared."""

    card: str
    wide: int  # how many numbers it gives


def embedding_model(card: ModelCard, wide: int) -> EmbeddingModel:
    """A classifier, by its card and all its backends' files: what they give differs by rounding only."""
    files = "".join(sorted(graph.sha256 for variant in card.variants for graph in variant.graphs))
    return EmbeddingModel(f"{card.id[: LONGEST - 9]}-{sha256(files.encode()).hexdigest()[:8]}", wide)


@dataclass(frozen=True)
class Picture:
    """What is kept of a picture. `features` have the length 1; `card` is that of their EmbeddingModel."""

    name: str
    card: str
    features: array[float]

    def of(self, embedding_model: EmbeddingModel) -> bool:
        """Whether it can be compared with what a EmbeddingModel gives."""
        return (self.card, len(self.features)) == embedding_model


class UserGallery:
    """The pictures, by the id that the browser keeps them under."""

    def __init__(self, kept: Iterable[Mapping[str, Any]] = ()) -> None:
        """`kept`: id, name, card, features (bytes of float32). What is damaged is left out."""
        self.pictures: dict[str, Picture] = {}
        for row in kept:
            try:
                made = picture(row["name"], row["card"], bytes(memoryview(row["features"])))
                self.put(str(row["id"]), made)
            except (Refused, KeyError, TypeError):
                continue

    def put(self, id: str, kept: Picture) -> None:
        """Add one, or exchange it. Raises Refused when there are MOST."""
        if id not in self.pictures and len(self.pictures) >= MOST:
            raise Refused(FULL)
        self.pictures[id] = kept

    def of(self, embedding_model: EmbeddingModel) -> dict[str, Picture]:
        """The pictures that a EmbeddingModel has seen."""
        return {id: each for id, each in self.pictures.items() if each.of(embedding_model)}

    def stale(self, embedding_model: EmbeddingModel) -> list[str]:
        """The ids of the others: seen by another classifier, or in another build."""
        return [id for id, each in self.pictures.items() if not each.of(embedding_model)]

    def matrix(self, embedding_model: EmbeddingModel) -> bytes:
        """The features of those in `of`, in its order, as float32 [MOST, seer.wide]; unused rows are zero."""
        rows = (each.features for each in self.of(embedding_model).values())
        return array("f", chain.from_iterable(rows)).tobytes().ljust(4 * MOST * embedding_model.wide, b"\0")


def picture(name: str, card: str, features: bytes) -> Picture:
    """What is kept of a picture, made of what a browser or a file gave. Raises Refused."""
    if not features or len(features) % 4 or len(features) > 4 * WIDEST:
        raise Refused(NO_FILE)
    numbers = array("f", features)
    length = hypot(*numbers)
    if not isfinite(length) or length == 0:
        raise Refused(NO_FILE)
    shown = re.sub(r"\s+", " ", str(name)).strip()[:LONGEST]
    return Picture(shown or "Picture", str(card)[:LONGEST], array("f", (v / length for v in numbers)))


def exported(text: str, embedding_model: EmbeddingModel | None = None) -> list[tuple[Picture, bytes]]:
    """The pictures of a file that static/own.js wrote, each with its thumbnail, a JPEG of SIDE x SIDE.

    {"vitrine": 1, "pictures": [{"name", "card", "features": base64, "thumb": base64}]}. Raises Refused, also
    where one says that `seer` has seen it and has not as many numbers as that gives.
    """
    try:
        rows = json.loads(text)["pictures"] if len(text) <= FILE else ()
        if not isinstance(rows, list) or not rows:
            raise Refused(NO_FILE)
        if len(rows) > MOST:
            raise Refused(FULL)
        found = []
        for row in rows:
            thumb = b64decode(row["thumb"], validate=True)
            if len(thumb) > THUMB or jpeg(thumb) != (SIDE, SIDE):
                raise Refused(NO_FILE)
            kept = picture(row["name"], row["card"], b64decode(row["features"], validate=True))
            if embedding_model and kept.card == embedding_model.card and not kept.of(embedding_model):
                raise Refused(NO_FILE)
            found.append((kept, thumb))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(str(error) if isinstance(error, Refused) else NO_FILE) from None
    return found


def jpeg(data: bytes) -> tuple[int, int] | None:
    """Width and height as a JPEG's frame header says; None for what is no JPEG. Nothing is decoded."""
    at = 2 if data[:2] == b"\xff\xd8" else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # T.81, table B.1: SOF0 to SOF15
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + length
    return None
