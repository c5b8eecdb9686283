"""Browsers that lack something: WebGL, WebGPU, cross-origin isolation. Does not test slow ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Playwright

from app.backgrounds import BACKGROUNDS
from app.core.backend import BACKENDS
from tests.page.conftest import Begin
from tests.page.drive import Visit
from tests.support import chromium


@pytest.fixture(scope="module")
def poor(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium without any 3D interface."""
    flags = ["--disable-gpu", "--disable-software-rasterizer"]
    sandbox = [flag for flag in chromium.FLAGS if flag == "--no-sandbox"]
    found = playwright.chromium.launch(
        executable_path=chromium.ensure(),
        args=flags + sandbox,
        ignore_default_args=["--enable-unsafe-swiftshader"],  # Playwright's own
    )
    yield found
    found.close()


def lacking(visit: Visit, backend: str) -> str:
    """What the panel says about a backend that cannot be chosen; "" when it can."""
    option = visit.control("Backend").locator(f"option[value={backend}]")
    return option.inner_text() if option.is_disabled() else ""


def differs(visit: Visit, before: Any) -> bool:
    """Whether the room's left looks otherwise than before."""
    return bool(np.abs(visit.picture()[:200, :100] - before).mean() > 2)


def test_without_webgl_and_webgpu_the_page_works(begin: Begin, poor: Browser) -> None:
    visit = begin(browser=poor)
    stats = visit.open(background="colour", colour="#0a64f0")
    assert stats["backend"] == "wasm"
    assert "this browser has no WebGL" in lacking(visit, "webgl")
    assert "this browser has no WebGPU" in lacking(visit, "webgpu")
    assert lacking(visit, "wasm") == ""
    blue = (10, 100, 240)
    for background in (id for id in BACKGROUNDS if id != "colour"):
        # From one colour to each: an image that is not loaded yet looks as a video that is not chosen.
        visit.set("background", "colour")
        visit.until(lambda: np.abs(visit.picture()[:20, :20, :3].astype(int) - blue).max() <= 2, "the colour")
        before = visit.picture()[:200, :100].astype(int)
        visit.set("background", background)
        visit.until(partial(differs, visit, before), background)
    assert visit.notes() == []


@pytest.mark.parametrize("backend", ["webgl", "webgpu"])
def test_a_backend_the_browser_lacks_is_refused_with_a_reason(
    begin: Begin, poor: Browser, backend: str
) -> None:
    visit = begin(browser=poor)
    assert visit.open(backend=backend)["backend"] == "wasm"
    assert f"this browser has no {BACKENDS[backend].title}" in visit.noted("cannot be chosen here")
    assert visit.control("Backend").input_value() == "auto"


def test_without_isolation_there_is_one_thread_and_it_is_said(begin: Begin, plain: str) -> None:
    visit = begin(plain, extra_http_headers={})  # the files come packed, as browsers ask for them
    stats = visit.open(backend="wasm-ort", threads=2)
    assert visit.page.evaluate("crossOriginIsolated") is False
    assert stats["threads"] == 1
    assert "not cross-origin isolated" in visit.noted("threads can be at most 1 here, not 2")
    assert "not cross-origin isolated" in visit.page.locator("#control-threads-hint").inner_text()
    visit.more(2)


def test_with_isolation_threads_are_as_many_as_asked(visit: Visit) -> None:
    if visit.page.evaluate("navigator.hardwareConcurrency") < 2:
        pytest.skip("this machine has 1 core")
    assert visit.open(backend="wasm-ort", threads=2)["threads"] == 2
    visit.set("threads", 1)
    visit.runs("threads", 1)
    visit.more(2)
    assert visit.page.evaluate("spy.live") == 1
