"""Index graphs as ONNX text: smooth a face over time, compare it with rows by cosine, take the largest.

Does not know the source of the rows and does not choose the form of a graph (index.py does).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from models.graphs.reduce import Reduced
from models.graphs.text import text

Array = NDArray[np.float32]
Weights = Mapping[str, NDArray[np.generic]]

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

# WASM folds the Cast of a constant when it loads the graph, so that a run computes in float32.
EXACT = """
  rows = Cast <to = 1> (small)
  products = MatMul (face, rows)
  all = Mul (products, scales)"""
TOP = """
  likeness, places = TopK <axis = 1> (all, most)
  which = Cast <to = 1> (places)"""

# The first numbers of every row choose a shortlist, and all numbers of its rows decide. The shortlist is
# sorted by row, so that of equal rows the first comes first.
SHORTLISTED = """
  offset = MatMul (face, middle)
  directions = Cast <to = 1> (basis)
  placed = MatMul (face, directions)
  asked = Mul (placed, weights)
  rough_small = Slice (small, first, few, numbers_axis)
  rough_turned = Transpose <perm = [1, 0]> (rough_small)
  rough_rows = Cast <to = 1> (rough_turned)
  rough_asked = Slice (asked, first, few, numbers_axis)
  rough_products = MatMul (rough_asked, rough_rows)
  rough = Mul (rough_products, scales)
  best_rough, found = TopK <axis = 1> (rough, listed)
  numbers, order = TopK <axis = 1, largest = 0> (found, listed)
  list = Squeeze (numbers, rows_axis)
  small_list = Gather (small, list)
  listed_rows = Cast <to = 1> (small_list)
  listed_turned = Transpose <perm = [1, 0]> (listed_rows)
  listed_products = MatMul (asked, listed_turned)
  listed_scales = Gather <axis = 1> (scales, list)
  products = Mul (listed_products, listed_scales)
  all = Add (products, offset)
  likeness, places = TopK <axis = 1> (all, most)
  which_numbers = Gather (list, places)
  which = Cast <to = 1> (which_numbers)"""

# `gallery` is an input: its rows may have any length; unused rows are zero.
USER = """
  turned = Transpose <perm = [1, 0]> (gallery)
  products = MatMul (face, turned)
  squares = Mul (gallery, gallery)
  column = MatMul (squares, ones)
  sums = Transpose <perm = [1, 0]> (column)
  safe_sums = Add (sums, tiny)
  lengths = Sqrt (safe_sums)
  cosines = Div (products, lengths)
  large = Mul (sums, million)
  used = Clip (large, nought, two)
  missing = Sub (used, two)
  all = Add (cosines, missing)"""


def exact(rows: Array, k: int) -> onnx.ModelProto:
    """Compares all numbers of the rows [n,m], each of length 1, stored as int8 (largest 127)."""
    small, scales = _bytes(rows)
    weights: Weights = {"small": np.ascontiguousarray(small.T), "scales": scales[None], "most": _ints(k)}
    return _graph(rows.shape[1], k, EXACT + TOP, weights)


def shortlisted(rows: Reduced, k: int, few: int, shortlist: int) -> onnx.ModelProto:
    """Compares reduced rows: `few` of their numbers choose `shortlist` rows, all numbers decide."""
    weights: Weights = {
        "middle": rows.middle[:, None],
        "basis": rows.basis,
        "weights": rows.weights[None],
        "scales": rows.scales[None],
        "small": rows.small,
        "first": _ints(0),
        "few": _ints(few),
        "rows_axis": _ints(0),
        "numbers_axis": _ints(1),
        "listed": _ints(shortlist),
        "most": _ints(k),
    }
    return _graph(len(rows.middle), k, SHORTLISTED, weights)


def user(m: int, rows: int, k: int) -> onnx.ModelProto:
    """Compares with the input `gallery` [rows,m]; rows of zeros come last, with a likeness of -2."""
    weights: Weights = {
        "million": np.array([1e6], np.float32),
        "nought": np.array(0, np.float32),
        "two": np.array(2, np.float32),
        "most": _ints(k),
    }
    return _graph(m, k, USER + TOP, weights, f", float[{rows},{m}] gallery")


def _graph(m: int, k: int, lines: str, weights: Weights, extra: str = "") -> onnx.ModelProto:
    inputs = f"float[1,{m}] features, float[1,{m}] memory, float[1] keep{extra}"
    results = f"float[1,{m}] seen, float[1,{k}] likeness, float[1,{k}] which"
    constants = {"ones": np.ones((m, 1), np.float32), "tiny": np.array([1e-12], np.float32), **weights}
    return text(f"index ({inputs}) => ({results}) {{{FACE}{lines}\n}}", constants)


def _bytes(rows: Array) -> tuple[NDArray[np.int8], Array]:
    """Rows [n,m] as int8, and the factor by which each row gets the length 1."""
    small = np.rint(rows * (127 / np.abs(rows).max(1, keepdims=True))).astype(np.int8)
    lengths = np.sqrt(np.square(small, dtype=np.int32).sum(1))
    return small, (1 / lengths).astype(np.float32)


def _ints(*numbers: int) -> NDArray[np.generic]:
    return np.array(numbers, np.int64)
