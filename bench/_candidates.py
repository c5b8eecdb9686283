"""Makes, stores and natively runs every candidate of a card, for bench/variants.py.

Does not open a browser and chooses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray

from app.native.session import Session
from models import make
from models.artifacts import serialize
from models.spec.card import Card, VariantSpec
from models.verify import parity

Array = NDArray[Any]
Outputs = dict[str, Array]


@dataclass(frozen=True)
class StoredCandidate:
    """One candidate: its stored graphs, and graphs that compute natively what those compute in the page."""

    spec: VariantSpec
    rgba: str
    stored: tuple[bytes, ...]
    native: tuple[bytes, ...]

    @property
    def bytes(self) -> int:
        """Size of all stored graphs."""
        return sum(map(len, self.stored))

    def write(self, folder: Path) -> list[str]:
        """Write the stored graphs to a folder; returns their names."""
        names = [f"{self.spec.id}.{n}.onnx" for n in range(len(self.stored))]
        for name, data in zip(names, self.stored, strict=True):
            (folder / name).write_bytes(data)
        return names

    def run(self, card: Card, pictures: Sequence[Array]) -> list[Outputs]:
        """The outputs for each picture, uint8 [1,H,W,4], by native onnxruntime."""
        dimensions = parity.dimensions(card)
        sessions = [Session(data, threads=1, dimensions=dimensions) for data in self.native]
        return [parity.run(card, sessions, picture.astype(self.rgba)) for picture in pictures]


def candidates(card: Card, network: onnx.ModelProto) -> list[StoredCandidate]:
    """Every candidate of a card, made from its imported network. Raises as models.make.candidate."""
    return [_stored(make.candidate(card, spec, network)) for spec in card.variants]


def _stored(candidate: make.Candidate) -> StoredCandidate:
    stored, native = (tuple(map(serialize, graphs)) for graphs in (candidate.stored, candidate.native))
    return StoredCandidate(candidate.spec, candidate.rgba, stored, native)
