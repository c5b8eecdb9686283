"""The backend table: choose(), after(), threads() and what cannot run. Does not run a backend."""

from dataclasses import replace
from itertools import product

import pytest

from app.core.backend import (
    BACKENDS,
    Choice,
    Probe,
    after,
    bundle,
    cannot,
    choose,
    draws_with_shaders,
    is_software,
    most_threads,
    threads,
)
from app.core.card import Variant
from tests.support.fakes import ABSENT, FACES, GPU, SELFIE

SOFTWARE = replace(
    GPU,
    webgl="ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device))",
    webgpu="google swiftshader",
    software_webgl=True,
    software_webgpu=True,
)


def test_what_failed_in_this_visit_is_not_tried_again() -> None:
    assert choose(GPU, SELFIE, {"webgpu": "lost"}) == Choice("wasm", ("webgl",))
    lost = {"wasm": "out of memory", "wasm-ort": "out of memory"}
    assert choose(GPU, SELFIE, lost) == Choice("webgpu")
    assert choose(Probe(), SELFIE, {"wasm": "out of memory"}) == Choice("wasm-ort")
    assert choose(Probe(), SELFIE, lost) == Choice("wasm")  # there is nothing else


def test_auto_begins_on_wasm_and_tries_the_real_gpus_best_first() -> None:
    assert choose(GPU, SELFIE, {}) == Choice("wasm", ("webgpu", "webgl"))
    assert choose(GPU, FACES, {}) == Choice("wasm", ("webgpu",))  # it has no variant for WebGL
    assert choose(replace(GPU, webgpu=""), SELFIE, {}) == Choice("wasm", ("webgl",))
    assert choose(Probe(), SELFIE, {}) == Choice("wasm")


def test_auto_begins_with_onnxruntime_where_a_model_is_not_compiled() -> None:
    plain = replace(SELFIE, variants=(Variant("fp16", ("wasm-ort", "webgpu"), SELFIE.variants[0].graphs),))
    assert choose(GPU, plain, {}) == Choice("wasm-ort", ("webgpu",))
    assert choose(Probe(), SELFIE, {}, unable=["wasm"]) == Choice("wasm-ort")
    assert choose(Probe(), SELFIE, {}, unable=["wasm", "wasm-ort"]) == Choice(
        "wasm"
    )  # what it can do at least
    why = replace(plain, uncompiled="Erf is not supported")
    assert cannot(BACKENDS["wasm"], GPU, plain) == "not available for Selfie landscape"
    assert cannot(BACKENDS["wasm"], GPU, why) == "Selfie landscape is not compiled: Erf is not supported"
    assert cannot(BACKENDS["wasm-ort"], GPU, why) == ""


def test_a_software_gpu_is_never_chosen_over_wasm() -> None:
    assert choose(SOFTWARE, SELFIE, {}) == Choice("wasm")
    for names in product(("", "a real one", "SwiftShader"), repeat=2):
        webgl, webgpu = names
        probe = Probe(4, True, True, webgl, webgpu, is_software(webgl), is_software(webgpu))
        chosen = choose(probe, SELFIE, {})
        assert chosen.first == "wasm"
        for trial in chosen.trials:
            assert names[("webgl", "webgpu").index(trial)] == "a real one"


def test_a_model_without_wasm_takes_a_real_gpu_then_any() -> None:
    gpu_only = replace(SELFIE, variants=(replace(SELFIE.variants[0], backends=("webgpu", "webgl")),))
    assert choose(GPU, gpu_only, {}) == Choice("webgpu")
    assert choose(replace(SOFTWARE, software_webgl=False), gpu_only, {}) == Choice("webgl")
    assert choose(SOFTWARE, gpu_only, {}) == Choice("webgpu")
    with pytest.raises(ValueError, match="Selfie landscape cannot run in this browser"):
        choose(Probe(), gpu_only, {})


@pytest.mark.parametrize(
    ("renderer", "software"),
    [
        ("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)", True),
        ("llvmpipe (LLVM 15.0.7, 256 bits)", True),
        ("ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0)", True),
        ("Apple Software Renderer", True),
        ("ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0)", False),
        ("ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)", False),
        ("Mali-G78", False),
        ("", False),
    ],
)
def test_software_is_known_by_its_name(renderer: str, software: bool) -> None:
    assert is_software(renderer) is software


def test_the_ladder_goes_down_and_ends() -> None:
    assert after("webgpu", GPU, SELFIE, {}) == "webgl"
    assert after("webgl", GPU, SELFIE, {}) == "wasm"
    assert after("wasm", GPU, SELFIE, {}) == "wasm-ort"
    assert after("wasm-ort", GPU, SELFIE, {}) == ""
    assert after("webgpu", GPU, FACES, {}) == "wasm"  # no variant for WebGL
    assert after("webgpu", replace(GPU, webgl=""), SELFIE, {}) == "wasm"
    assert after("webgpu", GPU, SELFIE, {"webgl": "lost"}) == "wasm"
    assert after("webgpu", GPU, SELFIE, {"webgl": "lost", "wasm": "no memory"}) == "wasm-ort"


def test_every_ladder_reaches_its_end() -> None:
    for row in BACKENDS.values():
        seen = [row.id]
        while BACKENDS[seen[-1]].next:
            seen.append(BACKENDS[seen[-1]].next)
            assert len(set(seen)) == len(seen)
        assert seen[-1] == "wasm-ort"


@pytest.mark.parametrize(
    ("cores", "isolated", "most", "own"),
    [(1, True, 1, 1), (2, True, 2, 1), (4, True, 4, 2), (6, True, 6, 3), (8, True, 8, 4), (64, True, 64, 4),
     (8, False, 1, 1), (0, True, 1, 1)],
)  # fmt: skip
def test_threads(cores: int, isolated: bool, most: int, own: int) -> None:
    probe = Probe(cores=cores, isolated=isolated)
    assert most_threads(probe) == most
    assert threads(0, probe) == own
    assert [threads(n, probe) for n in (1, 3, 999)] == [1, min(3, most), most]


def test_why_a_backend_cannot_run() -> None:
    webgl, wasm = BACKENDS["webgl"], BACKENDS["wasm"]
    assert cannot(webgl, Probe(), SELFIE) == "this browser has no WebGL"
    assert cannot(webgl, GPU, FACES) == "not available for BlazeFace"
    assert cannot(webgl, GPU, ABSENT) == ""  # the model says itself that it is not in the build
    assert cannot(webgl, GPU, None) == cannot(wasm, Probe(), SELFIE) == ""


def test_webgpu_without_jspi_takes_the_larger_build() -> None:
    assert bundle(BACKENDS["webgpu"], GPU) == "jspi"
    assert bundle(BACKENDS["webgpu"], replace(GPU, jspi=False)) == "webgpu"
    assert {bundle(BACKENDS[b], Probe()) for b in ("wasm-ort", "webgl")} == {"wasm", "webgl"}
    assert bundle(BACKENDS["wasm"], Probe()) == ""  # it needs no onnxruntime-web


def test_a_software_gpu_draws_nothing() -> None:
    assert draws_with_shaders(GPU)
    assert not draws_with_shaders(SOFTWARE)
    assert not draws_with_shaders(Probe())


def test_a_probe_leaves_out_what_it_does_not_know() -> None:
    assert Probe.from_dict({"cores": 4, "colour": "red"}) == Probe(cores=4)
