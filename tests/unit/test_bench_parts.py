"""The parts of `build.py bench`: who runs which model, what the tables hold, and which curves there are.

Does not measure and does not start a browser.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from app.core.backend import BACKENDS
from app.core.card import Graph, Input, ModelCard, Variant
from app.core.errors import UserError
from bench import _curve_cost, _runners, curves, native, peers
from bench._curve_lookalike import photos
from bench._runners import INFERENCE, PEERS, PICTURE, Runner, ours, runners
from bench._subjects import Leg, processor_backends, tasks_vision
from models.sources.fetch import MissingSourceError
from models.spec import cards
from publish import ROOT

KNOWN = {card.id: card for card in cards.read_all()}
PROCESSOR = Leg("Processor", "none", tuple(processor_backends()), tasks_vision("CPU"))
GPU = Leg("GPU", "own", (BACKENDS["webgpu"],), tasks_vision("GPU"))
IMITATED = {name: {"name": "SwiftShader", "imitated": True} for name in ("webgl", "webgpu")}


@pytest.mark.parametrize("runner", PEERS, ids=lambda runner: f"{runner.id}-{runner.times}")
def test_every_peer_has_a_script_and_packages(runner: Runner) -> None:
    assert (ROOT / "bench" / "inside" / f"{runner.script}.js").is_file()
    assert runner.packages and not runner.backend
    assert set(runner.models) <= set(KNOWN)


@pytest.mark.parametrize("times", [INFERENCE, PICTURE])
def test_the_page_comes_first_on_every_processor_backend(times: str) -> None:
    for leg in (PROCESSOR, GPU):
        found = runners(KNOWN["selfie"], times, leg)
        ids = [runner.id for runner in found]
        assert ids[: len(processor_backends())] == [backend.id for backend in processor_backends()]
        assert len(set(ids)) == len(ids)
        assert all(runner.gpu == (leg is GPU) for runner in found if not runner.backend)
    assert "webgpu" in [runner.id for runner in runners(KNOWN["selfie"], times, GPU)]


def test_a_peer_runs_only_what_it_can() -> None:
    found = runners(KNOWN["blazeface"], PICTURE, PROCESSOR)
    assert [runner.options["task"] for runner in found if not runner.backend] == ["FaceDetector"]
    assert [runner.backend for runner in runners(KNOWN["bodypix"], PICTURE, PROCESSOR)] == [
        backend.id for backend in processor_backends()
    ]


def test_a_file_in_no_format_of_the_peer_is_a_sentence() -> None:
    with pytest.raises(MissingSourceError, match=r"^Selfie is not published as tfjs\.$"):
        _runners.published(KNOWN["selfie"], "tfjs")
    assert _runners.published(KNOWN["selfie"], "tflite").source.format == "tflite"


def test_without_a_gpu_the_peers_that_need_one_get_a_software_gpu_and_the_page_does_not() -> None:
    first, second = peers.all_legs(IMITATED, software=False)
    assert (first.gpu, second.gpu, second.backends) == ("none", "software", ())
    assert "software" in second.title.lower()
    assert len(peers.all_legs(IMITATED, software=True)[1].backends) == 2
    real = {**IMITATED, "webgpu": {"name": "A GPU", "imitated": False}}
    assert [leg.gpu for leg in peers.all_legs(real, software=False)] == ["none", "own"]
    assert [leg.backends for leg in peers.all_legs({}, software=False)][1] == ()


def test_the_peers_table_has_the_ratio_to_each_peer_before_the_figures() -> None:
    columns = [ours(BACKENDS["wasm"], INFERENCE), next(peer for peer in PEERS if peer.id == "litert")]
    samples = {"A": {"wasm": [[2.0]], "litert": [[4.0]]}, "B": {"wasm": [[1.0]]}, "C": {}}
    head, rows = peers.table(samples, columns)
    assert head == ["Model", "Ratio to LiteRT.js", "Vitrine, WASM", "LiteRT.js"]
    assert [row[:2] for row in rows] == [["A", "**0.50** (0.50)"], ["B", "–"]]


def test_the_native_table_divides_by_native() -> None:
    head, rows = native.table({"A": {"wasm": [[8.0]], "native": [[2.0]]}}, {"wasm": "Vitrine, WASM"})
    assert head[1] == "Vitrine, WASM / native" and rows[0][1] == "**4.00** (4.00)"
    assert native.table({"A": {"wasm": [[8.0]]}}, {"wasm": "W"})[1][0][1] == "–"


def test_native_runs_stored_onnx_graphs_only() -> None:
    graph = Graph("models/a.onnx", 1, "")
    card = ModelCard("a", "A", "segmenter", "", "", Input(1, 1, "stretch"), (1, 1))
    ids = tuple(backend.id for backend in processor_backends())
    onnx, other = Variant("fp32", ids, (graph,)), Variant("x", ids, (Graph("models/a.wasm", 1, ""),))
    assert native.stored(replace(card, variants=(onnx,))) == onnx
    assert native.stored(replace(card, variants=(other,))) is None and native.stored(card) is None


@pytest.mark.parametrize("module", [peers, native, curves])
def test_an_unknown_argument_is_a_sentence(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "no-such-thing"])
    monkeypatch.setattr(f"{module.__name__}.Results", lambda part: None)
    with pytest.raises(UserError, match=r"^There is no (card|curve) no-such-thing\. The \w+ are: .*\.$"):
        module.main()


def test_the_curves_are_there_and_name_their_axes() -> None:
    assert {"input", "picture", "threads", "faces", "gallery", "memory"} == set(curves.CURVES)
    assert all(curve.title and curve.x and curve.y for curve in curves.CURVES.values())


def test_a_curves_table_has_a_row_for_each_place() -> None:
    series = {"a": [(1.0, 2.0), (10.0, 3.0)], "b": [(10.0, 4.0)]}
    head, rows = curves.table(curves.CURVES["faces"], series)
    assert head == ["Faces", "a, ms", "b, ms"]
    assert rows == [["1", "2.0", "–"], ["10", "3.0", "4.0"]]


def test_the_threads_are_powers_of_two_and_all_cores() -> None:
    assert [_curve_cost.counts(n) for n in (1, 2, 6, 8)] == [[1], [1, 2], [1, 2, 4, 6], [1, 2, 4, 8]]


def test_photos_of_faces_differ_in_size() -> None:
    one, other = photos(4)
    assert one != other
