"""What the page promises when two things come together: a trial that won and fails, a choice made in trouble.

Does not test what goes wrong alone: test_trouble.py and test_sources.py do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from tests.page.conftest import Begin, Damaged
from tests.page.drive import START, Visit
from tests.page.test_live import alone, like
from tests.page.test_sources import quiet
from tests.page.test_trouble import HANG, LAST, TERMINATED, card, graph

BLUE, RGB = "#0a64f0", (10, 100, 240)

# The model that runs fails, and has been started anew as often as it may be.
EXHAUSTED = """
from dataclasses import replace
shell = page.python.unwrap()
shell.state = replace(shell.state, handover=replace(shell.state.handover, retries=99))
shell.publish()
async def broken(feeds): raise RuntimeError("it broke")
object.__setattr__(shell.engine.session, "run", broken)
"""

# A trial on WebGL that any speed wins.
TRIAL = """
from app.worker import views
from app.worker.protocol.to_page import Begin
shell = page.python.unwrap()
shell.post(Begin(views.handover(shell.state, backend="webgl", trials=(), target_ms=1e9)))
"""

# Sets the background in the first moment in which `vitrine` is there.
EARLY = """
Object.defineProperty(globalThis, 'vitrine', { configurable: true, set(value) {
  Object.defineProperty(globalThis, 'vitrine', { value });
  queueMicrotask(() => value.set('background', 'colour'));
} });
"""


def filmed(visit: Visit, background: str) -> Visit:
    """With the camera as its source, on WASM."""
    visit.open(backend="wasm", mirror=0, background=background, colour=BLUE)
    visit.page.get_by_role("button", name="Use my camera").click()
    visit.until(lambda: visit.page.evaluate("spy.stream?.active"), "the camera")
    visit.until(lambda: visit.control("Camera").locator("option").count() > 1, "the camera as source")
    visit.more(3)
    return visit


def raw(visit: Visit) -> bool:
    """Whether the camera's own picture is seen."""
    return visit.page.locator("#show video").count() > 0


def test_a_backend_that_won_its_trial_and_fails_later(visit: Visit) -> None:
    visit.open(model="selfie-landscape")
    assert visit.stats()["backend"] == "wasm"
    visit.python(TRIAL)
    visit.runs("backend", "webgl")
    visit.until(lambda: alone(visit), "the old worker's end")
    visit.more(2)
    visit.workers[0].evaluate(
        "() => self.page.ort.env.webgl.context.getExtension('WEBGL_lose_context').loseContext()"
    )
    assert visit.noted("WebGL stopped (").endswith("Continuing with WASM.")
    visit.runs("backend", "wasm")
    visit.more(2)


def test_what_lay_beside_a_photo_does_not_show_the_next(visit: Visit, tmp_path: Path) -> None:
    wide, tall = tmp_path / "wide.png", tmp_path / "tall.png"
    Image.new("RGB", (800, 400), (128, 128, 128)).save(wide)
    face = Image.new("RGB", (400, 800), (128, 128, 128))
    astronaut = data.astronaut()  # type: ignore[no-untyped-call]
    face.paste(Image.fromarray(astronaut[:250, 60:460]))
    face.save(tall)
    visit.open(backend="wasm", model="blazeface", background="colour", colour=BLUE)

    def shown(photo: Path) -> int:
        """The largest difference from the colour."""
        with Image.open(photo) as opened:
            width, height = opened.size
        visit.choose(photo)
        visit.until(lambda: visit.picture().shape == (height, width, 4), "the photo")
        visit.until(lambda: quiet(visit), "the photo to rest")
        return int(np.abs(visit.picture()[..., :3].astype(int) - RGB).max())

    assert shown(wide) <= 2
    assert shown(tall) > 50, "the face stays"
    assert shown(wide) <= 2


def test_a_background_chosen_while_a_worker_hangs_covers_the_camera(visit: Visit) -> None:
    filmed(visit, "none")
    visit.allowed = [TERMINATED]
    visit.workers[0].evaluate(HANG)
    visit.set("background", "colour")

    def canvas(wanted: bool) -> bool:
        assert not raw(visit), "the room was seen"
        return (visit.page.locator("#show canvas").count() > 0) == wanted

    visit.until(lambda: canvas(False), "the hanging worker's canvas to be taken away")
    visit.until(lambda: canvas(True), "the next worker's", START)
    visit.until(lambda: like(visit, RGB), "the colour")


def test_a_background_chosen_while_the_camera_stands_in_takes_it_away(visit: Visit) -> None:
    filmed(visit, "none")
    visit.allowed = [TERMINATED]
    visit.workers[0].evaluate(HANG)
    visit.until(lambda: raw(visit), "the camera itself, as none was chosen", START)
    visit.set("background", "colour")
    assert not raw(visit), "the room was seen"
    visit.until(lambda: visit.page.locator("#show canvas").count() > 0, "the next worker's picture", START)
    visit.until(lambda: like(visit, RGB), "the colour")


def test_the_camera_goes_off_when_another_source_is_chosen(visit: Visit) -> None:
    filmed(visit, "blur")
    visit.control("Source").select_option("file")
    states = "[...new Set(spy.stream.getTracks().map((track) => track.readyState))]"
    visit.until(lambda: visit.page.evaluate(states) == ["ended"], "the camera to go off")
    assert visit.page.get_by_role("button", name="Choose a photo or video").is_visible()
    visit.more(2)


@pytest.mark.parametrize("when", ["first", "later"])
def test_a_model_chosen_after_the_last_backend_failed(begin: Begin, damaged: Damaged, when: str) -> None:
    damaged.gone.add(graph("selfie-landscape", "wasm-ort"))
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    if when == "first":
        damaged.gone.add(graph("selfie", "wasm-ort"))
        visit.go(backend="wasm-ort", model="selfie")
    else:
        visit.open(backend="wasm-ort", model="selfie")
        visit.python(EXHAUSTED)
    visit.noted(LAST)
    title = card("selfie-landscape").title
    visit.control("Model").select_option("selfie-landscape")
    assert LAST in visit.noted(f"({title}: the file is missing")
    visit.control("Model").select_option("blazeface")
    visit.runs("model", "blazeface")
    visit.more(2)
    visit.until(lambda: len(visit.workers) == 1, "the other workers' end")


def test_the_manifest_missing_is_said(begin: Begin, damaged: Damaged) -> None:
    damaged.gone.add("manifest.json")
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    visit.go()
    assert "manifest.json" in visit.noted("The page could not start")
    assert visit.page.locator("#boot").is_hidden()


def test_settings_made_before_the_page_is_ready(visit: Visit) -> None:
    visit.page.add_init_script(EARLY)
    visit.go(backend="wasm")
    visit.set("colour", BLUE)
    visit.begun()
    visit.until(lambda: like(visit, RGB), "the colour")
    visit.until(lambda: alone(visit), "the other workers' end")
    assert "background=colour" in visit.page.url
    assert visit.notes() == []
