"""Settings changed while the picture moves: it goes on, the old worker is gone, a hidden tab comes back.

Does not test what happens when something fails: test_trouble.py does.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest

from tests.page.drive import Visit

SEEN = ("background", "image", "blur", "mirror")  # settings that the room's left shows
# One after another in one visit: name, value, and of what colour the left upper corner then is.
CHANGES = (
    ("background", "colour", None),
    ("colour", "#0a64f0", (10, 100, 240)),
    ("background", "transparent", None),
    ("background", "image", None),
    ("image", "aurora", None),
    ("background", "blur", None),
    ("blur", 100, None),
    ("softness", 90, None),
    ("smoothing", 0, None),
    ("mirror", True, None),
    ("background", "none", None),
)


SLEEP = "() => { setTimeout(() => { const end = Date.now() + 3_000; while (Date.now() < end); }); }"


def test_every_setting_changes_the_moving_picture(visit: Visit) -> None:
    visit.open(backend="wasm", smoothing=10)
    for name, value, corner in CHANGES:
        before = visit.picture()[:240, :120].astype(int)
        visit.set(name, value)
        if corner:
            visit.until(partial(like, visit, corner), f"{name} {value}")
        elif name in SEEN:
            visit.until(partial(differs, visit, before), f"{name} {value} to be seen")
        visit.more(2)
        assert visit.picture().shape == (480, 640, 4)
    visit.set("background", "transparent")
    visit.until(lambda: visit.picture()[:100, :60, 3].max() == 0, "a room of no colour")
    visit.set("resolution", "360")
    visit.until(lambda: visit.picture().shape == (360, 480, 4), "the smaller picture")
    assert visit.notes() == []


def like(visit: Visit, rgb: tuple[int, int, int]) -> bool:
    """Whether the left upper corner is of a colour."""
    return bool(np.abs(visit.picture()[:20, :20, :3].astype(int) - rgb).max() <= 2)


def differs(visit: Visit, before: Any) -> bool:
    """Whether the room's left looks otherwise than before."""
    return bool(np.abs(visit.picture()[:240, :120] - before).mean() > 2)


def alone(visit: Visit) -> bool:
    """Whether one worker lives, by the page's count and the browser's."""
    return len(visit.workers) == 1 and visit.page.evaluate("spy.live") == 1


def test_a_mirrored_room_is_the_room_turned(visit: Visit) -> None:
    visit.open(backend="wasm", background="none")
    there = visit.picture()[:200, :100]
    visit.set("mirror", True)

    def away() -> float:
        return float(np.abs(visit.picture()[:200, ::-1][:, :100].astype(int) - there).mean())

    visit.until(lambda: away() <= 1, "the room, turned")


def test_a_new_model_comes_without_a_stop(visit: Visit) -> None:
    visit.open(backend="wasm", model="selfie")
    visit.more(20)
    gaps = []
    for model in ("selfie-landscape", "blazeface", "selfie"):
        begin = visit.done()
        visit.set("model", model)
        visit.runs("model", model)
        visit.more(5)
        times = visit.page.evaluate(f"spy.done.slice({begin - 1})")
        gaps.append(max(after - before for before, after in pairwise(times)))
        visit.until(lambda: alone(visit), "the old worker's end")
        assert visit.control("Model").input_value() == model
    assert median(gaps) <= 500  # the page's promise, ms; the middle one, for other programs run here too
    assert visit.notes() == []


@pytest.mark.parametrize("backend", ["webgl", "webgpu"])
def test_a_backend_and_back_again(visit: Visit, backend: str) -> None:
    # BlazeFace is the quickest on WebGPU in software: under 5 s a frame on a busy machine too.
    visit.open(backend="wasm", model="blazeface", background="colour", colour="#0a64f0")
    if visit.control("Backend").locator(f"option[value={backend}]").is_disabled():
        pytest.skip(f"this Chromium has no {backend}")
    for wanted in (backend, "wasm"):
        visit.control("Backend").select_option(wanted)
        visit.runs("backend", wanted, 60)
        visit.until(lambda: like(visit, (10, 100, 240)), "the colour")
        visit.until(lambda: alone(visit), "the old worker's end")
    assert visit.notes() == []


def test_changes_faster_than_a_worker_starts(visit: Visit) -> None:
    visit.open(backend="wasm", model="selfie")
    for model in ("blazeface", "selfie-landscape", "selfie", "blazeface"):
        visit.set("model", model)
    visit.set("background", "colour")
    visit.runs("model", "blazeface")
    visit.until(lambda: alone(visit), "the other workers' end")
    assert visit.control("Background").input_value() == "colour"
    assert "background=colour" in visit.page.url
    assert "model=blazeface" in visit.page.url


def test_auto_takes_wasm_where_the_gpu_is_software(visit: Visit) -> None:
    visit.open()
    visit.until(lambda: visit.stats()["frames"] > 60, "the frames after which a faster backend is tried", 30)
    visit.more(10)
    assert visit.stats()["backend"] == "wasm"
    assert alone(visit)


def test_a_hidden_tab_goes_on_when_it_is_seen_again(visit: Visit) -> None:
    visit.open(backend="wasm")
    visit.limit(2000)
    visit.more(2)
    visit.page.evaluate("spy.hide(true)")
    visit.workers[0].evaluate(SLEEP)
    visit.page.wait_for_timeout(3000)  # longer than the worker of a tab that is seen may be silent
    before = visit.done()
    visit.page.wait_for_timeout(1000)
    assert visit.done() - before <= 2, "only the frame that was under way and the one held for after it"
    visit.page.evaluate("spy.hide(false)")
    visit.more(5)
    assert alone(visit)
    assert visit.notes() == []
