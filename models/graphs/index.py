"""The index of a gallery: the characters whose features are nearest to a face's, in a form for each backend.

Does not make features or pictures and does not know what a character is called. For the gallery's build:
`indexes(features, out, stem)` and `own(m, out)` write graphs to out/galleries and give Variants. The graphs
themselves are in models/graphs/nearest.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core.card import Variant
from models.artifacts import file, kept
from models.graphs import nearest
from models.graphs.reduce import reduced
from models.graphs.text import OPSET

Array = NDArray[np.float32]
FOLDER = "galleries"  # in out: build_models sweeps out/models
NEAREST = 10  # app.core.gallery.NEAREST; a test compares them
OWN = 256  # rows of the visitor's own gallery
MOST = 1_000_000  # characters: 64 bytes are left for each
# On WebGPU it runs on WASM: a GPU would be asked for ten numbers only.
BACKENDS = {"index": ("wasm", "webgpu"), "index-webgl": ("webgl",)}

# Figures: docs/lookalike.md, by bench/knn.py.
# Numbers (characters x features) that are all compared, in float32: 33 MB, which a GPU has as one texture of
# 4,096 x 2,048. A gallery of more has no form for WebGL (the page takes WASM), and its features are reduced.
WHOLE = 1 << 23
BYTES = 1 << 26  # of the reduced ones, as stored
FEW, LISTED = 64, 256  # 48 and 256 lose none of the five nearest of 30,000, 64 and 128 lose 0.2 %


def indexes(features: NDArray[np.float32], out: Path, stem: str) -> tuple[Variant, ...]:
    """The index of a gallery; its files are out/galleries/{stem}-ID.HASH.onnx.

    `features` [n,m] float32, a row for each character, of any length. Inputs and outputs are those of
    app.core.gallery.Gallery. The second Variant, for WebGL, is left out where so many rows do not fit: the
    page then has to compare on WASM.
    Raises ValueError, with one sentence, for features that are not such a matrix.
    """
    rows = _checked(features)
    n, m = rows.shape
    k = min(NEAREST, n)
    if n * m <= WHOLE:
        forms = {"index": nearest.whole(rows, k), "index-webgl": nearest.whole_webgl(rows, k)}
    else:
        forms = {"index": nearest.listed(reduced(rows, min(m, BYTES // n)), k, min(FEW, m), min(LISTED, n))}
    return tuple(_variant(id, model, out, stem) for id, model in forms.items())


def own(m: int, out: Path) -> tuple[Variant, ...]:
    """The index of the visitor's own pictures: `gallery` [256,m] float32 is an input besides.

    Its rows have any length; those not used are zero and come last, with a likeness of -2. The files are
    out/galleries/own-{m}-ID.HASH.onnx.
    """
    forms = {id: nearest.own(m, OWN, NEAREST, webgl=id != "index") for id in BACKENDS}
    return tuple(_variant(id, model, out, f"own-{m}") for id, model in forms.items())


def _checked(features: NDArray[np.float32]) -> Array:
    """The features, each row of length 1. Raises ValueError."""
    if features.ndim != 2 or features.dtype != np.float32 or not features.size:
        raise ValueError(f"Features are float32 [n,m], not {features.dtype} {list(features.shape)}.")
    if len(features) > MOST:
        raise ValueError(f"A gallery has at most {MOST:,} characters, not {len(features):,}.")
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    whole = np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 0)
    if not whole.all():
        raise ValueError(f"The features of character {int(np.argmin(whole))} are zeros, or no numbers.")
    return np.asarray(features / lengths, np.float32)


def _variant(id: str, model: onnx.ModelProto, out: Path, stem: str) -> Variant:
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    return Variant(id, BACKENDS[id], (kept(f"{stem}-{id}", file(model), out, FOLDER),), opset=OPSET)
