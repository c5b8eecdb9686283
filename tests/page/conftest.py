"""Fixtures of the page tests: dist/ on a free port, one Chromium whose camera plays the clip, visitors.

Does not build dist/: build.py does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from publish import DIST
from publish.pack.serve import Server
from tests.page.drive import Visit
from tests.support import alike, built, chromium, clip


class Begin(Protocol):
    """Makes a visitor; what is given goes to the browser context. All are closed, and judged, at the end."""

    def __call__(self, url: str = ..., browser: Browser = ..., **context: Any) -> Visit: ...


class Damaged(Server):
    """dist/ on a host where something went wrong: files that are `gone`, or others in their place."""

    def __init__(self, **how: Any) -> None:
        self.gone: set[str] = set()
        self.instead: dict[str, Path] = {}
        super().__init__(DIST, **how)

    def file(self, target: str) -> tuple[str, Path] | None:
        """See Server."""
        found = super().file(target)
        if found is None or found[0] in self.gone:
            return None
        path, file = found
        return path, self.instead.get(path, file)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve in a thread of its own."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The page's address."""
    with serving(Server(DIST)) as running:
        yield running.url


@pytest.fixture(scope="session")
def plain() -> Iterator[str]:
    """The page's address on a host that sends neither COOP nor COEP."""
    with serving(Server(DIST, isolate=False)) as running:
        yield running.url


@pytest.fixture
def damaged() -> Iterator[Damaged]:
    """A server whose files a test may take away or exchange."""
    with serving(running := Damaged()):
        yield running


# In front of static/worker.js: the software GPU has the name of another, so that shaders draw the picture.
HARDWARE = """
const { getParameter } = WebGL2RenderingContext.prototype;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === 37446 ? 'A GPU' : getParameter.call(this, name); // UNMASKED_RENDERER_WEBGL
};
"""


@pytest.fixture
def hardware(damaged: Damaged, tmp_path: Path) -> str:
    """The page's address, where a worker takes the software GPU for hardware."""
    script = tmp_path / "worker.js"
    script.write_text(HARDWARE + (DIST / "worker.js").read_text("utf-8"), "utf-8")
    damaged.instead["worker.js"] = script
    return damaged.url


@pytest.fixture
def drawing(request: pytest.FixtureRequest, begin: Begin) -> Visit:
    """A visitor whose picture is drawn by what the parameter names: "shaders" or "canvases"."""
    url = {"url": request.getfixturevalue("hardware")} if request.param == "shaders" else {}
    return begin(**url, permissions=["camera"])


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, begun once: its synchronous form cannot be begun twice in a thread."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium with every backend in software, and the clip as its camera. It asks before it gives it."""
    # 10 frames a second, as few as spy.js shows: so that what is tested has a processor too.
    played = clip.write(tmp_path_factory.mktemp("camera") / "clip.y4m", rate=10)
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={played}"]
    eager = ["--enable-blink-features=ForceEagerMeasureMemory"]  # memory is measured at once, not in 20 s
    # The second, slower compiler gains nothing for a page that lives for seconds: where a function runs 40
    # times as long as usual before it is compiled anew, 15 tests took 117 s instead of 145.
    hasty = ["--js-flags=--wasm-tiering-budget=500000000"]
    # WGSL sets a workgroup's memory to zero first, though no kernel reads what it did not write: without, the
    # models take 25 s instead of 67 on a GPU in software.
    plain = ["--enable-dawn-features=disable_workgroup_init"]
    arguments = [*chromium.FLAGS, *camera, *eager, *hasty, *plain]
    found = playwright.chromium.launch(executable_path=chromium.ensure(), args=arguments)
    yield found
    found.close()


@pytest.fixture(scope="session")
def lookalike() -> None:
    """For tests of the look-alike task: skips them where this build has it not."""
    if why := alike.missing():
        pytest.skip(why)


@pytest.fixture(scope="session")
def light(lookalike: None) -> str:
    """The segmenter for tests of this task that judge no segmenter: a GPU in software takes a second for it
    where BodyPix takes several.
    """
    if "selfie" not in built.cards():
        pytest.skip("selfie is not in this build")
    return "selfie"


@pytest.fixture
def begin(browser: Browser, server: str) -> Iterator[Begin]:
    """Makes visitors of the page."""
    with ExitStack() as visits:

        def make(url: str = server, browser: Browser = browser, **context: Any) -> Visit:
            visit = Visit(browser, url, **context)
            visits.callback(visit.close)
            return visit

        yield make


@pytest.fixture
def visit(begin: Begin) -> Visit:
    """A visitor who may use the camera."""
    return begin(permissions=["camera"])
