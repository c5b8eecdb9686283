"""Time of a frame in Python and at the border to JavaScript: all but inference, canvas, WebGL and decoding.

Judges no picture. In the page's worker the page's own LatestFrame, Loop, Pipeline, Task, Session and
Compositor run with stand-ins for the WebGL2 or 2D contexts (methods that return at once) and for the
runtime's session (a resolved promise with the tensors of one real run). The time is from one finished frame
to the next: every Python statement, every call across the border and every turn of the event loop. The
messages between the page and the worker are not counted. In the rows of real objects every call of an object
is timed, and its time is subtracted. This is an upper bound: the browser's constructors, its property setters
and the timing itself are still included, and the real work leaves Python with cold caches. Argument: the
number of frames. With --write the table goes to docs/figures.md.
"""

from __future__ import annotations

import sys
from statistics import median, quantiles

from bench._browser import launch, open_page, pause, prepare_frames, run_inside, script, serve_dist, worker
from bench._command import run
from bench._report import Report, machine, markdown, print_table

FRAMES = 2000
COMPOSITORS = {"gl": "WebGL2", "canvas": "2D canvas"}


def main() -> None:
    """Print the table."""
    report = Report("border", sys.argv[1:])
    frames = int(report.arguments[0]) if report.arguments else FRAMES
    rows = []
    with (
        serve_dist() as url,
        launch() as chromium,
        open_page(chromium, url, backend="wasm-ort", model="selfie-landscape", threads=1) as page,
    ):
        where = machine(chromium.version)
        pause(page)
        prepare_frames(page, 1)
        worker(page).evaluate(script("standins"))
        for kind, title in COMPOSITORS.items():
            for real in (False, True):
                count = max(2, frames // 10) if real else frames
                run_inside(page, "border", kind=kind, frames=20, real=real)
                times = run_inside(page, "border", kind=kind, frames=count, real=real)
                figures = median(times), quantiles(times, n=20)[-1], min(times)
                objects = "real, their time subtracted" if real else "stand-ins"
                rows.append([title, objects, count, *(f"{figure:.3f}" for figure in figures)])
    head = [
        "Compositor",
        "Objects of the browser",
        "Frames",
        "Median, ms",
        "95th percentile, ms",
        "Minimum, ms",
    ]
    print_table(head, rows)
    report.write(where, markdown(head, rows))


if __name__ == "__main__":
    run(main)
