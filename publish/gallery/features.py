"""What a classifier sees in each character, by its own graph under onnxruntime.

Does not compare characters with faces: the index graph does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from PIL import Image

from app.core.card import ModelCard
from app.native.session import Session
from publish.gallery.pictures import laid

ALIKE = 0.97  # cosine from which two characters are told to be near-duplicates
ROWS = 1024  # compared at once
MOST = 20_000  # compared with each other: 10^12 operations, some 20 s

Features = NDArray[np.float32]


class Classifier:
    """A classifier's card with its graphs loaded, the one that the page runs on WASM. `out` is dist/."""

    def __init__(self, card: ModelCard, out: Path) -> None:
        variant = card.variant("wasm") or card.variants[0]
        self.card = card
        self._rgba = variant.rgba
        # One thread each: several pictures are looked at side by side.
        self._session = Session((out / variant.graphs[0].path).read_bytes(), threads=1)

    def see(self, square: Image.Image) -> Features:
        """The features [m] of an RGBA square, of length 1."""
        rgba = laid(square, self.card.input.height, self.card.input.width, self._rgba)
        found = self._session.run_now({"rgba": rgba})["features"]
        seen = np.asarray(found, np.float32).reshape(-1)
        return seen / max(float(np.linalg.norm(seen)), 1e-12)


def graph(card: ModelCard) -> str:
    """What a classifier's features depend on: the sha256 of the graph that `Classifier` runs."""
    return (card.variant("wasm") or card.variants[0]).graphs[0].sha256


def length(card: ModelCard, out: Path) -> int:
    """How many features a classifier has."""
    model = onnx.load((out / card.variants[0].graphs[0].path).as_posix())
    shape = next(output.type.tensor_type.shape for output in model.graph.output if output.name == "features")
    return int(shape.dim[-1].dim_value)


def alike(features: Features, names: Sequence[str]) -> list[tuple[str, str, float]]:
    """Pairs that look the same to the classifier, by cosine, nearest first; of the first MOST characters."""
    pairs = []
    features = features[:MOST]
    for start in range(0, len(features), ROWS):
        cosines = features[start : start + ROWS] @ features.T
        for i, j in zip(*np.nonzero(cosines >= ALIKE), strict=True):
            if start + i < j:
                pairs.append((float(cosines[i, j]), start + int(i), int(j)))
    return [(names[i], names[j], cosine) for cosine, i, j in sorted(pairs, reverse=True)]
