"""Visits to a page: its first picture cold and warm, and its frames from a camera at 30 per second.

Chooses no page and compares nothing: returns numbers by the name of the measurement. A visit has its own
browser, so that no page profits from another's caches.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page

from bench import _processes
from bench._browser import TIMEOUT, launch, run_inside
from bench._sites import CountingHandler
from bench._subjects import OURS, Subject

Measured = dict[str, list[float]]
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SETTLE = 3000  # ms until the frame rate and the compilers of the browser are steady
SECONDS = 6.0  # of frames that are counted after that
# By site: resolves to the ms from the navigation until the page says that its first picture is drawn.
FIRST_PICTURE = {
    OURS: """globalThis.firstPicture = (async () => {
      while (!globalThis.vitrine) await new Promise((resolve) => setTimeout(resolve, 5));
      await globalThis.vitrine.ready;
      return performance.now();
    })()""",
    "peers": """globalThis.firstPicture = (async () => {
      while (!globalThis.bench) await new Promise((resolve) => setTimeout(resolve, 5));
      return globalThis.bench.ready;
    })()""",
}
COUNT = {OURS: "vitrine.stats().frames ?? 0", "peers": "bench.pictures"}


def address(urls: Mapping[str, str], subject: Subject, **query: object) -> str:
    """The subject's address; `urls` are the sites' addresses."""
    settings = {**subject.query, **query}
    return f"{urls[subject.site]}?" + "&".join(f"{name}={value}" for name, value in settings.items())


def start(urls: Mapping[str, str], subject: Subject, gpu: str) -> Measured:
    """`cold` and `warm`, s to the first picture of two visits, and of the first: `sent`, MB, `spent`, s.

    `spent` is in processor seconds of the whole browser, and is left out where they cannot be counted.
    """
    with launch(gpu=gpu) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(FIRST_PICTURE[subject.site])
        context.new_page().wait_for_timeout(1000)  # the browser itself has started
        out: Measured = {}
        for name in ("cold", "warm"):
            page = context.new_page()
            page.set_default_timeout(TIMEOUT)
            CountingHandler.sent, before = 0, _spent()
            page.goto(address(urls, subject), wait_until="commit")
            out[name] = [page.evaluate("globalThis.firstPicture") / 1000]
            after = _spent()
            if name == "cold":
                out["sent"] = [CountingHandler.sent / 1e6]
                out |= {"spent": [after - before]} if after else {}
            page.close()
            context.pages[0].wait_for_timeout(500)
        return out


def live(urls: Mapping[str, str], subject: Subject, gpu: str, clip: Path) -> Measured:
    """Frames of a fake camera that plays `clip`: `load`, `live` and `fps`.

    `load` is in processor seconds of the whole browser per second, and left out where they cannot be counted.
    `live` has the ms from each frame to its Mask, and is left out where the page makes none.
    """
    flags = (*CAMERA, f"--use-file-for-fake-video-capture={clip}")
    with ExitStack() as stack:
        browser = stack.enter_context(launch(*flags, gpu=gpu))
        context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera"])
        context.add_init_script(FIRST_PICTURE[subject.site])
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(address(urls, subject, source="camera"), wait_until="commit")
        page.evaluate("globalThis.firstPicture")
        if subject.site == OURS:
            open_camera(page)
        page.wait_for_timeout(SETTLE)
        times = _start_times(page, subject)
        frames, before, begin = (
            page.evaluate(COUNT[subject.site]),
            _spent(),
            page.evaluate("performance.now()"),
        )
        page.wait_for_timeout(1000 * SECONDS)
        after, end = _spent(), page.evaluate("performance.now()")
        seconds = (end - begin) / 1000
        out = {"fps": [(page.evaluate(COUNT[subject.site]) - frames) / seconds]}
        out |= {"load": [(after - before) / seconds]} if after else {}
        found = _times(page, subject) if times else []
        return out | ({"live": found} if found else {})


def open_camera(page: Page) -> None:
    """Turn the camera on where the page asks for it first."""
    if page.locator("#ask button").is_visible():
        page.locator("#ask button").click()


def _start_times(page: Page, subject: Subject) -> bool:
    """Begin to note the time of each frame to its Mask; whether the page makes Masks."""
    if subject.query.get("background") == "none":
        return False
    if subject.site == OURS:
        run_inside(page, "live", what="begin")
    else:
        page.evaluate("bench.times.length = 0")
    return True


def _times(page: Page, subject: Subject) -> list[float]:
    """The ms of each frame to its Mask since _start_times."""
    if subject.site == OURS:
        return list(map(float, run_inside(page, "live", what="end")))
    return list(map(float, page.evaluate("bench.times")))


def _spent() -> float:
    """Processor seconds so far; 0 where they cannot be counted."""
    return _processes.seconds() if _processes.available() else 0.0
