"""Processor seconds of the whole browser per second of camera, over plain display, against tasks-vision.

Judges no picture. The camera is Chromium's fake one: the tests' clip at 30 frames a second, whose person
sways all the time, so that no mask is used again (bench/gate.py has clips of people). All pages show 640 x
480 at the same size, in a browser without a GPU, in turns; "over plain" is the difference from the plain
video of the same turn. Latency is from the arrival of a frame in the worker to the finished picture.
Arguments: the number of turns, and parts of the rows to measure. With --write the table goes to
docs/figures.md.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

from bench import _cpu
from bench._browser import TIMEOUT, launch, open_page, script, serve_dist, worker
from bench._command import progress, run
from bench._report import Report, machine, markdown, median_and_min, print_table
from bench._sites import serve_peers
from bench._subjects import tasks_vision
from bench._visits import CAMERA, open_camera
from tests.support import clip

WINDOW: ViewportSize = {"width": 1280, "height": 800}
SECONDS, WARM_UP, TURNS = 8.0, 4.0, 5
PAGES = Path(__file__).with_name("cpu_pages")
PLAIN, PEER_ROW = "Plain video", "tasks-vision, blur"
SETTINGS = {"backend": "wasm", "source": "camera", "mirror": 0, "threads": 1}
ROWS: dict[str, dict[str, Any] | str] = {
    PLAIN: "plain.html",
    PEER_ROW: "tasks-vision.html",
    "Vitrine, none": {"background": "none", "model": "selfie-landscape"},
    "Vitrine, Selfie landscape, blur": {"background": "blur", "model": "selfie-landscape"},
    "Vitrine, BlazeFace, blur": {"background": "blur", "model": "blazeface"},
}
# Processor seconds a second by thread, frames a second, latencies in ms.
Measured = tuple[dict[str, float], float, list[float]]


def main() -> None:
    """Print the table, and the threads of each row."""
    report = Report("cpu", sys.argv[1:])
    turns = next((int(word) for word in report.arguments if word.isdigit()), TURNS)
    parts = [word for word in report.arguments if not word.isdigit()]
    if missing := tasks_vision("CPU").missing:
        progress(missing)
    rows = [name for name in ROWS if not (missing and name == PEER_ROW)]
    rows = [name for name in rows if name == PLAIN or not parts or any(part in name for part in parts)]
    found: dict[str, list[Measured]] = {name: [] for name in rows}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        pages = {f"cpu/{file.name}": file.read_bytes() for file in PAGES.iterdir()}
        urls = stack.enter_context(serve_dist()), stack.enter_context(serve_peers(pages))
        flags = (*CAMERA, f"--use-file-for-fake-video-capture={clip.write(folder / 'clip.mjpeg')}")
        where = ""
        for turn in range(turns):
            for name in rows if turn % 2 == 0 else rows[::-1]:
                with launch(*flags, gpu="none") as chromium:
                    where = machine(chromium.version)
                    found[name].append(measure(chromium, urls, ROWS[name]))
                progress(name, f"{total(found[name][-1]):.3f}", f"{found[name][-1][1]:.1f}")
    plain = [total(row) for row in found[PLAIN]]
    table: list[list[object]] = []
    for name, measured in found.items():
        totals = [total(row) for row in measured]
        over = [each - base for each, base in zip(totals, plain, strict=True)]
        late = [ms for row in measured for ms in row[2]]
        latency = f"{median(late):.1f} / {quantiles(late, n=20)[-1]:.1f}" if len(late) > 1 else "–"
        fps = f"{median(row[1] for row in measured):.1f}"
        table.append(
            [name, median_and_min(totals), "–" if name == PLAIN else median_and_min(over), fps, latency]
        )
    head = ["Page", "Processor seconds a second", "Over plain video", "Frames a second"]
    head.append("Latency, median / 95 %, ms")
    print_table(head, table)
    threads = threads_table(found)
    print_table(*threads)
    report.write(where, markdown(head, table), "By thread, medians:", markdown(*threads))


def measure(chromium: Browser, urls: tuple[str, str], row: dict[str, Any] | str) -> Measured:
    """One row, in a new browser."""
    with ExitStack() as stack:
        if isinstance(row, str):
            page = stack.enter_context(chromium.new_context(viewport=WINDOW)).new_page()
            page.set_default_timeout(TIMEOUT)
            page.goto(f"{urls[1]}cpu/{row}")
            count = "globalThis.frames?.() ?? 0"
        else:
            page = stack.enter_context(open_page(chromium, urls[0], **SETTINGS, **row))
            page.set_viewport_size(WINDOW)
            open_camera(page)
            count = "vitrine.stats().frames"
        page.wait_for_timeout(1000 * WARM_UP)
        if not isinstance(row, str):
            worker(page).evaluate(script("latency"))
        return sample(page, count, not isinstance(row, str))


def sample(page: Page, count: str, own: bool) -> Measured:
    """What is used in SECONDS."""
    frames, before, begin = page.evaluate(count), _cpu.seconds(), time.monotonic()
    page.wait_for_timeout(1000 * SECONDS)
    after, passed = _cpu.seconds(), time.monotonic() - begin
    fps = (page.evaluate(count) - frames) / passed
    used = {name: (value - before.get(name, 0.0)) / passed for name, value in after.items()}
    return used, fps, worker(page).evaluate("self.latencies") if own else []


def total(measured: Measured) -> float:
    """Processor seconds a second of all threads."""
    return sum(measured[0].values())


def threads_table(found: dict[str, list[Measured]]) -> tuple[list[str], list[list[object]]]:
    """The threads that take 0.005 or more anywhere: a row each, a column for each page."""
    names = {name for measured in found.values() for row in measured for name in row[0]}
    table = {
        n: [median(row[0].get(n, 0.0) for row in measured) for measured in found.values()] for n in names
    }
    shown = sorted((n for n in names if max(table[n]) >= 0.005), key=lambda n: -max(table[n]))
    return ["Thread", *found], [[n, *(f"{value:.3f}" for value in table[n])] for n in shown]


if __name__ == "__main__":
    run(main)
