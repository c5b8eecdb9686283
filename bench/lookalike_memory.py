"""Memory of the look-alike task: 1,000 photos one after another, and 10 minutes of the camera.

Measures no time. The photos are frames of the tests' clip in many sizes, one with two faces and one without a
face. They are dropped on the page, each once the answers of the last are shown. The camera is Chromium's fake
one. Argument: a fraction of all photos and minutes, such as 0.1.
"""

from __future__ import annotations

import sys
import time
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from bench._browser import launch, open_page, serve_dist, worker
from bench._command import progress, run
from bench._report import print_table
from tests.page.counts import COUNT, MEMORY, PHOTOS
from tests.support import alike, clip

PHOTO_COUNT, MINUTES = 1000, 10.0
STEPS = 10  # counts in each part
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
EAGER_MEMORY = "--enable-blink-features=ForceEagerMeasureMemory"  # memory is measured at once, not in 20 s
RUN = """(code) => self.page.pyodide.runPythonAsync(`import page\n${code}`)
    .then((found) => found.toJs({ dict_converter: Object.fromEntries }))"""
SIZES = ((640, 480), (1600, 1199), (480, 640), (3000, 2001), (320, 239), (4000, 2999))


def main() -> None:
    """Print a table with a row of counts after each step."""
    part = float(sys.argv[1]) if sys.argv[1:] else 1.0
    rows: list[list[object]] = []
    with TemporaryDirectory() as folder, serve_dist() as url:
        video = clip.write(Path(folder) / "clip.mjpeg")
        flags = (*CAMERA, EAGER_MEMORY, f"--use-file-for-fake-video-capture={video}")
        settings = {"task": "lookalike", "backend": "wasm"}
        with launch(*flags, gpu="none") as chromium, open_page(chromium, url, **settings) as page:
            count, files = round(PHOTO_COUNT * part / STEPS), photos()
            for step in range(STEPS):
                page.evaluate(PHOTOS, [count, files])
                rows.append([f"{count * (step + 1)} photos", *counts(page)])
                progress(*rows[-1])
            page.get_by_role("button", name="Use my camera").click()
            for step in range(STEPS):
                time.sleep(60 * MINUTES * part / STEPS)
                rows.append([f"{MINUTES * part * (step + 1) / STEPS:.1f} min live", *counts(page)])
                progress(*rows[-1])
    print_table(["After", "Pictures", *NAMES, "Page and workers, MB"], rows)


NAMES = ("held by Python", "held by JavaScript", "objects", "textures", "heap")


def counts(page: Page) -> list[object]:
    """The frames so far, the counts of tests/page/counts.py, and the memory of page and workers in MB."""
    found: dict[str, Any] = worker(page).evaluate(RUN, COUNT)
    memory = page.evaluate(MEMORY)
    frames = page.evaluate("vitrine.stats().frames")
    return [frames, *(found[name] for name in NAMES), f"{memory / 1e6:.1f}"]


def photos() -> list[str]:
    """JPEG files in base64; no file has the size of the one before."""
    pictures = [Image.fromarray(alike.pair()), clip.room().resize((500, 480))]
    pictures += [Image.fromarray(clip.frame(7 * n)).resize(size) for n, size in enumerate(SIZES)]
    out = []
    for picture in pictures:
        data = BytesIO()
        picture.save(data, "JPEG", quality=85)
        out.append(b64encode(data.getvalue()).decode())
    return out


if __name__ == "__main__":
    run(main)
