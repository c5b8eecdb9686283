"""The index graph: the characters whose features are nearest to a face's, the face smoothed over time.

Does not make features or pictures and does not know what a character is called. For the gallery's build:
`indexes(features, out, stem)` and `own(m, out)` write graphs to out/galleries and give Variants.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, isqrt
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from app.card import Variant
from models.graph import OPSET, text
from models.named import file, kept

Array = NDArray[np.float32]
Weights = Mapping[str, NDArray[np.generic]]
FOLDER = "galleries"  # in out: build_models sweeps out/models
NEAREST = 10  # app.gallery.NEAREST; a test compares them
OWN = 256  # rows of the visitor's own gallery
MOST = 1 << 24  # float32 has every whole number up to here
WASM, WEBGL = ("wasm", "webgpu"), ("webgl",)  # the backends that compute it on WASM, and the other

UNIT = """
  square_of_{x} = Mul ({x}, {x})
  sum_of_{x} = MatMul (square_of_{x}, ones)
  safe_{x} = Add (sum_of_{x}, tiny)
  length_of_{x} = Sqrt (safe_{x})
  {y} = Div ({x}, length_of_{x})"""
FACE = f"""{UNIT.format(x="features", y="unit")}
  change = Sub (memory, unit)
  held = Mul (change, keep)
  seen = Add (unit, held){UNIT.format(x="seen", y="face")}"""

STORED = """
  rows = Cast <to = 1> (small)
  products = MatMul (face, rows)
  all = Mul (products, scales)"""
EXACT = """
  products = MatMul (face, rows)
  all = Add (products, present)"""
GIVEN = """
  products = Gemm <transB = 1> (face, gallery)
  squares = Mul (gallery, gallery)
  sums = Gemm <transB = 1> (line, squares)
  safe_sums = Add (sums, tiny)
  lengths = Sqrt (safe_sums)
  cosines = Div (products, lengths)
  large = Mul (sums, million)
  filled = Clip (large, nought, two)
  moved = Sub (filled, two)
  all = Add (cosines, moved)"""

TOP = """
  likeness, places = TopK <axis = 1> (all, most)
  which = Cast <to = 1> (places)"""


def indexes(features: NDArray[np.float32], out: Path, stem: str) -> tuple[Variant, ...]:
    """The index of a gallery, in a form for each backend; the files are out/galleries/{stem}-ID.HASH.onnx.

    `features` [n,m] float32, a row for each character (of length 1; the graph divides by lengths anyway).
    Inputs and outputs are those of app.gallery.Gallery. A backend that cannot have so many rows has no form.
    Raises ValueError, with one sentence, for features that are not such a matrix.
    """
    rows = _checked(features)
    n, m = rows.shape
    most = np.abs(rows).max(axis=1, keepdims=True)
    small = np.rint(rows / most * 127).astype(np.int8)
    scales = (1 / np.linalg.norm(small.astype(np.float32), axis=1)).astype(np.float32)
    k = min(NEAREST, n)
    wasm = _graph(m, k, STORED + TOP, {"small": small.T, "scales": scales[None], **_most(k)})
    wide = isqrt(n - 1) + 1
    high = ceil(n / wide)
    columns = np.zeros((m, wide * high), np.float32)
    columns[:, :n] = (small * scales[:, None]).T
    present = np.where(np.arange(wide * high) < n, 0, -4).astype(np.float32)[None]
    lines, weights = _largest(k, high, wide)
    webgl = _graph(m, k, EXACT + lines, {"rows": columns, "present": present, **weights})
    return (
        _variant("index", WASM, wasm, out, stem),
        _variant("index-webgl", WEBGL, webgl, out, stem),
    )


def own(m: int, out: Path) -> tuple[Variant, ...]:
    """The index of the visitor's own pictures: `gallery` [256,m] float32 is an input besides.

    Rows that are not used are zero and come last, with a likeness of -2; the files are
    out/galleries/own-M-ID.HASH.onnx.
    """
    extra = f", float[{OWN},{m}] gallery"
    numbers: Weights = {
        "line": np.ones((1, m), np.float32),
        "million": np.array([1e6], np.float32),
        "nought": np.array(0, np.float32),
        "two": np.array(2, np.float32),
    }
    side = isqrt(OWN)
    lines, weights = _largest(NEAREST, side, side)
    wasm = _graph(m, NEAREST, GIVEN + TOP, {**numbers, **_most(NEAREST)}, extra)
    webgl = _graph(m, NEAREST, GIVEN + lines, {**numbers, **weights}, extra)
    return (
        _variant("index", WASM, wasm, out, f"own-{m}"),
        _variant("index-webgl", WEBGL, webgl, out, f"own-{m}"),
    )


def _graph(m: int, k: int, lines: str, weights: Weights, extra: str = "") -> onnx.ModelProto:
    given = f"float[1,{m}] features, float[1,{m}] memory, float[1] keep{extra}"
    found = f"float[1,{m}] seen, float[1,{k}] likeness, float[1,{k}] which"
    every = {"ones": np.ones((m, 1), np.float32), "tiny": np.array([1e-12], np.float32), **weights}
    return text(f"index ({given}) => ({found}) {{{FACE}{lines}\n}}", every)


def _most(k: int) -> Weights:
    return {"most": np.array([k], np.int64)}


def _largest(k: int, high: int, wide: int) -> tuple[str, Weights]:
    """TopK of `all` [1,high*wide] without TopK: the largest, its place, without it, again."""
    lines, left, n = [], "all", high * wide
    for i in range(k):
        lines.append(f"""
  table_{i} = Reshape ({left}, sides)
  of_rows_{i} = ReduceMax <axes = [1]> (table_{i})
  best_{i} = ReduceMax <axes = [0]> (of_rows_{i})
  equal_{i} = Equal ({left}, best_{i})
  these_{i} = Cast <to = 1> (equal_{i})
  ranked_{i} = Mul (these_{i}, ranks)
  ranked_table_{i} = Reshape (ranked_{i}, sides)
  rank_of_rows_{i} = ReduceMax <axes = [1]> (ranked_table_{i})
  first_{i} = ReduceMax <axes = [0]> (rank_of_rows_{i})
  equal_first_{i} = Equal (ranked_{i}, first_{i})
  this_{i} = Cast <to = 1> (equal_first_{i})
  drop_{i} = Mul (this_{i}, far)
  left_{i} = Sub ({left}, drop_{i})""")
        left = f"left_{i}"
    lines[-1] = lines[-1].partition(f"\n  equal_first_{k - 1}")[0]
    lines.append(f"""
  likeness = Concat <axis = 1> ({", ".join(f"best_{i}" for i in range(k))})
  firsts = Concat <axis = 1> ({", ".join(f"first_{i}" for i in range(k))})
  which = Sub (count, firsts)""")
    return "".join(lines), {
        "sides": np.array([high, wide], np.int64),
        "ranks": np.arange(n, 0, -1, dtype=np.float32)[None],
        "count": np.array([n], np.float32),
        "far": np.array([8], np.float32),
    }


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


def _variant(id: str, backends: tuple[str, ...], model: onnx.ModelProto, out: Path, stem: str) -> Variant:
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    return Variant(id, backends, (kept(f"{stem}-{id}", file(model), out, FOLDER),), opset=OPSET)
