"""A visitor of the page: a tab driven as one would, and everything it asked for and complained of.

Does not judge what it sees: the tests do.
"""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Request, Route, WebError, Worker

Picture = NDArray[np.uint8]
SPY = Path(__file__).with_name("spy.js")
RUNTIME = Path(__file__).with_name("runtime_inside.py").read_text("utf-8")
STEP = 100  # ms between two looks at what is waited for
START = 40.0  # seconds a start may take: 2 on a quiet machine, 10 for WebGPU in software
# For a processor that draws everything itself. A picture of half the usual size is drawn in half the time;
# files that come unpacked are not unpacked at each of 150 starts, 0.3 s of 3.
LIGHT: dict[str, Any] = {
    "viewport": {"width": 960, "height": 540},
    "extra_http_headers": {"Accept-Encoding": "identity"},
}
SHOWN = "document.querySelector('#show canvas:last-child')"


class Visit:
    """One browser context with one tab on `url`. `allowed`: parts of console errors that the test expects."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.url = url
        self.allowed: list[str] = []
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.context = browser.new_context(**LIGHT | context)
        self.context.on("request", self._asked)
        self.context.on("console", self._said)
        self.context.on("weberror", self._failed)
        self.context.add_init_script(path=SPY)
        self.page = self.context.new_page()

    def open(self, query: str = "", **settings: Any) -> dict[str, Any]:
        """Go to the page with these settings, wait for its first picture; gives its stats."""
        self.go(query, **settings)
        return self.begun()

    def go(self, query: str = "", **settings: Any) -> None:
        """Go to the page and wait for nothing."""
        self.page.goto(f"{self.url}?{query or urlencode(settings)}")

    def begun(self) -> dict[str, Any]:
        """The stats once there is a picture."""
        self.until(lambda: self.stats().get("frames"), "the first picture", START)
        return self.stats()

    def stats(self) -> dict[str, Any]:
        """vitrine.stats()."""
        stats: dict[str, Any] = self.page.evaluate("vitrine.stats()")
        return stats

    def set(self, name: str, value: Any) -> None:
        """vitrine.set()."""
        self.page.evaluate("([name, value]) => vitrine.set(name, value)", [name, value])

    def until(self, test: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
        """Wait for `test` to give something true, and give it. AssertionError after `seconds`."""
        end = time.monotonic() + seconds
        while not (found := test()):
            notes = f"The page says {self.notes()}, the console {self.errors}."
            assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s. {notes}"
            self.page.wait_for_timeout(STEP)
        return found

    def runs(self, name: str, value: Any, seconds: float = START) -> None:
        """Wait for the stats to say that this backend, model or number of threads runs."""
        self.until(lambda: self.stats().get(name) == value, f"{name} {value} in the stats", seconds)

    def more(self, pictures: int = 2, seconds: float = START) -> None:
        """Wait for this many new pictures."""
        begin = self.done()
        self.until(lambda: self.done() >= begin + pictures, f"{pictures} more pictures", seconds)

    def done(self) -> int:
        """How many pictures there were, of all workers."""
        count: int = self.page.evaluate("spy.done.length")
        return count

    def camera_on(self) -> None:
        """Press the button, and wait until what is shown is the camera's."""
        self.page.get_by_role("button", name="Turn the camera on").click()
        self.begun()
        known = self.control("Camera").locator("option")
        self.until(lambda: known.count() > 1, "the camera as source", START)
        self.more(3)  # one of the source before may be under way, one held

    def choose(self, file: Path) -> None:
        """Make a file the source, as a visitor does."""
        if self.control("Source").input_value() != "file":
            self.control("Source").select_option("file")
        self.until(lambda: self.control("Photo or video").count(), "the file control")
        self.control("Photo or video").set_input_files(file)

    def noted(self, part: str, seconds: float = START) -> str:
        """Wait for a note to the visitor that holds `part`; gives it whole."""
        found: str = self.until(
            lambda: next((n for n in self.notes() if part in n), ""), f"a note with “{part}”", seconds
        )
        return found

    def notes(self) -> list[str]:
        """What the page tells the visitor now."""
        notes: list[str] = self.page.locator("#notes p span").all_text_contents()
        return notes

    def control(self, label: str) -> Any:
        """The control with this label."""
        return self.page.get_by_label(label, exact=True)

    def picture(self) -> Picture:
        """The pixels shown now, RGBA [h,w,4]."""
        url = self.page.evaluate(
            f"""() => {{
                const shown = {SHOWN};
                const {{ width, height }} = shown;
                const copy = Object.assign(document.createElement('canvas'), {{ width, height }});
                copy.getContext('2d').drawImage(shown, 0, 0);
                return copy.toDataURL();
            }}"""
        )
        return np.asarray(Image.open(BytesIO(b64decode(url.split(",")[1]))).convert("RGBA"))

    def screen(self) -> Picture:
        """The stage as it is seen, RGB [h,w,3]: whatever is in place of the canvas as well."""
        shot = self.page.locator("#show").screenshot()
        return np.asarray(Image.open(BytesIO(shot)).convert("RGB"))

    @property
    def workers(self) -> list[Worker]:
        """The page's own workers, newest last; not the threads that onnxruntime starts."""
        return [worker for worker in self.page.workers if urlsplit(worker.url).path == "/worker.js"]

    def python(self, code: str, **names: Any) -> Any:
        """Run code in the worker's Python; its last expression as JSON. `page` and `names` are there."""
        given = f"import json, page; globals().update(json.loads({json.dumps(json.dumps(names))}))\n"
        run = "code => self.page.pyodide.runPythonAsync(code).then((found) => JSON.stringify(found ?? null))"
        return json.loads(self.workers[-1].evaluate(run, given + code))

    def auxiliary(self, backend: str) -> None:
        """Load a backend's runtime beside the page's own, as `runtime` of what `python` runs.

        A page itself starts on a GPU in software in ten seconds.
        """
        self.python(f"{RUNTIME}\nruntime = await loaded(page, backend)\n", backend=backend)

    def patient(self) -> None:
        """Have the page wait for a frame that compiles, or a GPU in software, as long as it takes."""
        self.limit(600_000)
        self.more(2)

    def limit(self, ms: int) -> None:
        """Have the page take a worker for stopped after this long without a word."""
        code = (
            "import dataclasses\nshell = page.python.unwrap()\n"
            "shell.state = dataclasses.replace(shell.state, limits=(ms, ms))\nshell.publish()"
        )
        self.python(code, ms=ms)

    def in_workers(self, script: str) -> None:
        """Have each worker that begins from now on run a script before its own code."""

        def prepend(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, body=f"{script}\n{response.text()}")

        self.context.route(re.compile(r"/worker\.js$"), prepend)

    def close(self) -> None:
        """Close the tab. AssertionError where a request left the origin or the console has an error."""
        self.context.close()
        outside = [url for url in self.requests if not url.startswith((self.url, "blob:", "data:"))]
        assert not outside, f"requests that leave the origin: {outside}"
        unexpected = [text for text in self.errors if not any(part in text for part in self.allowed)]
        assert not unexpected, f"errors in the console: {unexpected}"

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _failed(self, error: WebError) -> None:
        self.errors.append(str(error.error))
