"""Compiled models in the page: what is fetched for them, their Session, and what happens to damaged files.

Does not compare models with native onnxruntime: test_models.py does.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.card import Graph, ModelCard
from tests.page.conftest import Begin, Damaged
from tests.page.drive import Visit
from tests.page.test_trouble import flipped, graph
from tests.support import modules
from tests.support.built import cards

INSIDE = Path(__file__).with_name("compiled_inside.py").read_text("utf-8")
FEATURES = ("relaxed-simd",)  # of Chromium
TASKS = {
    "background": {"model": "selfie-landscape"},
    "faces": {"model": "blazeface", "overlay": "facemesh"},
    "parts": {"model": "bodypix", "overlay": "parts"},
    "lookalike": {"task": "lookalike", "model": "selfie"},
}


def compiled(model: str) -> tuple[ModelCard, Graph]:
    card = cards()[model]
    variant = card.variant("wasm", FEATURES)
    assert variant is not None, card.uncompiled
    assert variant.needs == "relaxed-simd"
    return card, variant.graphs[0]


def files(text: str = modules.TEXT, **changes: object) -> list[str]:
    layout = {**modules.LAYOUT, **changes}
    return [b64encode(file).decode() for file in (modules.module(text, layout), modules.weights())]


def masks(rows: list[str]) -> NDArray[np.float32]:
    return np.stack([np.frombuffer(b64decode(row), np.float32) for row in rows])


@pytest.mark.parametrize("settings", TASKS.values(), ids=TASKS)
def test_nothing_of_onnxruntime_is_fetched(begin: Begin, settings: dict[str, str]) -> None:
    if settings["model"] not in cards():
        pytest.skip(f"{settings['model']} is not in this build")
    _, module = compiled(settings["model"])
    visit = begin()
    requests: list[str] = []
    visit.context.on("request", lambda request: requests.append(request.url))
    stats = visit.open(background="blur", **settings)
    visit.more(5)
    assert (stats["backend"], stats["threads"]) == ("wasm", 1)
    if overlay := settings.get("overlay"):
        assert visit.control("Overlay").input_value() == overlay
        visit.more(5)
    fetched = [url.removeprefix(visit.url) for url in requests]
    assert [url for url in fetched if "ort/" in url or url.endswith(".onnx")] == []
    for file in module.files:
        assert fetched.count(file.path) == 1, file.path


def test_a_session_computes_and_its_outputs_last(visit: Visit) -> None:
    visit.open(background="none")
    rgba = np.random.default_rng(5).integers(0, 256, (1, modules.HEIGHT, modules.WIDTH, 4), np.uint8)
    shape = [1, 1, modules.HEIGHT, modules.WIDTH]
    given = {"files": files(), "rgba": b64encode(rgba.tobytes()).decode(), "shape": shape}
    rows = [[0.0], [0.5], [0.5]]
    found = json.loads(visit.python(f"{INSIDE}\nawait inside(files, rgba, shape, rows)", rows=rows, **given))
    red = rgba[..., 0].ravel() / np.float32(255)
    expected = np.stack([red, 1.5 * red, 1.75 * red])  # each is the next one's memory
    np.testing.assert_allclose(masks(found["then"]), expected, atol=1e-6)
    assert found["now"] == found["then"]
    assert "the input rgba has 15 numbers, not 60" in found["wrong"]
    assert "closed" in found["wrong"]


def test_files_that_cannot_run_are_said(visit: Visit) -> None:
    visit.open(background="none")
    code = f"{INSIDE}\nawait refused(files)"
    trap = files(modules.TRAP, inputs={}, weights={"offset": 0, "bytes": 4})
    assert "the compiled model failed: RuntimeError: unreachable" in visit.python(code, files=trap)
    cases = {
        "CompileError": [b64encode(b"\0asm\1\0\0\0\xff").decode(), ""],
        "no section “vitrine”": [b64encode(modules.module(layout=None)).decode(), ""],
        "the weights have 4 bytes, not 5": files(weights={"offset": 0, "bytes": 5}),
        "beyond the 65536 bytes": files(weights={"offset": 65533, "bytes": 4}),
    }
    for why, given in cases.items():
        said = visit.python(code, files=given)
        assert "the compiled model could not be loaded" in said and why in said


@pytest.mark.parametrize("part", [0, 1], ids=["module", "weights"])
@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_damaged_compiled_model_gives_way_to_onnxruntime(
    begin: Begin, damaged: Damaged, tmp_path: Path, how: str, part: int
) -> None:
    _, module = compiled("selfie")
    path = module.files[part].path
    if how == "missing":
        damaged.gone.add(path)
    else:
        damaged.instead[path] = flipped(path, tmp_path)
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    stats = visit.open(backend="wasm", model="selfie")
    assert stats["backend"] == "wasm-ort"
    assert how in visit.noted("Continuing with WASM (onnxruntime)")
    visit.more(2)


def test_an_old_address_with_threads_says_that_they_are_not_used(visit: Visit) -> None:
    stats = visit.open(backend="wasm", threads=1)
    assert (stats["backend"], stats["threads"]) == ("wasm", 1)
    hint = visit.page.locator("#control-threads-hint").inner_text()
    assert hint == "Only WASM (onnxruntime) runs on threads. WASM runs now."
    assert graph("selfie", "wasm").endswith(".wasm")
