"""Frames per second of the page at 640 x 480 with blur: each model, backend and source.

Judges no picture. WebGL and WebGPU are emulated in software (SwiftShader), so their rows say what a machine
without a GPU gets, not what a GPU gives. With the emulated GPU the browser also composes the whole page on
it; GPU "none" is the browser as it runs on a laptop without a GPU. The camera is Chromium's fake one, which
plays the tests' clip at 30 frames per second, the most that is possible with it. The milliseconds are the
page's own medians of each stage. Arguments: parts of the rows to measure, such as none, wasm or selfie. With
--write two tables of the measured rows go to docs/figures.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from app.core.backend import BACKENDS
from bench._browser import launch, open_page, serve_dist
from bench._command import progress, run
from bench._report import Report, machine, markdown, print_table
from publish import DIST
from tests.support import clip

SECONDS = 5.0  # of pictures that are counted for each row, after WARM_UP
WARM_UP = 2.0  # seconds until the frame rate is steady
MIN_PICTURES = 4  # counted however long they take: emulated WebGPU draws less than one a second
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
STAGES = ("sample", "infer", "compose", "python", "frame")
# Waits for stats that count at least `least` new pictures; returns the number of pictures and the time.
COUNT = """async (least) => {
  const start = vitrine.stats().frames ?? 0;
  const late = performance.now() + 60_000;
  while (!(vitrine.stats().frames >= start + least)) {
    if (performance.now() > late) throw new Error('the page has drawn no picture for a minute');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return [vitrine.stats().frames, performance.now()];
}"""
NOT_MEASURED = "–"
Table = tuple[list[str], list[list[object]]]  # head and rows


@dataclass(frozen=True)
class Row:
    """One measurement. `threads` is 0 for a backend without threads; `ms` is by stage."""

    gpu: str
    model: str
    backend: str
    threads: int
    source: str
    fps: float
    ms: dict[str, float]

    @property
    def cells(self) -> list[object]:
        """The row as it is printed."""
        settings = [self.gpu, self.model, self.backend, self.threads or NOT_MEASURED, self.source]
        return [*settings, f"{self.fps:.1f}", *(self.ms[stage] for stage in STAGES)]


def main() -> None:
    """Print the table of all rows."""
    report = Report("fps", sys.argv[1:])
    file = DIST / "manifest.json"
    manifest = json.loads(file.read_text("utf-8")) if file.is_file() else {"models": []}
    titles = {row["id"]: row["title"] for row in manifest["models"] if not row["missing"]}
    rows = []
    with TemporaryDirectory() as folder, serve_dist() as url:
        video = clip.write(Path(folder) / "clip.mjpeg")
        flags = (*CAMERA, f"--use-file-for-fake-video-capture={video}")
        for gpu in ("none", "software"):
            with launch(*flags, gpu=gpu) as chromium:
                where = machine(chromium.version)
                for settings in all_settings(list(titles), gpu):
                    if all(part in (gpu, *map(str, settings.values())) for part in report.arguments):
                        rows.append(measure(chromium, url, gpu, settings))
                        progress(*rows[-1].cells)
    head = ["GPU", "Model", "Backend", "Threads", "Source", "Frames per second"]
    print_table([*head, *(f"{stage}, ms" for stage in STAGES)], [row.cells for row in rows])
    scene = (
        "With a GPU emulated in software (SwiftShader), which also composes the whole page, frames per second"
    )
    report.write(
        where,
        *titled("In a browser without a GPU, WASM:", without_gpu(rows, titles)),
        *titled(f"{scene} with the built-in scene:", with_software_gpu(rows, titles)),
    )


def all_settings(models: Sequence[str], gpu: str) -> Iterator[dict[str, Any]]:
    """The settings of each row. Without a GPU there is only WASM."""
    for model in models:
        for backend in BACKENDS if gpu == "software" else ("wasm", "wasm-ort"):
            for threads in (1, 2) if backend == "wasm-ort" else (0,):
                for source in ("sample", "camera"):
                    yield {"model": model, "backend": backend, "threads": threads, "source": source}


def measure(chromium: Browser, url: str, gpu: str, settings: dict[str, Any]) -> Row:
    """One row, in a new visit."""
    with open_page(chromium, url, background="blur", resolution="480", **settings) as page:
        if settings["source"] == "camera":
            page.locator("#ask button").click()
            page.wait_for_timeout(1000)
        page.wait_for_timeout(1000 * WARM_UP)
        fps = frames_per_second(page)
        stats = page.evaluate("vitrine.stats()")
    threads = stats["threads"] if stats["backend"] == "wasm-ort" else 0
    ms = {stage: stats["ms"][stage] for stage in STAGES}
    return Row(gpu, stats["model"], stats["backend"], threads, settings["source"], fps, ms)


def frames_per_second(page: Page) -> float:
    """Frames per second over SECONDS, from one report of the page to another."""
    frames, begin = page.evaluate(COUNT, 1)
    page.wait_for_timeout(1000 * SECONDS)
    least = max(1, MIN_PICTURES - (page.evaluate("vitrine.stats().frames") - frames))
    after, end = page.evaluate(COUNT, least)
    return float((after - frames) * 1000 / (end - begin))


def titled(title: str, table: Table) -> list[str]:
    """A table with its title as Markdown; nothing for a table without rows."""
    head, rows = table
    return [title, markdown(head, rows)] if rows else []


def without_gpu(rows: Sequence[Row], titles: dict[str, str]) -> Table:
    """The table of docs/figures.md for WASM in a browser without a GPU."""
    head = ["Model", "Built-in scene (60 per second)", "Fake camera (30 per second)"]
    head += ["Infer, ms", "Compose, ms", "Whole frame, ms"]
    table: list[list[object]] = []
    for model, title in titles.items():
        scene, camera = (find(rows, "none", model, "wasm", 0, source) for source in ("sample", "camera"))
        if scene or camera:
            ms = [scene.ms[stage] if scene else NOT_MEASURED for stage in ("infer", "compose", "frame")]
            table.append([title, fps_cell(scene), fps_cell(camera), *ms])
    return head, table


def with_software_gpu(rows: Sequence[Row], titles: dict[str, str]) -> Table:
    """The table of docs/figures.md for a GPU emulated in software: frames per second by backend."""
    columns = {"WASM": ("wasm", 0)}
    columns |= {f"onnxruntime, {n} thread{'s' * (n > 1)}": ("wasm-ort", n) for n in (1, 2)}
    columns |= {"WebGL": ("webgl", 0), "WebGPU": ("webgpu", 0)}
    table: list[list[object]] = []
    for model, title in titles.items():
        found = [find(rows, "software", model, *column, "sample") for column in columns.values()]
        if any(found):
            table.append([title, *map(fps_cell, found)])
    return ["Model", *columns], table


def find(rows: Sequence[Row], gpu: str, model: str, backend: str, threads: int, source: str) -> Row | None:
    """The row with these settings."""
    wanted = (gpu, model, backend, threads, source)
    return next((r for r in rows if (r.gpu, r.model, r.backend, r.threads, r.source) == wanted), None)


def fps_cell(row: Row | None) -> str:
    """Frames per second as a cell."""
    return f"{row.fps:.1f}" if row else NOT_MEASURED


if __name__ == "__main__":
    run(main)
