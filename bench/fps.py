"""Frames per second of the page at 640 x 480 with blur: each model, backend and source.

Judges no picture. WebGL and WebGPU are SwiftShader here, the processor's imitation of a GPU, so their rows
say what a machine without a GPU gets, not what a GPU gives. With the GPU imitated the browser also puts the
whole page together on it; "none" is the browser as it runs on a laptop that has no GPU. The camera is
Chromium's fake one, which plays the tests' clip at 30 frames per second: more is not to be had from it. The
milliseconds are the page's own medians of each stage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from app.core.backend import BACKENDS
from bench._browser import browser, opened, run, served, table
from publish import DIST
from tests.support import clip

SECONDS = 5.0  # of pictures counted for each row, after as long a start as it takes to be steady
STEADY = 2.0
SLOW = 4  # pictures at least, however long they take: WebGPU imitated gives less than one a second
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
STAGES = ("sample", "infer", "compose", "python", "frame")
# Waits for the next stats that count a new picture; gives how many there were and when.
COUNT = """async (least) => {
  const start = vitrine.stats().frames ?? 0;
  const late = performance.now() + 60_000;
  while (!(vitrine.stats().frames >= start + least)) {
    if (performance.now() > late) throw new Error('the page has drawn no picture for a minute');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return [vitrine.stats().frames, performance.now()];
}"""


def main() -> None:
    """Print the table. Arguments: parts of the rows wanted, such as "none", "wasm" or "selfie"."""
    manifest = json.loads((DIST / "manifest.json").read_text("utf-8"))
    models = [row["id"] for row in manifest["models"] if not row["missing"]]
    head = ["GPU", "model", "backend", "threads", "source", "frames per second"]
    head += [f"{name}, ms" for name in STAGES]
    rows = []
    with TemporaryDirectory() as folder, served() as url:
        played = clip.write(Path(folder) / "clip.mjpeg")
        flags = (*CAMERA, f"--use-file-for-fake-video-capture={played}")
        for gpu in ("none", "imitated"):
            with browser(*flags, gpu=gpu) as chromium:
                for row in wanted(models, gpu):
                    if all(part in (gpu, *map(str, row.values())) for part in sys.argv[1:]):
                        rows.append([gpu, *measure(chromium, url, row)])
                        print(*rows[-1], file=sys.stderr, flush=True)
    table(head, rows)


def wanted(models: list[str], gpu: str) -> Iterator[dict[str, Any]]:
    """The settings of each row. Without a GPU there is WASM alone."""
    for model in models:
        for backend in BACKENDS if gpu == "imitated" else ("wasm",):
            for threads in (1, 2) if backend == "wasm" else (0,):
                for source in ("sample", "camera"):
                    yield {"model": model, "backend": backend, "threads": threads, "source": source}


def measure(chromium: Browser, url: str, settings: dict[str, Any]) -> list[object]:
    """One row: a visit of its own."""
    with opened(chromium, url, background="blur", resolution="480", **settings) as page:
        if settings["source"] == "camera":
            page.locator("#ask button").click()
            page.wait_for_timeout(1000)
        page.wait_for_timeout(1000 * STEADY)
        speed = count(page)
        stats = page.evaluate("vitrine.stats()")
    threads = stats["threads"] if stats["backend"] == "wasm" else "–"
    ran = [stats["model"], stats["backend"], threads, settings["source"]]
    return [*ran, f"{speed:.1f}", *(stats["ms"][stage] for stage in STAGES)]


def count(page: Page) -> float:
    """Frames per second over SECONDS, from one report of the page to another."""
    frames, begin = page.evaluate(COUNT, 1)
    page.wait_for_timeout(1000 * SECONDS)
    least = max(1, SLOW - (page.evaluate("vitrine.stats().frames") - frames))
    after, end = page.evaluate(COUNT, least)
    return float((after - frames) * 1000 / (end - begin))


if __name__ == "__main__":
    run(main)
