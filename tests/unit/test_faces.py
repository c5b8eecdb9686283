"""app.core.nms: the choice of faces, on candidates small enough to reckon by hand."""

from __future__ import annotations

from array import array
from time import perf_counter

import pytest

from app.core.nms import FACES, ROW, select

Row = list[float]


def row(score: float, x: float, y: float, size: float = 0.2) -> Row:
    return [score, x, y, x + size, y + size, *([x, y] * 6)]


def candidates(*rows: Row) -> array[float]:
    filled = [*rows, *([0.1, *[0.5] * 16] for _ in range(896 - len(rows)))]
    return array("f", [number for one in filled for number in one])


def faces(flat: array[float]) -> list[Row]:
    return [list(flat[i : i + ROW]) for i in range(0, len(flat), ROW)]


def test_nothing_above_the_threshold_gives_zero_rows() -> None:
    assert list(select(candidates(row(0.5, 0.1, 0.1)))) == [0.0] * (FACES * ROW)


def test_overlapping_candidates_become_their_mean_weighted_by_score() -> None:
    found = faces(select(candidates(row(0.6, 0.12, 0.3), row(0.9, 0.10, 0.3))))
    assert found[0][0] == pytest.approx(0.9)
    assert found[0][1] == pytest.approx((0.6 * 0.12 + 0.9 * 0.10) / 1.5)
    assert found[0][2] == pytest.approx(0.3)
    assert found[1] == [0.0] * ROW


def test_faces_apart_are_kept_best_first_and_at_most_five() -> None:
    rows = [row(0.6 + 0.05 * n, 0.15 * n, 0.1, 0.1) for n in range(6)]
    found = faces(select(candidates(*rows)))
    assert [round(one[0], 2) for one in found] == [0.85, 0.8, 0.75, 0.7, 0.65]


def test_a_memoryview_is_taken_as_well() -> None:
    numbers = candidates(row(0.9, 0.1, 0.3))
    assert select(memoryview(numbers)) == select(numbers)


def test_a_broken_length_is_said() -> None:
    with pytest.raises(ValueError, match="not rows of 17"):
        select(array("f", [0.0] * 18))


def test_the_worst_case_is_bounded() -> None:
    """896 candidates that are all sure, all at one place: 128 are compared."""
    worst = candidates(*(row(0.9, 0.1 + n * 1e-5, 0.1) for n in range(896)))
    start = perf_counter()
    select(worst)
    assert perf_counter() - start < 0.1
