"""Python's and the border's share of a frame: all that is neither inference nor canvas, WebGL or decoding.

Measures no picture. In the page's worker the page's own Slot, Loop, Pipeline, Task, Session and Compositor
run with stand-ins in place of the WebGL2 or 2D contexts (methods that return at once) and of the runtime's
session (a promise that is resolved already, with the tensors of one real run). Counted is from one finished
frame to the next: every Python statement, every crossing of the border, every turn of the event loop. Not
counted: the messages between page.js and the worker. The rows of real objects have a clock before each of
their calls instead, and its time taken off: an upper bound, for the browser's constructors, its property
setters and the clocks themselves are still in it, and the real work leaves Python cold caches.
"""

from __future__ import annotations

import sys
from statistics import median, quantiles

from bench._browser import browser, hold, inside, opened, prepare, python, run, script, served, table

FRAMES = 2000
TITLES = {"gl": "WebGL2", "canvas": "2D canvas"}


def main() -> None:
    """Print the table."""
    frames = int(sys.argv[1]) if sys.argv[1:] else FRAMES
    rows = []
    with (
        served() as url,
        browser() as chromium,
        opened(chromium, url, backend="wasm", model="selfie-landscape", threads=1) as page,
    ):
        hold(page)
        prepare(page, 1)
        python(page).evaluate(script("standins"))
        for kind, title in TITLES.items():
            for real in (False, True):
                count = frames // 10 if real else frames
                inside(page, "border", kind=kind, frames=20, real=real)
                times = inside(page, "border", kind=kind, frames=count, real=real)
                figures = median(times), quantiles(times, n=20)[-1], min(times)
                objects = "real, less their time" if real else "stand-ins"
                rows.append([title, objects, count, *(f"{each:.3f}" for each in figures)])
    head = ["compositor", "the browser's objects", "frames", "ms a frame, median", "95th percentile", "min"]
    table(head, rows)


if __name__ == "__main__":
    run(main)
