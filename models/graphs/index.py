"""The index of a gallery: graphs that find the rows nearest to a face's features, one for each backend.

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

Array = NDArray[np.float32]
FOLDER = "galleries"  # in out; build_models removes unknown files from out/models
NEAREST = 10  # app.core.gallery.NEAREST; a test compares them
USER_ROWS = 256  # of the visitor's own pictures
MOST = 1_000_000  # rows, which leaves 64 bytes for each
# With WebGPU the index runs on WASM: its result is ten numbers only.
BACKENDS = {"index": ("wasm", "webgpu"), "index-webgl": ("webgl",)}

# Figures: docs/lookalike.md, measured by bench/knn.py.
# Up to this many numbers (rows x features) are compared exactly: 33 MB of float32, which a GPU holds as one
# texture of 4,096 x 2,048. The features of a larger gallery are reduced, and it has no index for WebGL: the
# page then uses WASM.
EXACT = 1 << 23
BYTES = 1 << 26  # of the reduced features
# Numbers that choose the shortlist, and its rows. 48 and 256 lose none of the five nearest of 30,000 rows, 64
# and 128 lose 0.2 %.
FEW, SHORTLIST = 64, 256


def indexes(features: NDArray[np.float32], out: Path, stem: str) -> tuple[Variant, ...]:
    """The index of a gallery; its files are out/galleries/{stem}-ID.HASH.onnx.

    `features` [n,m] float32 has a row for each character; rows may have any length. Inputs and outputs are
    those of app.core.gallery.Gallery. A gallery too large for WebGL has no second Variant.
    Raises ValueError for features that are not such a matrix.
    """
    rows = _checked(features)
    n, m = rows.shape
    k = min(NEAREST, n)
    if n * m <= EXACT:
        forms = {"index": nearest.exact(rows, k), "index-webgl": nearest.exact_webgl(rows, k)}
    else:
        forms = {
            "index": nearest.shortlisted(reduced(rows, min(m, BYTES // n)), k, min(FEW, m), min(SHORTLIST, n))
        }
    return tuple(_variant(id, model, out, stem) for id, model in forms.items())


def user_indexes(m: int, out: Path) -> tuple[Variant, ...]:
    """The index of the visitor's own pictures, with the further input `gallery` [256,m] float32.

    Its rows may have any length; unused rows are zero and come last, with a likeness of -2. The files are
    out/galleries/own-{m}-ID.HASH.onnx.
    """
    forms = {id: nearest.user(m, USER_ROWS, NEAREST, webgl=id != "index") for id in BACKENDS}
    return tuple(_variant(id, model, out, f"own-{m}") for id, model in forms.items())


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


def _variant(id: str, model: onnx.ModelProto, out: Path, stem: str) -> Variant:
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    graph = artifacts.write(f"{stem}-{id}", artifacts.serialize(model), out, FOLDER)
    return Variant(id, BACKENDS[id], (graph,), opset=OPSET)
