"""models.variants.provenance: its sentences, and whether the times of a GPU count."""

from __future__ import annotations

from typing import Any

from models.variants import provenance

GIVEN = {"date": "2026-11-22", "browser": "Chromium 1", "machine": "8 cores", "onnxruntime-web": "1.30.0"}
HEAD: dict[str, Any] = {
    **{name: GIVEN[name] for name in ("date", "browser", "machine")},
    "gpu": "No GPU",
    "versions": {"onnxruntime-web": "1.30.0"},
}


def figures(**gpus: tuple[str, bool]) -> dict[str, Any]:
    gpu = {backend: {"name": name, "imitated": imitated} for backend, (name, imitated) in gpus.items()}
    return {"stamps": {"selfie": {**GIVEN, "gpu": gpu}}, "rows": [{"card": "selfie"}]}


def test_a_real_gpus_times_count() -> None:
    assert provenance.timed_backends(figures(webgl=("Radeon", False), webgpu=("", False)), "selfie") == (
        "wasm-ort",
        "webgl",
    )
    assert provenance.timed_backends(figures(webgpu=("swiftshader", True)), "selfie") == ("wasm-ort",)
    assert provenance.timed_backends({}, "selfie") == ("wasm-ort",)


def test_the_gpus_are_named() -> None:
    (told,) = provenance.sentences(figures(webgl=("Radeon", False), webgpu=("", False)), ["selfie", "other"])
    where = "Measured 2026-11-22 in headless Chromium 1, onnxruntime-web 1.30.0, 8 cores; "
    assert told == f"{where}WebGL by Radeon; no WebGPU."
    (told,) = provenance.sentences(figures(webgl=("s", True), webgpu=("s", True)), ["selfie"])
    assert "WebGL and WebGPU by s, emulated in software; the choice ignores the times" in told


def test_cards_measured_apart_are_told_apart() -> None:
    """Figures from before each card had its provenance have one for all cards."""
    both = {**figures(webgl=("Radeon", False)), **HEAD, "rows": [{"card": "selfie"}, {"card": "blazeface"}]}
    told = provenance.sentences(both, ["blazeface", "selfie"])
    assert [line.split(")")[0] for line in told] == [
        "Measured 2026-11-22 (blazeface",
        "Measured 2026-11-22 (selfie",
    ]
    assert "No GPU" in told[0]
    assert provenance.timed_backends(both, "blazeface") == ("wasm-ort",)
