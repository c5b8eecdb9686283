"""Differences: how much a Sample differs from an earlier one; the part of the Compositor that remembers it.

Does not draw.
"""

from __future__ import annotations

import numpy as np

from app.core.economy import UNKNOWN
from app.core.ports import Sample
from app.native.texture import Pixels

TILE = 16, 32  # rows and columns; static/pixels.js has the same


class Differences:
    """See `difference` and `remember` of Compositor in app.core.ports."""

    _now: Pixels | None = None  # the sample that `difference` was given last
    _kept: Pixels | None = None

    def difference(self, sample: Sample) -> float:
        """See Compositor in app.core.ports."""
        now: Pixels = sample.pixels
        self._now = now
        if self._kept is None or self._kept.shape != now.shape:
            return UNKNOWN
        apart = np.abs(now[..., :3].astype(np.float32) - self._kept[..., :3]).mean(2)
        rows, columns = (side // part for side, part in zip(apart.shape, TILE, strict=True))
        whole = apart[: rows * TILE[0], : columns * TILE[1]]
        tiles = whole.reshape(rows, TILE[0], columns, TILE[1]).mean((1, 3))
        return float(tiles.max(initial=0.0))

    def remember(self, sample: Sample) -> None:
        """See Compositor in app.core.ports."""
        self._kept = self._now
