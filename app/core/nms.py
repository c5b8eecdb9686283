"""select(): picks at most five faces from a detector's candidates (non-maximum suppression), in plain Python.

Does not draw. It computes the same as the `select` graph in models/graphs/wrap.py, for backends without TopK
and NonMaxSuppression. Its work is bounded: it reads 896 scores (short range) or 2304 (full range), compares
up to 128 candidates and returns five faces.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import mul

ROW = 17  # score, x0, y0, x1, y1, six (x, y)
FACES = 5
SHORTLIST = 128  # measured on portraits: a face has 6 to 22 candidates above SCORE, five faces have about 60
SCORE = 0.5
OVERLAP = 0.3

Box = tuple[float, float, float, float]


def select(candidates: Sequence[float]) -> array[float]:
    """`faces` [5,17] as 85 floats, best first; rows without a face are zero.

    `candidates`: rows of 17 float32, flattened: an array, or a memoryview of format "f". Each face is the
    mean of the candidates that it suppressed, weighted by score. Raises ValueError when the length is not a
    multiple of 17.
    """
    if len(candidates) % ROW:
        raise ValueError(f"{len(candidates)} numbers are not rows of {ROW}. Pass whole candidates.")
    confident = [(score, -n) for n, score in enumerate(candidates[::ROW]) if score > SCORE]
    best = sorted(confident, reverse=True)[:SHORTLIST]
    rows = [tuple(candidates[-n * ROW : (1 - n) * ROW]) for _, n in best]
    boxes = [_box(row) for row in rows]
    selected: list[int] = []
    for n, box in enumerate(boxes):
        if len(selected) == FACES:
            break
        if not any(_same(box, boxes[k]) for k in selected):
            selected.append(n)
    faces = array("f", bytes(4 * FACES * ROW))
    for place, k in enumerate(selected):
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
    """Whether the intersection of two boxes is more than OVERLAP of their union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return False
    common = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common > OVERLAP * union
