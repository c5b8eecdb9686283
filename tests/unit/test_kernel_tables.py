"""bench/_kernel_tables.py: what the tables of bench/kernels.py say about measured times.

Does not measure.
"""

from __future__ import annotations

import pytest

from bench import _kernel_tables as tables
from bench._kernel_tables import Layers, Sizes, Speed

TIMES = {
    "ort": [[6.0, 8.0], [7.0, 9.0]],
    "simd": [[2.0, 4.0], [3.0, 3.0]],
    "relaxed": [[1.0, 1.0], [1.0, 1.0]],
}
STEPS = [
    ("dense 3x3/2 3->16 72x128", 40_000_000, 2.0),
    ("dense 1x1/1 16->16 72x128", 20_000_000, 1.0),
    ("dense 1x1/1 16->8 1x1", 10_000_000, 1.0),
    ("depthwise 3x3/1 16->16 72x128", 30_000_000, 3.0),
    ("product 1x8x8", 10_000_000, 1.0),
    ("elementwise mask", 0, 2.0),
]


def test_speed_is_a_ratio_of_minima_and_a_median_of_rounds() -> None:
    head, (row, other) = tables.speed([Speed("a", 3.1, 29_600_000, TIMES), Speed("b", None, 0, TIMES)])
    assert len(head) == len(row) == len(other)
    assert row[:5] == ["a", "29.6", "3.1 (missed by simd128)", "3.00 (2.50)", "6.00 (7.50)"]
    assert row[5:] == ["6.00 / 6.00 / 7.50", "2.00 / 2.00 / 3.00", "1.00 / 1.00 / 1.00"]
    assert other[2] == tables.ABSENT


@pytest.mark.parametrize(
    ("goal", "missed"),
    [(None, []), (3.0, []), (3.004, ["simd128"]), (6.1, ["simd128", "relaxed SIMD"])],
)
def test_a_goal_is_judged_by_what_the_table_shows(goal: float | None, missed: list[str]) -> None:
    assert Speed("a", goal, 0, TIMES).missed == missed


def test_sizes_are_in_kilobytes_and_megabytes() -> None:
    starts = {"simd": (1.0, 2.0), "relaxed": (3.0, 4.0), "ort": (5.0, 6.0)}
    row = Sizes("a", {"simd": (115_000, 10_200), "relaxed": (1, 1)}, (228_800, 99), 2_620_000, 0.5, starts)
    head, (cells,) = tables.sizes([row])
    assert len(head) == len(cells)
    assert cells[1] == "115.0 / 10.2" and cells[4:] == ["2.62", "0.50", "1.0", "2.0", "5.0", "6.0"]


def test_kernels_are_summed_by_kind_and_compared_with_the_peak() -> None:
    head, (row,) = tables.kernels([Layers("a", STEPS, 11.0)], 20.0)
    assert head == ["Graph", "All", *tables.KERNELS]
    assert row == [
        "a",
        "10.0 (50 %)",
        "13.3 (67 %); 30 %",
        "20.0 (100 %); 20 %",
        "10.0 (50 %); 30 %",
        tables.ABSENT,
        "20 % of the time",
    ]


def test_short_steps_are_one_row() -> None:
    _, rows = tables.layers(Layers("a", STEPS, 11.0), 20.0, least=0.15)
    assert [row[0] for row in rows] == [STEPS[0][0], STEPS[3][0], STEPS[5][0], "3 shorter steps"]
    assert rows[0][1:] == ["40.00", "2000", "20 %", "20.0 (100 %)"]
    assert rows[2][4] == tables.ABSENT and rows[3][1:3] == ["40.00", "3000"]
    _, rows = tables.layers(Layers("a", STEPS, 11.0), 20.0, least=0)
    assert [row[0] for row in rows] == [title for title, *_ in STEPS]


def test_only_kernels_that_multiply_count() -> None:
    found = tables.multiplications([("mean t", 5), ("dense 1x1/1 8->8 1x1", 64), ("depthwise 3x3/1", 9)])
    assert [macs for _, macs in found] == [0, 64, 9]
