"""select(): from the detector's candidates to at most five faces, in plain Python.

Does not draw, and does the same as the `select` graph in models/graphs/wrap.py: for backends without TopK
and NonMaxSuppression. Bounded: 896 scores (short range) or 2304 (full range) are read, 128 candidates
compared, five faces kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import mul

ROW = 17  # score, x0, y0, x1, y1, six (x, y)
FACES = 5
SHORTLIST = 128  # a face gives 6 to 22 candidates above SCORE (portraits measured), five faces some 60
SCORE = 0.5
OVERLAP = 0.3

Box = tuple[float, float, float, float]


def select(candidates: Sequence[float]) -> array[float]:
    """`faces` [5,17] as 85 floats, best first, zeros where there is no face.

    `candidates` holds rows of 17 float32, flat: an array, or a memoryview of format "f"
    (one of another shape is read by `memoryview.cast`). Each face is the mean, weighted by
    score, of the candidates it suppressed. Raises ValueError where the length is no multiple of 17.
    """
    if len(candidates) % ROW:
        raise ValueError(f"candidates: {len(candidates)} numbers, not rows of {ROW}")
    sure = [(score, -n) for n, score in enumerate(candidates[::ROW]) if score > SCORE]
    best = sorted(sure, reverse=True)[:SHORTLIST]
    rows = [tuple(candidates[-n * ROW : (1 - n) * ROW]) for _, n in best]
    boxes = [_box(row) for row in rows]
    kept: list[int] = []
    for n, box in enumerate(boxes):
        if len(kept) == FACES:
            break
        if not any(_same(box, boxes[k]) for k in kept):
            kept.append(n)
    faces = array("f", bytes(4 * FACES * ROW))
    for place, k in enumerate(kept):
        group = [rows[n] for n, box in enumerate(boxes) if n == k or _same(boxes[k], box)]
        weights, *columns = zip(*group, strict=True)
        total = sum(weights)
        mean = [sum(map(mul, weights, column)) / total for column in columns]
        faces[place * ROW : (place + 1) * ROW] = array("f", [rows[k][0], *mean])
    return faces


def _box(row: Sequence[float]) -> Box:
    _, x0, y0, x1, y1 = row[:5]
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _same(a: Box, b: Box) -> bool:
    """Whether two boxes share more than OVERLAP of their union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return False
    common = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common > OVERLAP * union
