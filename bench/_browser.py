"""The page in a real Chromium, for the commands: served, opened, held still, Python run in its worker.

Measures nothing itself.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Worker, sync_playwright

from app.core.errors import UserError
from publish import DIST, STATE
from publish.pack.serve import Handler, Server
from tests.support import chromium

HERE = Path(__file__).parent
READY = 120_000  # ms; WebGPU imitated by the processor compiles for half a minute
# Runs the text of bench/inside/*.py in the page's worker and calls its `main(**arguments)`, which gives JSON.
INSIDE = """async ([text, given]) => {
  const { pyodide } = self.page;
  const globals = pyodide.runPython('dict()');
  pyodide.runPython(text, { globals });
  return await globals.get('main').callKwargs(given);
}"""


@contextmanager
def served(
    extra: Mapping[str, Path] | None = None, without: str = "", handler: type[Handler] = Handler
) -> Iterator[str]:
    """dist/ on a free port, with `extra` files or folders by their path beside it; gives its address.

    `without` is a pattern of files that are left out; `handler` answers. Raises UserError without a dist/.
    """
    if not (DIST / "manifest.json").is_file():
        raise UserError("dist/ is not built. Run: python3 build.py build")
    with TemporaryDirectory(dir=STATE) as folder:
        root = Path(folder) / "dist"
        shutil.copytree(DIST, root, copy_function=os.link)  # hard links: a build meanwhile changes nothing
        for name, path in (extra or {}).items():
            copy: Callable[..., Any] = shutil.copytree if path.is_dir() else shutil.copy
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            copy(path, root / name)
        for path in root.glob(without) if without else ():
            path.unlink()
        with Server(root) as server:
            server.RequestHandlerClass = handler
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield server.url
            server.shutdown()


@contextmanager
def browser(*flags: str, gpu: str = "imitated") -> Iterator[Browser]:
    """A headless Chromium with `flags`; its GPU is "imitated" by the processor, or "none" at all."""
    base = chromium.FLAGS if gpu == "imitated" else ("--disable-gpu", *chromium.SANDBOX)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium.ensure(), args=[*base, *flags])
        yield found
        found.close()


@contextmanager
def opened(browser: Browser, url: str, /, **settings: object) -> Iterator[Page]:
    """The page with these settings in its query, in a profile of its own, its first picture drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(READY)
    page.goto(f"{url}?" + "&".join(f"{name}={value}" for name, value in settings.items()))
    page.evaluate("vitrine.ready")
    yield page
    context.close()


def hold(page: Page) -> None:
    """Stop the sample, and with it the page's own frames: what is measured then has the machine alone."""
    page.evaluate("globalThis.requestAnimationFrame = () => 0")
    page.wait_for_timeout(500)


def prepare(page: Page, count: int, *places: Page | Worker) -> None:
    """Leave `count` pictures of the sample at globalThis.frames, in the page's worker and in `places`."""
    scene = page.evaluate("fetch('manifest.json').then((answer) => answer.json())")["sample"]
    for place in (python(page), *places):
        place.evaluate(script("frames"), [scene, count, page.url])


def inside(page: Page, name: str, **given: object) -> Any:
    """What `main(**given)` of bench/inside/NAME.py gives, run by the Python of the page's worker."""
    text = (HERE / "inside" / f"{name}.py").read_text("utf-8")
    return json.loads(python(page).evaluate(INSIDE, [text, given]))


def python(page: Page) -> Worker:
    """The page's worker; the others are onnxruntime's threads, which answer to nobody."""
    return next(worker for worker in reversed(page.workers) if urlsplit(worker.url).path == "/worker.js")


def script(name: str) -> str:
    """The text of bench/inside/NAME.js."""
    return (HERE / "inside" / f"{name}.js").read_text("utf-8")


def low(numbers: Sequence[float]) -> str:
    """Median and smallest, as one cell."""
    return f"{statistics.median(numbers):.2f} ({min(numbers):.2f})"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def run(main: Callable[[], None]) -> None:
    """Run a module's main(); a UserError ends it with its sentence."""
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
