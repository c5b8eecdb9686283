"""Every candidate of a card, made, stored and run natively: what bench/variants.py measures in the page.

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
from models.artifacts import file
from models.spec.cards import Card, Wanted
from models.verify import parity

Array = NDArray[Any]
Outputs = dict[str, Array]


@dataclass(frozen=True)
class Made:
    """One candidate: its stored graphs, and the bytes that compute natively what it computes in a page."""

    wanted: Wanted
    rgba: str
    stored: tuple[bytes, ...]
    native: tuple[bytes, ...]

    @property
    def bytes(self) -> int:
        """Size of all its graphs."""
        return sum(map(len, self.stored))

    def write(self, folder: Path) -> list[str]:
        """The graphs as files in a folder; gives their names."""
        names = [f"{self.wanted.id}.{n}.onnx" for n in range(len(self.stored))]
        for name, data in zip(names, self.stored, strict=True):
            (folder / name).write_bytes(data)
        return names

    def run(self, card: Card, pictures: Sequence[Array]) -> list[Outputs]:
        """The outputs for each picture, uint8 [1,H,W,4], by native onnxruntime."""
        dimensions = parity.dimensions(card)
        sessions = [Session(data, threads=1, dimensions=dimensions) for data in self.native]
        return [parity.run(card, sessions, picture.astype(self.rgba)) for picture in pictures]


def candidates(card: Card, network: onnx.ModelProto) -> list[Made]:
    """All that the card wants to be measured, of its imported network. Raises Failure."""
    return [_made(make.candidate(card, wanted, network)) for wanted in card.wanted]


def _made(found: make.Candidate) -> Made:
    stored, native = (tuple(map(file, models)) for models in (found.stored, found.native))
    return Made(found.wanted, found.rgba, stored, native)
