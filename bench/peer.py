"""Time from frame to Mask with Selfie landscape: the page against MediaPipe tasks-vision on its CPU delegate.

Composes nothing. The time is from an ImageBitmap of 640 x 480 to the mask as a Float32Array in JavaScript's
memory. Vitrine: in the page's worker, with sampling and Python (144 x 256, the model's own size).
tasks-vision: segmentForVideo and getAsFloat32Array, which enlarges the mask to the picture's 480 x 640. In
the last row tasks-vision gets the picture at the model's size, so that it neither samples nor enlarges. All
take the same pictures in turns, and the ratios are of the same run. Argument: the number of turns. With
--write the table goes to docs/figures.md.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from statistics import median

from app.core.errors import UserError
from bench import _mask_time
from bench._browser import launch, serve_dist
from bench._command import run
from bench._report import Report, machine, markdown, median_and_min, print_table
from bench._sites import serve_peers
from bench._subjects import OURS, PEERS, page, processor_backends, tasks_vision

TURNS = 20  # of 20 pictures each
WARM_UP = 2  # turns that are not counted
FULL, REDUCED = "tasks-vision, CPU", "tasks-vision, CPU, picture at 256 × 144"
SIZES = {FULL: (640, 480), REDUCED: (256, 144)}


def main() -> None:
    """Print the table."""
    report, peer = Report("peer", sys.argv[1:]), tasks_vision("CPU")
    if peer.missing:
        raise UserError(peer.missing)
    turns = int(report.arguments[0]) if report.arguments else TURNS
    times: dict[str, list[float]] = {}
    with ExitStack() as stack:
        urls = {OURS: stack.enter_context(serve_dist()), PEERS: stack.enter_context(serve_peers())}
        chromium = stack.enter_context(launch())
        where = machine(chromium.version)
        measured_turns = {}
        for backend in processor_backends():
            # Only onnxruntime-web, which is in a bundle, has threads.
            for threads in sorted({1, (os.cpu_count() or 1) if backend.bundle else 1}):
                name = f"Vitrine, {backend.title}, {threads} thread{'s' * (threads > 1)}"
                subject = page(backend, threads=threads)
                measured_turns[name] = _mask_time.ours(stack, chromium, urls, subject)
        for name, size in SIZES.items():
            measured_turns[name] = _mask_time.theirs(stack, chromium, urls, peer, size)
        for turn in range(turns):
            measured = {name: run_turn() for name, run_turn in measured_turns.items()}
            for name, milliseconds in measured.items():
                times.setdefault(name, []).extend(milliseconds if turn >= WARM_UP else [])
    rows = [
        [name, median_and_min(numbers), *(ratio(numbers, times[base]) for base in (FULL, REDUCED))]
        for name, numbers in times.items()
    ]
    head = ["", "Frame to Mask, ms", f"In times of {FULL}", f"In times of {REDUCED}"]
    print_table(head, rows)
    report.write(where, markdown(head, rows))


def ratio(numbers: list[float], base: list[float]) -> str:
    """The ratio of the medians, and in brackets of the minima."""
    return f"{median(numbers) / median(base):.2f} ({min(numbers) / min(base):.2f})"


if __name__ == "__main__":
    run(main)
