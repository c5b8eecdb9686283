"""Milliseconds of a composed frame: the WebGL2 Compositor against the one of 2D canvases, in one run.

Judges no picture. Sampling is from the picture to the model's bytes; composing is from the Mask to the drawn
canvas, finished (a pixel is read back), with the matte graph where 2D canvases draw. Which of them is the
faster depends on the GPU; here SwiftShader imitates one.
"""

from __future__ import annotations

import sys

from app.core.settings import Settings
from bench._browser import browser, hold, inside, low, opened, prepare, run, served, table

PICTURES, TURNS = 10, 6
TITLES = {"gl": "WebGL2", "canvas": "2D canvas"}


def main() -> None:
    """Print a table for each background. Argument: how many turns."""
    turns = int(sys.argv[1]) if sys.argv[1:] else TURNS
    rows = []
    with served() as url, browser() as chromium:
        for background in ("blur", "colour", "image"):
            settings = {"backend": "wasm", "model": Settings.model, "threads": 1, "background": background}
            with opened(chromium, url, **settings) as page:
                hold(page)
                prepare(page, PICTURES)
                times: dict[str, list[list[float]]] = {kind: [] for kind in TITLES}
                for _ in range(turns):
                    for kind in TITLES:
                        found = inside(page, "compose", kind=kind, rounds=2)
                        times[kind] += found[PICTURES:]  # the first round compiles and allocates
            for kind, each in times.items():
                sample, compose = zip(*each, strict=True)
                rows.append([background, TITLES[kind], low(sample), low(compose)])
    table(["background", "compositor", "sample, ms, median (min)", "compose, ms, median (min)"], rows)


if __name__ == "__main__":
    run(main)
