"""bench/_statistics.py and bench/_rows.py: ratios of rounds, their confidence, and the rows of the summary.

Does not measure and does not start a browser.
"""

from __future__ import annotations

import pytest

from app.core.backend import BACKENDS, Backend
from bench import _subjects
from bench._peer_packages import PACKAGES
from bench._rows import HEAD, RATIO, Row, add, cells, line, lines, ratio_cell, rows, summary_cell
from bench._statistics import difference, interval, order, ratio, summarize

SAMPLES = {
    "mask": {"wasm": [[2.0, 3.0], [2.0, 2.5]], "tasks-vision-cpu": [[8.0, 10.0], [9.0, 9.0]]},
    "load": {"wasm": [[0.5], [0.6]], "tasks-vision-cpu": [[0.4], [0.6]], "plain": [[0.2], [0.2]]},
}


def test_a_summary_has_median_minimum_and_the_distance_of_the_quartiles() -> None:
    found = summarize([[1.0, 2.0], [3.0, 4.0, 5.0]])
    assert (found.count, found.median, found.least, found.spread) == (5, 3.0, 1.0, 2.0)
    assert summarize([[7.0]]).spread == 0.0
    with pytest.raises(ValueError, match="no number"):
        summarize([[]])


def test_a_ratio_compares_round_with_round() -> None:
    # The machine was twice as slow in the second round, for both: a ratio of all medians would not see that.
    found = ratio([[1.0], [2.0], [1.0]], [[2.0], [4.0], [2.0]])
    assert (found.rounds, found.median, found.low, found.high, found.minima) == (3, 0.5, 0.5, 0.5, 0.5)


def test_a_ratio_of_the_minima_is_over_all_rounds() -> None:
    found = ratio([[4.0, 2.0], [8.0]], [[4.0], [16.0, 8.0]])
    assert found.minima == 0.5
    assert found.median == pytest.approx((0.75 + 8 / 12) / 2)


@pytest.mark.parametrize(
    ("ours", "theirs"), [([[1.0]], [[1.0], [2.0]]), ([], []), ([[]], [[1.0]]), ([[1.0]], [[0.0]])]
)
def test_what_cannot_be_divided_is_an_error(ours: list[list[float]], theirs: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="number"):
        ratio(ours, theirs)


def test_the_interval_holds_the_median_and_is_the_same_each_time() -> None:
    numbers = [0.9, 1.0, 1.1, 1.05, 0.95, 3.0]
    low, high = interval(numbers)
    assert 0.9 <= low <= 1.025 <= high < 3.0
    assert interval(numbers) == (low, high)
    wide, narrow = interval(numbers, 0.95), interval(numbers, 0.5)
    assert wide[0] <= narrow[0] and narrow[1] <= wide[1]


def test_a_difference_is_taken_in_each_round() -> None:
    assert difference([[3.0, 5.0], [10.0]], [[1.0], [9.0]]) == [[3.0], [1.0]]


def test_every_second_round_goes_backwards() -> None:
    assert [order("abc", turn) for turn in range(3)] == [["a", "b", "c"], ["c", "b", "a"], ["a", "b", "c"]]


def test_a_line_says_whether_the_goal_holds() -> None:
    row = Row("Mask", "mask", "ms", RATIO, 0.35)
    found = line(row, SAMPLES, "wasm", "tasks-vision-cpu")
    assert found.ratio and found.ratio.median == pytest.approx((2.5 / 9 + 2.25 / 9) / 2)
    assert found.holds is True and found.json["holds"] is True
    assert line(Row("Mask", "mask", "ms", RATIO, 0.2), SAMPLES, "wasm", "tasks-vision-cpu").holds is False
    assert line(row, {}, "wasm", "tasks-vision-cpu").holds is None
    assert line(row, {"mask": {"wasm": [[1.0]]}}, "wasm", "tasks-vision-cpu").holds is None  # no peer


def test_a_load_is_what_is_over_plain_display() -> None:
    row = next(row for row in rows(2) if row.measurement == "load" and not row.name)
    found = line(row, SAMPLES, "wasm", "tasks-vision-cpu")
    assert found.ours and found.ours.median == pytest.approx(0.35)
    assert found.ratio and found.ratio.median == pytest.approx(1.25)
    assert row.most == pytest.approx(0.16)  # 8 % of two cores


def test_a_peer_that_adds_nothing_has_no_ratio() -> None:
    samples = {"load": {"wasm": [[0.5]], "peer": [[0.2]], "plain": [[0.2]]}}
    row = next(row for row in rows(2) if row.over)
    found = line(row, samples, "wasm", "peer")
    assert found.ours and found.ratio is None


def test_only_measured_rows_are_shown_and_each_has_all_cells() -> None:
    found = lines(SAMPLES, "wasm", "tasks-vision-cpu", 2)
    assert [each.row.measurement for each in found] == ["mask", "load"]
    assert all(len(cells(each)) == len(HEAD) for each in found)
    text = " ".join(cells(found[0]))
    assert "**0.26**" in text and "[" not in text and "✓" in text  # two rounds have no interval
    assert lines({}, "wasm", "tasks-vision-cpu", 2) == []
    assert ratio_cell(None) == summary_cell(None, "ms") == "–"
    assert ratio_cell(ratio([[1.0]] * 3, [[2.0]] * 3)) == "**0.50** [0.50, 0.50] (0.50)"


def test_samples_grow_by_a_round_of_each_visit() -> None:
    samples: dict[str, dict[str, list[list[float]]]] = {}
    for number in (1.0, 2.0):
        add(samples, "wasm", {"cold": [number]})
    assert samples == {"cold": {"wasm": [[1.0], [2.0]]}}


def test_each_processor_backend_is_a_page_to_measure() -> None:
    table = {**BACKENDS, "other": Backend("other", "Other", "other", "other", False, "")}
    assert [row.id for row in _subjects.processor_backends(table)] == ["wasm", "wasm-ort", "other"]
    assert _subjects.page(table["other"]).query["backend"] == "other"
    assert _subjects.page(table["other"], "none", background="none").id == "other-none"


def test_a_software_gpu_is_measured_only_if_asked_for() -> None:
    imitated = {name: {"name": "SwiftShader", "imitated": True} for name in ("webgl", "webgpu")}
    real = {
        **imitated,
        "webgpu": {"name": "A GPU", "imitated": False},
        "webgl": {"name": "", "imitated": False},
    }
    assert [leg.gpu for leg in _subjects.legs(imitated, software=False)] == ["none"]
    assert [leg.gpu for leg in _subjects.legs(imitated, software=True)] == ["none", "software"]
    legs = _subjects.legs(real, software=False)
    assert [leg.gpu for leg in legs] == ["none", "own"]
    assert [backend.id for backend in legs[1].backends] == ["webgpu"] and legs[1].peer.query[
        "delegate"
    ] == "GPU"
    assert all(not backend.gpu for backend in legs[0].backends)


def test_a_peer_that_is_not_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    package = PACKAGES["tasks-vision"]
    monkeypatch.setitem(PACKAGES, "tasks-vision", type(package)("x", "no-such-package", ("x.js",)))
    peer = _subjects.tasks_vision("CPU")
    assert peer.missing.startswith("tasks-vision, CPU delegate: no-such-package is not installed; ")
    assert peer.missing.endswith(".") and _subjects.by_id([peer, _subjects.plain()]).keys() == {"plain"}
