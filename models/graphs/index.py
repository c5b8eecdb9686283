"""The index of a gallery: a graph that finds the rows nearest to a face's features, compiled and as ONNX.

Does not compute features or pictures and does not know the names of characters. `indexes` and `user_indexes`
write graphs to out/galleries for the gallery's build. The graphs themselves are in models/graphs/nearest.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core.card import Variant
from models import artifacts
from models.artifacts import OPSET
from models.graphs import nearest
from models.graphs.reduce import reduced
from models.variants import compiled

Array = NDArray[np.float32]
FOLDER = "galleries"  # in out; build_models removes unknown files from out/models
NEAREST = 10  # app.core.gallery.NEAREST; a test compares them
USER_ROWS = 256  # of the visitor's own pictures
MOST = 1_000_000  # rows, which leaves 64 bytes for each

# With a GPU the index runs on the processor, too: its result is ten numbers only.
BACKENDS = ("wasm", "webgpu", "webgl")

# Figures: docs/lookalike.md, measured by bench/knn.py.
# Up to this many numbers (rows x features) are compared exactly: 33 MB of float32. The features of a larger
# gallery are reduced.
EXACT = 1 << 23
BYTES = 1 << 26  # of the reduced features
# Numbers that choose the shortlist, and its rows. 48 and 256 lose none of the five nearest of 30,000 rows, 64
# and 128 lose 0.2 %.
FEW, SHORTLIST = 64, 256


def indexes(features: NDArray[np.float32], out: Path, stem: str) -> tuple[Variant, ...]:
    """The index of a gallery; its files are out/galleries/{stem}-ID.HASH.onnx.

    `features` [n,m] float32 has a row for each character; rows may have any length. Inputs and outputs are
    those of app.core.gallery.Gallery.
    Raises ValueError for features that are not such a matrix.
    """
    rows = _checked(features)
    n, m = rows.shape
    k = min(NEAREST, n)
    if n * m <= EXACT:
        return _variants(nearest.exact(rows, k), out, stem)
    model = nearest.shortlisted(reduced(rows, min(m, BYTES // n)), k, min(FEW, m), min(SHORTLIST, n))
    return _variants(model, out, stem, large=True)


def user_indexes(m: int, out: Path) -> tuple[Variant, ...]:
    """The index of the visitor's own pictures, with the further input `gallery` [256,m] float32.

    Its rows may have any length; unused rows are zero and come last, with a likeness of -2. The files are
    out/galleries/own-{m}-ID.HASH.onnx.
    """
    return _variants(nearest.user(m, USER_ROWS, NEAREST), out, f"own-{m}")


def _checked(features: NDArray[np.float32]) -> Array:
    """The features, each row of length 1. Raises ValueError."""
    if features.ndim != 2 or features.dtype != np.float32 or not features.size:
        raise ValueError(f"Features must be float32 [n,m], not {features.dtype} {list(features.shape)}.")
    if len(features) > MOST:
        raise ValueError(f"A gallery can have at most {MOST:,} characters, not {len(features):,}.")
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    usable = np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)
    if not usable.all():
        raise ValueError(f"The features of character {int(np.argmin(usable))} are zero or not finite.")
    return np.asarray(features / lengths, np.float32)


def _variants(model: onnx.ModelProto, out: Path, stem: str, large: bool = False) -> tuple[Variant, ...]:
    """The compiled Variants of an index that is not large, and the one for onnxruntime."""
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    graph = artifacts.write(f"{stem}-index", artifacts.serialize(model), out, FOLDER)
    if large:  # compiled, its rows would be float32; onnxruntime-web runs it beside a compiled model
        return (Variant("index", ("wasm", "wasm-ort", "webgpu"), (graph,), opset=OPSET),)
    made = compiled.beside(model, f"{stem}-index", BACKENDS, out, FOLDER)
    return (*made, Variant("index", ("wasm-ort",), (graph,), opset=OPSET))
