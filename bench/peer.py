"""Frame to Mask with Selfie landscape: the page against MediaPipe tasks-vision's CPU delegate, in one run.

Composes nothing. Timed is from an ImageBitmap of 640 x 480 in hand to the mask as a Float32Array in
JavaScript's memory: ours in the page's worker with sampling and Python's share (144 x 256, the model's own
size), theirs as segmentForVideo and getAsFloat32Array (which enlarges to the picture's 480 x 640). In the
last row the peer gets the picture at the model's size, so that it neither samples nor enlarges. All take the
same pictures in turns; ratios are of the same run.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from app.core.errors import UserError
from bench._browser import browser, hold, inside, low, opened, prepare, run, script, served, table
from bench._metadata import normalised
from publish import NODE_MODULES

MODEL = NODE_MODULES / "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite"
PEER = NODE_MODULES / "@mediapipe/tasks-vision"
PICTURES = 20
TURNS = 20  # of 20 pictures each; the first two are not counted
WHOLE, READY = "tasks-vision, CPU", "tasks-vision, CPU, picture at 256 x 144"


def main() -> None:
    """Print the table. Argument: how many turns."""
    if not PEER.is_dir():
        raise UserError("The peer is not installed. Run this by: python3 build.py bench peer")
    turns = int(sys.argv[1]) if sys.argv[1:] else TURNS
    times: dict[str, list[float]] = {}
    with ExitStack() as stack:
        model = Path(stack.enter_context(TemporaryDirectory())) / "landscape.tflite"
        model.write_bytes(normalised(MODEL.read_bytes(), mean=0.0, std=255.0))
        package = {f"peer/{name}": PEER / name for name in ("vision_bundle.mjs", "wasm")}
        url = stack.enter_context(served({**package, "peer/model.tflite": model}))
        chromium = stack.enter_context(browser())
        pages = {}
        for threads in sorted({1, os.cpu_count() or 1}):
            page = stack.enter_context(
                opened(chromium, url, backend="wasm", model="selfie-landscape", threads=threads)
            )
            hold(page)
            prepare(page, PICTURES, page)
            count = page.evaluate("vitrine.stats().threads")
            pages[f"ours, {count} thread{'s' * (count > 1)}"] = page
        for turn in range(turns):
            found = {name: inside(page, "mask") for name, page in pages.items()}
            for name, size in ((WHOLE, [640, 480]), (READY, [256, 144])):
                found[name] = page.evaluate(script("segmenter"), [url, "peer/model.tflite", size])
            for name, milliseconds in found.items():
                times.setdefault(name, []).extend(milliseconds if turn > 1 else [])
    theirs = times[WHOLE]
    rows = [
        [name, low(each), f"{median(each) / median(theirs):.2f} ({min(each) / min(theirs):.2f})"]
        for name, each in times.items()
    ]
    table(["frame to mask, 640 x 480", "ms, median (min)", f"in times of {WHOLE}"], rows)


if __name__ == "__main__":
    run(main)
