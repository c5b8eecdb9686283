"""Features of characters by a classifier's own graph under onnxruntime, and pairs that are nearly equal.

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
from publish.gallery.pictures import to_input

DUPLICATE_COSINE = 0.97  # from which two characters are reported as near-duplicates
BLOCK = 1024  # rows compared at once
MAX_COMPARED = 20_000  # characters compared with each other: 10^12 operations, about 20 s

Features = NDArray[np.float32]


class Classifier:
    """A classifier with its graph loaded, the variant that the page runs on WASM. `out` is dist/."""

    def __init__(self, card: ModelCard, out: Path) -> None:
        variant = card.variant("wasm-ort") or card.variants[0]
        self.card = card
        self._rgba = variant.rgba
        # One thread each: several pictures are embedded in parallel.
        self._session = Session((out / variant.graphs[0].path).read_bytes(), threads=1)

    def embed(self, square: Image.Image) -> Features:
        """The features [m], of length 1, of a square RGBA picture."""
        rgba = to_input(square, self.card.input.height, self.card.input.width, self._rgba)
        outputs = self._session.run_now({"rgba": rgba})
        vector = np.asarray(outputs["features"], np.float32).reshape(-1)
        return vector / max(float(np.linalg.norm(vector)), 1e-12)


def graph_hash(card: ModelCard) -> str:
    """The sha256 of the graph that `Classifier` runs, on which a classifier's features depend."""
    return (card.variant("wasm-ort") or card.variants[0]).graphs[0].sha256


def feature_count(card: ModelCard, out: Path) -> int:
    """The number of features of a classifier."""
    model = onnx.load((out / card.variants[0].graphs[0].path).as_posix())
    shape = next(output.type.tensor_type.shape for output in model.graph.output if output.name == "features")
    return int(shape.dim[-1].dim_value)


def near_duplicates(features: Features, names: Sequence[str]) -> list[tuple[str, str, float]]:
    """Pairs of names whose features [n,m] are nearly equal, with their cosine, most similar first.

    Compares the first MAX_COMPARED characters.
    """
    pairs = []
    features = features[:MAX_COMPARED]
    for start in range(0, len(features), BLOCK):
        cosines = features[start : start + BLOCK] @ features.T
        for i, j in zip(*np.nonzero(cosines >= DUPLICATE_COSINE), strict=True):
            if start + i < j:
                pairs.append((float(cosines[i, j]), start + int(i), int(j)))
    return [(names[i], names[j], cosine) for cosine, i, j in sorted(pairs, reverse=True)]
