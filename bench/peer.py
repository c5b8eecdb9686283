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
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from app.core.errors import UserError
from bench._browser import launch, open_page, pause, prepare_frames, run_inside, script, serve_dist
from bench._command import run
from bench._metadata import with_normalization
from bench._report import Report, machine, markdown, median_and_min, print_table
from publish import NODE_MODULES

MODEL = NODE_MODULES / "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite"
PEER = NODE_MODULES / "@mediapipe/tasks-vision"
PICTURES = 20
TURNS = 20  # of 20 pictures each
WARM_UP = 2  # turns that are not counted
FULL, REDUCED = "tasks-vision, CPU", "tasks-vision, CPU, picture at 256 × 144"
SIZES = {FULL: [640, 480], REDUCED: [256, 144]}


def main() -> None:
    """Print the table."""
    report = Report("peer", sys.argv[1:])
    if not PEER.is_dir():
        raise UserError("MediaPipe tasks-vision is not installed. Run this by: python3 build.py bench peer")
    turns = int(report.arguments[0]) if report.arguments else TURNS
    times: dict[str, list[float]] = {}
    with ExitStack() as stack:
        model = Path(stack.enter_context(TemporaryDirectory())) / "landscape.tflite"
        model.write_bytes(with_normalization(MODEL.read_bytes(), mean=0.0, std=255.0))
        package = {f"peer/{name}": PEER / name for name in ("vision_bundle.mjs", "wasm")}
        url = stack.enter_context(serve_dist({**package, "peer/model.tflite": model}))
        chromium = stack.enter_context(launch())
        where = machine(chromium.version)
        pages = {}
        for threads in sorted({1, os.cpu_count() or 1}):
            settings = {"backend": "wasm", "model": "selfie-landscape", "threads": threads}
            page = stack.enter_context(open_page(chromium, url, **settings))
            pause(page)
            prepare_frames(page, PICTURES, page)
            count = page.evaluate("vitrine.stats().threads")
            pages[f"Vitrine, {count} thread{'s' * (count > 1)}"] = page
        for turn in range(turns):
            measured = {name: run_inside(page, "mask") for name, page in pages.items()}
            for name, size in SIZES.items():
                measured[name] = page.evaluate(script("segmenter"), [url, "peer/model.tflite", size])
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
