"""The page in a real Chromium: serves it, opens it, pauses it, and runs Python in its worker.

Measures nothing itself.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Worker, sync_playwright

from app.core.errors import UserError
from publish import DIST, STATE
from publish.pack.headers import Rules
from publish.pack.serve import Handler, Server
from tests.support import chromium

INSIDE = Path(__file__).with_name("inside")
TIMEOUT = 120_000  # ms; WebGPU emulated in software compiles for half a minute
# What GPU the browser has: one that the processor emulates, none, or this machine's own if it has one.
GPUS: dict[str, tuple[str, ...]] = {
    "software": chromium.FLAGS,
    "none": ("--disable-gpu",),
    "own": ("--ignore-gpu-blocklist", "--enable-gpu", "--enable-unsafe-webgpu", "--enable-features=Vulkan"),
}
# Runs the text of bench/inside/*.py in the page's worker and returns the JSON of its `main(**arguments)`.
RUN_MAIN = """async ([text, given]) => {
  const { pyodide } = self.page;
  const globals = pyodide.runPython('dict()');
  pyodide.runPython(text, { globals });
  return await globals.get('main').callKwargs(given);
}"""


@contextmanager
def serve_dist(
    extra: Mapping[str, Path] | None = None, without: str = "", handler: type[Handler] = Handler
) -> Iterator[str]:
    """Serve dist/ on a free port; yields its address. Raises UserError if dist/ is not built.

    `extra` maps paths to files or folders that are served too, `without` is a pattern of files that are not
    served, and `handler` answers the requests.
    """
    if not (DIST / "manifest.json").is_file():
        raise UserError("dist/ is not built. Run: python3 build.py build")
    with TemporaryDirectory(dir=STATE) as folder:
        root = Path(folder) / "dist"
        shutil.copytree(DIST, root, copy_function=os.link)  # hard links, so that a build changes nothing here
        for name, path in (extra or {}).items():
            copy: Callable[..., Any] = shutil.copytree if path.is_dir() else shutil.copy
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            copy(path, root / name)
        for path in root.glob(without) if without else ():
            path.unlink()
        with serve(root, handler) as url:
            yield url


@contextmanager
def serve(root: Path, handler: type[Handler] = Handler, rules: Rules = ()) -> Iterator[str]:
    """Serve a folder on a free port; yields its address. `rules` follow those of static/headers.json."""
    with Server(root) as server:
        server.RequestHandlerClass = handler
        server.rules = [*server.rules, *rules]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.url
        server.shutdown()


@contextmanager
def launch(*flags: str, gpu: str = "software") -> Iterator[Browser]:
    """A headless Chromium with `flags`. `gpu` is a row of GPUS."""
    base = (*GPUS[gpu], *chromium.SANDBOX)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.ensure(), args=[*base, *flags])
        yield browser
        browser.close()


@contextmanager
def open_page(browser: Browser, url: str, /, **settings: object) -> Iterator[Page]:
    """The page with these settings in its URL and a new profile, once its first picture is drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{url}?" + "&".join(f"{name}={value}" for name, value in settings.items()))
    page.evaluate("vitrine.ready")
    yield page
    context.close()


def pause(page: Page) -> None:
    """Stop the sample, and with it the page's own frames, so that the measured work has the machine alone."""
    page.evaluate("globalThis.requestAnimationFrame = () => 0")
    page.wait_for_timeout(500)


def prepare_frames(page: Page, count: int, *places: Page | Worker) -> None:
    """Put `count` pictures of the sample into globalThis.frames of the page's worker and of `places`."""
    sample = page.evaluate("fetch('manifest.json').then((answer) => answer.json())")["sample"]
    for place in (worker(page), *places):
        place.evaluate(script("frames"), [sample, count, page.url])


def run_inside(page: Page, name: str, **arguments: object) -> Any:
    """The result of `main(**arguments)` of bench/inside/NAME.py, run by the Python of the page's worker."""
    text = (INSIDE / f"{name}.py").read_text("utf-8")
    return json.loads(worker(page).evaluate(RUN_MAIN, [text, arguments]))


def worker(page: Page) -> Worker:
    """The worker of the page that runs Python; the other workers are the threads of onnxruntime-web."""
    return next(found for found in reversed(page.workers) if urlsplit(found.url).path == "/worker.js")


def script(name: str) -> str:
    """The text of bench/inside/NAME.js."""
    return (INSIDE / f"{name}.js").read_text("utf-8")
