"""The loss metrics, on invented outputs whose loss is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.card import Input
from models.spec import cards, rules
from models.variants import choice
from models.verify import calibration, metrics

SIZE = Input(100, 200, "stretch")
RNG = np.random.default_rng(5)


def mask(rows: int) -> dict[str, NDArray[Any]]:
    """A person over the upper `rows` of 10."""
    found = np.zeros((1, 1, 10, 10), np.float32)
    found[0, 0, :rows] = 0.9
    return {"mask": found}


def faces(*boxes: tuple[float, float, float]) -> dict[str, NDArray[Any]]:
    """Faces of (score, x, y): every point of a face is at the same place."""
    found = np.zeros((5, 17), np.float32)
    for row, (score, x, y) in zip(found, boxes, strict=False):
        row[0], row[1::2], row[2::2] = score, x, y
    return {"faces": found}


def test_iou_is_over_the_pixels_of_all_pictures() -> None:
    exact, found = [mask(4), mask(0), mask(6)], [mask(3), mask(0), mask(7)]
    assert metrics.loss("segmenter", SIZE, exact, found) == pytest.approx({"iou": 1 - 9 / 11})
    assert metrics.loss("segmenter", SIZE, [mask(0)], [mask(0)]) == {}


def test_a_faces_points_are_in_pixels_of_the_input() -> None:
    one, moved = faces((0.9, 0.5, 0.5)), faces((0.8, 0.51, 0.5))
    assert metrics.loss("detector", SIZE, [one], [moved])["points"] == pytest.approx(2, abs=1e-4)


def test_faces_are_matched_by_place_and_one_that_is_lost_costs_the_width() -> None:
    two, turned = faces((0.9, 0.2, 0.2), (0.8, 0.8, 0.8)), faces((0.9, 0.8, 0.8), (0.8, 0.2, 0.2))
    assert metrics.loss("detector", SIZE, [two], [turned])["points"] == pytest.approx(0, abs=1e-4)
    assert metrics.loss("detector", SIZE, [faces((0.9, 0.2, 0.2))], [faces()]) == {"points": SIZE.width}
    doubtful = faces((0.55, 0.2, 0.2))  # above the detector's threshold, but not sure
    assert metrics.loss("detector", SIZE, [doubtful], [faces()]) == {}


def test_only_the_points_of_a_pose_that_are_sure_count() -> None:
    exact = np.zeros((17, 3), np.float32)
    exact[:3, 0] = 0.9
    found = exact.copy()
    found[:3, 2] = 0.03  # three pixels down
    found[3:, 1:] = 0.9  # anywhere
    assert metrics.loss("pose", SIZE, [{"pose": exact}], [{"pose": found}])["points"] == pytest.approx(3)


def test_landmarks_count_where_there_is_a_face() -> None:
    points = RNG.random((468, 3)).astype(np.float32)
    there = {"presence": np.array([0.9], np.float32), "points": points}
    moved = {**there, "points": points + np.array([0.01, 0, 0.5], np.float32)}  # depth is not a distance
    assert metrics.loss("landmarks", SIZE, [there], [moved])["points"] == pytest.approx(2, abs=1e-3)
    gone = {**there, "presence": np.array([0.2], np.float32)}
    assert metrics.loss("landmarks", SIZE, [gone], [moved]) == {}


def test_a_classifier_loses_labels_and_features() -> None:
    scores = np.linspace(1, 0, 20, dtype=np.float32)[None]
    swapped = scores.copy()
    swapped[0, [0, 1]] = scores[0, [1, 0]]  # another first label, the same five
    swapped[0, [4, 9]] = scores[0, [9, 4]]  # one of the five is another
    features = np.array([[1.0, 0.0]], np.float32)
    exact = {"scores": scores, "features": features}
    found = {"scores": swapped, "features": np.array([[1.0, 1.0]], np.float32)}
    expected = {"top1": 0.5, "top5": 0.1, "features": (1 - 0.5**0.5) / 2}
    assert metrics.loss("classifier", SIZE, [exact] * 2, [exact, found]) == pytest.approx(expected)


def test_a_network_nobody_knows_is_judged_by_its_worst_output() -> None:
    exact = {"a": np.array([1.0, 0.0]), "b": np.array([1.0, 2.0])}
    found = {"a": np.array([0.0, 1.0]), "b": np.array([1.0, 2.0])}
    assert metrics.loss("network", SIZE, [exact], [found])["outputs"] == pytest.approx(1)
    nothing = {"a": np.zeros(2), "b": np.zeros(2)}
    assert metrics.loss("network", SIZE, [nothing], [nothing])["outputs"] == pytest.approx(0)


def test_the_error_is_a_part_of_the_range() -> None:
    exact, found = {"a": np.array([-10.0, 30.0])}, {"a": np.array([-10.0, 28.0])}
    assert metrics.error([exact], [found]) == pytest.approx(0.05)
    assert metrics.error([mask(4)], [mask(3)]) == pytest.approx(0.9)  # a probability's range is 1
    assert metrics.error([exact], [{"a": np.array([np.nan, 0.0])}]) == float("inf")


def test_a_gate_that_is_missed_is_named() -> None:
    assert choice.missed_gates({"iou": 0.01}, {"iou": 0.02}) == ["its iou loss 0.02 exceeds the gate 0.01"]
    assert choice.missed_gates({"iou": 0.01}, {"iou": float("nan")}) != []
    assert choice.missed_gates({"iou": 0.01}, {"iou": 0.01}) == []
    (said,) = choice.missed_gates({"iou": 0.01}, {})
    assert said.startswith("its iou loss is not measured")


@pytest.mark.parametrize("kind", ["segmenter", "detector", "pose", "landmarks", "classifier", "network"])
def test_what_is_not_a_number_misses_every_gate(kind: str) -> None:
    outputs: dict[str, dict[str, NDArray[Any]]] = {
        "segmenter": mask(4),
        "detector": faces((0.9, 0.5, 0.5)),
        "pose": {"pose": np.full((17, 3), 0.9)},
        "landmarks": {"presence": np.ones(1), "points": RNG.random((468, 3))},
        "classifier": {"scores": RNG.random((1, 10)), "features": RNG.random((1, 4))},
        "network": {"a": RNG.random(4), "b": RNG.random(4)},
    }
    exact = outputs[kind]
    for name in exact:
        broken = {
            **exact,
            name: np.where(np.arange(exact[name].size).reshape(exact[name].shape), exact[name], np.nan),
        }
        for pair in ((exact, broken), (broken, exact), (broken, broken)):
            found = metrics.loss(kind, SIZE, [exact, pair[0]], [exact, pair[1]])
            assert set(found) == set(rules.METRICS[kind])
            assert len(choice.missed_gates(dict.fromkeys(found, 1e9), found)) == len(found)
            assert metrics.error([pair[0]], [pair[1]]) == float("inf")


def test_as_many_outputs_as_pictures() -> None:
    with pytest.raises(ValueError, match="2 outputs of float32 and 1"):
        metrics.loss("segmenter", SIZE, [mask(1), mask(1)], [mask(1)])


@pytest.mark.parametrize("id", ["selfie-landscape", "facemesh", "mobilenet-v2", "bodypix"])
def test_what_is_judged_was_not_calibrated_on(id: str) -> None:
    card = cards.read(cards.FOLDER / f"{id}.toml")
    judged, calibrated = calibration.evaluation_pictures(card), calibration.calibration_pictures(card)
    shape = (1, card.input.height, card.input.width, 4)
    assert {p.shape for p in (*judged, *calibrated)} == {shape}
    assert all((p[..., 3] == 255).all() for p in judged)
    assert not any(np.array_equal(a, b) for a in judged for b in calibrated)
    assert len(judged) >= 4
