"""The functions of Pyodide's module that the page calls, for publish/pack/slim/hot.json.

Measures no time. The page is served with a module that notes each function called, and used as visitors do:
every task, background and overlay, with and without a GPU. A function that is not listed still works; the
page then loads the other half of Python's module. Run this again after an update of Pyodide, or when
tests/page/test_budget.py says that a start loads that half. Needs dist/; the next build uses the list.
"""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from app.backgrounds import BACKGROUNDS
from app.overlays import OVERLAYS
from app.tasks import TASKS
from bench._browser import TIMEOUT, launch, worker
from bench._command import progress, run
from publish import DIST
from publish.node_packages import read
from publish.pack.serve import Server
from publish.pack.slim import hot
from publish.pack.slim.start import counting
from tests.support.built import cards, manifest

CALLED = """() => Object.entries(self.page.pyodide._module.core)
  .filter(([name, value]) => name.startsWith('hot.') && value.value)
  .map(([name]) => Number(name.slice(4)))"""
# What happens at any time: a collection of garbage, an error with its traceback, which goes to JavaScript.
ANY_TIME = """() => {
  const { pyodide } = self.page;
  pyodide.pyimport('gc').collect();
  pyodide.pyimport('traceback').format_stack();
  try { pyodide.pyimport('json').loads('{'); } catch (error) { return error.message; }
}"""
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
STEP = 700  # ms for a setting to take effect
OTHERS = {"mirror": 0, "smoothing": 50, "threshold": 40, "blur": 30, "colour": "#102030", "nonsense": 1}


class Counting(Server):
    """dist/ with another file in place of Python's small module."""

    def __init__(self, module: Path) -> None:
        self.module = module
        self.core = manifest()["pyodide"]["start"]["core"]
        super().__init__(DIST)

    def file(self, target: str) -> tuple[str, Path] | None:
        """See Server."""
        found = super().file(target)
        return (found[0], self.module) if found and found[0] == self.core else found


def main() -> None:
    """Use the page, read what was called, write the list."""
    module, count = counting()
    found: set[int] = set()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "core.wasm"
        file.write_bytes(module)
        with Counting(file) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            for gpu, backend in (("none", "wasm"), ("software", "wasm"), ("software", "webgl")):
                with launch(*CAMERA, gpu=gpu) as browser:
                    for task in TASKS:
                        before = len(found)
                        found |= visit(browser, server.url, task, backend)
                        progress(f"{task}, {backend}, GPU {gpu}: {len(found) - before} more")
            server.shutdown()
    original = read("pyodide", "pyodide.asm.wasm")
    hot.write(original, count, found)
    print(f"{len(found)} of {count} functions are called. Build again to use the list.")


def visit(browser: Browser, url: str, task: str, backend: str) -> set[int]:
    """Use every setting of a task that needs no other worker; returns the functions called."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{url}?task={task}&backend={backend}&source=sample")
    page.evaluate("vitrine.ready")
    for background in BACKGROUNDS:
        put(page, "background", background)
    overlays = [card.id for card in cards().values() if card.kind in OVERLAYS]
    for overlay in (*overlays, "none"):
        put(page, "overlay", overlay)
    for name, value in OTHERS.items():
        put(page, name, value)
    put(page, "source", "camera")
    page.get_by_role("button", name="Save picture").click()
    page.wait_for_timeout(STEP)
    worker(page).evaluate(ANY_TIME)
    called = set(worker(page).evaluate(CALLED))
    context.close()
    return called


def put(page: Page, name: str, value: object) -> None:
    """Change a setting and wait for its picture."""
    page.evaluate("([name, value]) => vitrine.set(name, value)", [name, value])
    page.wait_for_timeout(STEP)


if __name__ == "__main__":
    run(main)
