"""Time to sample and compose a frame: the WebGL2 Compositor against the 2D canvas Compositor, in one run.

Judges no picture. Sampling is from the picture to the model's input; composing is from the Mask to the
finished canvas (a pixel is read back), with the matte graph for 2D canvases. The faster Compositor depends on
the GPU, which is emulated in software here. Argument: the number of turns. With --write the table goes to
docs/figures.md.
"""

from __future__ import annotations

import sys

from app.core.settings import Settings
from bench._browser import launch, open_page, pause, prepare_frames, run_inside, serve_dist
from bench._command import run
from bench._report import Report, machine, markdown, median_and_min, print_table

PICTURES, TURNS = 10, 6
COMPOSITORS = {"canvas": "2D canvas", "gl": "WebGL2"}


def main() -> None:
    """Print the table."""
    report = Report("compose", sys.argv[1:])
    turns = int(report.arguments[0]) if report.arguments else TURNS
    rows = []
    with serve_dist() as url, launch() as chromium:
        where = machine(chromium.version)
        for background in ("blur", "colour", "image"):
            settings = {"backend": "wasm", "model": Settings.model, "background": background}
            with open_page(chromium, url, **settings) as page:
                pause(page)
                prepare_frames(page, PICTURES)
                times: dict[str, list[list[float]]] = {kind: [] for kind in COMPOSITORS}
                for _ in range(turns):
                    for kind in COMPOSITORS:
                        pairs = run_inside(page, "compose", kind=kind, rounds=2)
                        times[kind] += pairs[PICTURES:]  # the first round compiles and allocates
            for kind, pairs in times.items():
                sample, compose = zip(*pairs, strict=True)
                rows.append([background, COMPOSITORS[kind], median_and_min(sample), median_and_min(compose)])
    head = ["Background", "Compositor", "Sample, ms", "Compose, ms"]
    print_table(head, rows)
    report.write(where, markdown(head, rows))


if __name__ == "__main__":
    run(main)
