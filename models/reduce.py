"""Features in fewer numbers: what tells the rows of a gallery apart, in bytes.

Does not search. The rows' middle and their main directions (principal components) are kept; a cosine with a
row is then face . middle + (face . basis) . row, and what a face has besides counts for no row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
SAMPLE = 20_000  # rows that the directions are taken from


class Reduced(NamedTuple):
    """Rows [n,m] as middle + (small.T * steps) @ basis.T, nearly."""

    middle: Array  # [m]
    basis: NDArray[np.float16]  # [m,d], the direction in which the rows differ most first
    steps: Array  # [d], what one of `small` is
    small: NDArray[np.int8]  # [d,n]


def reduced(rows: Array, d: int) -> Reduced:
    """The rows in `d` numbers of 8 bits each."""
    sample = rows[:: -(-len(rows) // SAMPLE)].astype(np.float64)
    middle = sample.mean(0)
    sample -= middle
    _, vectors = np.linalg.eigh(sample.T @ sample)
    basis = vectors[:, ::-1][:, :d].astype(np.float16)
    directions = basis.astype(np.float32)
    placed = rows @ directions - middle.astype(np.float32) @ directions
    steps = np.maximum(np.abs(placed).max(0) / 127, 1e-12).astype(np.float32)
    small = np.rint(placed / steps).astype(np.int8)
    return Reduced(middle.astype(np.float32), basis, steps, np.ascontiguousarray(small.T))
