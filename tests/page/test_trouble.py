"""What goes wrong on a host or in a browser: files missing or damaged, contexts lost, a worker that hangs.

Does not test sources: test_sources.py does.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from app.core.card import ModelCard
from tests.page.conftest import Begin, Damaged
from tests.page.drive import START, Picture, Visit
from tests.support import clip
from tests.support.built import DIST, cards, manifest

HANG = "() => { setTimeout(() => { const end = Date.now() + 60_000; while (Date.now() < end); }); }"
TERMINATED = "A VideoFrame was garbage collected"  # the one that the hanging worker held
LAST = "no other backend can run this model here"


def graph(model: str, backend: str) -> str:
    variant = card(model).variant(backend, ("relaxed-simd",))  # which Chromium has
    assert variant is not None
    return variant.graphs[0].path


def card(model: str) -> ModelCard:
    return cards()[model]


def flipped(path: str, folder: Path, at: float = 0.5) -> Path:
    """A copy of a file of dist/ with 64 bytes flipped; as long as it was."""
    data = bytearray((DIST / path).read_bytes())
    begin = int(len(data) * at)
    data[begin : begin + 64] = bytes(byte ^ 0xFF for byte in data[begin : begin + 64])
    copy = folder / Path(path).name
    copy.write_bytes(data)
    return copy


def spoil(damaged: Damaged, folder: Path, how: str, path: str) -> None:
    if how == "missing":
        damaged.gone.add(path)
    else:
        damaged.instead[path] = flipped(path, folder)


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_model_that_cannot_be_had_leaves_the_one_that_runs(
    begin: Begin, damaged: Damaged, tmp_path: Path, how: str
) -> None:
    spoil(damaged, tmp_path, how, graph("selfie", "wasm-ort"))
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    visit.open(backend="wasm-ort", model="blazeface")
    visit.set("model", "selfie")
    visit.noted(LAST)
    visit.noted(how)
    visit.more(2)
    assert visit.stats()["model"] == "blazeface"
    assert visit.control("Model").input_value() == "blazeface"
    assert visit.page.evaluate("spy.live") == 1


def test_a_first_model_that_is_missing_is_said(begin: Begin, damaged: Damaged) -> None:
    damaged.gone.add(graph("selfie", "wasm-ort"))
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    visit.go(backend="wasm-ort", model="selfie")
    assert "missing" in visit.noted(LAST)
    assert visit.page.locator("#boot").is_hidden()
    assert visit.page.evaluate("spy.live") == 0
    assert not visit.page.evaluate("Boolean(vitrine.stats().frames)")


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_the_next_backend_takes_over_from_one_without_its_model(
    begin: Begin, damaged: Damaged, tmp_path: Path, how: str
) -> None:
    spoil(damaged, tmp_path, how, graph("selfie-landscape", "webgl"))
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    stats = visit.open(backend="webgl", model="selfie-landscape")
    assert stats["backend"] == "wasm"
    assert how in visit.noted("WebGL stopped (")
    assert visit.noted("WebGL stopped (").endswith("Continuing with WASM.")
    option = visit.control("Backend").locator("option[value=webgl]")
    assert option.is_disabled()
    assert how in option.inner_text()


def test_a_runtime_that_is_missing(begin: Begin, damaged: Damaged) -> None:
    damaged.gone.add(manifest()["ort"]["webgl"]["module"])
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    assert visit.open(backend="webgl")["backend"] == "wasm"
    visit.noted("WebGL stopped (")


@pytest.mark.parametrize("how", ["missing", "damaged", "short"])
def test_python_starts_the_ordinary_way_without_its_snapshot(
    begin: Begin, damaged: Damaged, tmp_path: Path, how: str
) -> None:
    path = manifest()["pyodide"]["snapshot"]["path"]
    if how == "missing":
        damaged.gone.add(path)
    elif how == "damaged":
        damaged.instead[path] = flipped(path, tmp_path)
    else:
        damaged.instead[path] = tmp_path / "short.bin"
        damaged.instead[path].write_bytes((DIST / path).read_bytes()[:1_000_000])
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    visit.open(backend="wasm")
    visit.more(2)
    assert any("micropip" in url for url in visit.requests), "the wheels were asked for"
    assert visit.notes() == []


@pytest.mark.parametrize("how", ["missing", "damaged"])
@pytest.mark.parametrize("part", ["core", "script"])
def test_python_starts_the_ordinary_way_without_a_part_of_its_fast_start(
    begin: Begin, damaged: Damaged, tmp_path: Path, part: str, how: str
) -> None:
    spoil(damaged, tmp_path, how, manifest()["pyodide"]["start"][part])
    visit = begin(damaged.url)
    visit.allowed = ["404", "Failed to fetch dynamically imported module"]
    visit.open(backend="wasm")
    visit.more(2)
    assert any("micropip" in url for url in visit.requests), "the wheels were asked for"
    assert visit.notes() == []


def test_python_itself_missing_is_said(begin: Begin, damaged: Damaged) -> None:
    python = manifest()["pyodide"]
    damaged.gone |= {python["base"] + "pyodide.mjs", python["snapshot"]["path"]}
    visit = begin(damaged.url)
    visit.allowed = ["404", "Failed to fetch dynamically imported module"]
    visit.go()
    visit.noted("The page could not start")
    assert visit.page.locator("#boot").is_hidden()


@pytest.mark.parametrize("drawing", ["shaders"], indirect=True)
def test_the_pictures_own_context_lost(drawing: Visit) -> None:
    visit = drawing
    visit.open(backend="webgl", model="selfie-landscape")
    visit.workers[0].evaluate(
        "() => self.page.canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    visit.noted("Continuing with WASM.")
    visit.runs("backend", "wasm")
    visit.more(2)
    assert visit.page.evaluate("spy.live") == 1


def test_the_runtimes_own_context_lost(visit: Visit) -> None:
    visit.open(backend="webgl", model="selfie-landscape")
    visit.workers[0].evaluate(
        "() => self.page.ort.env.webgl.context.getExtension('WEBGL_lose_context').loseContext()"
    )
    visit.noted("Continuing with WASM.")
    visit.runs("backend", "wasm")


def test_a_session_that_never_answers(visit: Visit) -> None:
    visit.open(backend="webgl", model="selfie-landscape")
    visit.python(
        "import asyncio\nasync def never(feeds): await asyncio.Event().wait()\n"
        "object.__setattr__(page.python.engine.session, 'run', never)"
    )
    visit.noted("WebGL stopped (it stopped answering). Continuing with WASM.")
    visit.runs("backend", "wasm")
    visit.more(2)


def part(screen: Picture, rectangle: clip.Rectangle) -> Picture:
    """A rectangle of the clip on the screen, whatever size the stage has."""
    y, x = screen.shape[0] / clip.HEIGHT, screen.shape[1] / clip.WIDTH
    scaled = (rectangle.x0 * x, rectangle.y0 * y, rectangle.x1 * x, rectangle.y1 * y)
    return clip.Rectangle(*map(round, scaled)).cut(screen)


@pytest.mark.parametrize("background", ["colour", "none"])
def test_the_room_is_not_seen_while_a_hanging_worker_is_replaced(visit: Visit, background: str) -> None:
    visit.go(backend="wasm", source="camera", mirror=0, background=background, colour="#0a64f0")
    visit.camera_on()
    visit.allowed = [TERMINATED]
    first = visit.done()
    visit.workers[0].evaluate(HANG)
    seen, covered = [], False
    end = time.monotonic() + START
    while visit.done() <= first + 3:
        seen.append(visit.screen())
        covered = covered or not visit.page.locator("#show canvas").count()
        assert time.monotonic() < end, "no picture came back"
    assert covered, "the hanging worker's canvas was taken away"
    following = "Continuing with WASM (onnxruntime)."
    assert visit.noted("stopped answering") == f"WASM stopped (it stopped answering). {following}"
    away = [np.abs(part(s, room).astype(int) - (10, 100, 240)).max() for s in seen for room in clip.ROOM]
    if background == "colour":
        assert max(away) <= 6, "the room was seen"
    else:
        assert min(away) > 30, "the picture goes on as it is"
    assert visit.page.evaluate("spy.live") == 1
