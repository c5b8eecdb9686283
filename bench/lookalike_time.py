"""Time from a photo to its answers in the page, for each backend: from the drop to the names on the cards.

Judges no answer. The photo is the public-domain portrait as a JPEG of 420 x 300 pixels with one face, in turn
with the same at 420 x 301. The time includes reading, decoding, face, cut-out, features, index and the
drawing of the page. WebGL and WebGPU are emulated in software, so their rows are not those of a GPU.
Arguments: the backends to measure; default: all.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from io import BytesIO

from PIL import Image

from app.core.backend import BACKENDS
from bench._browser import launch, open_page, serve_dist
from bench._command import progress, run
from bench._report import median_and_min, print_table
from tests.page.counts import PHOTOS
from tests.support import alike

COUNTS = {
    "wasm": 40,
    "wasm-ort": 40,
    "webgl": 12,
    "webgpu": 6,
}  # photos; an emulated GPU takes more than a second for each

WARM_UP = 2  # photos that are not counted: they compile


def main() -> None:
    """Print the table."""
    rows = []
    with serve_dist() as url, launch() as chromium:
        for backend in sys.argv[1:] or list(BACKENDS)[::-1]:
            for threads in (1, 2) if backend == "wasm-ort" else (0,):
                settings = {"task": "lookalike", "backend": backend, "threads": threads}
                with open_page(chromium, url, **settings) as page:
                    times = page.evaluate(PHOTOS, [COUNTS[backend] + WARM_UP, photos()])[WARM_UP:]
                    stats = page.evaluate("vitrine.stats()")
                cells = [stats["backend"], threads or "–", stats["model"], stats["variant"]]
                rows.append([*cells, len(times), median_and_min(times)])
                progress(*rows[-1])
    print_table(["Backend", "Threads", "Model", "Variant", "Photos", "Photo to answers, ms"], rows)


def photos() -> list[str]:
    """The portrait in two sizes, as JPEG files in base64."""
    picture, out = Image.fromarray(alike.photo()), []
    for size in ((420, 300), (420, 301)):
        data = BytesIO()
        picture.resize(size).save(data, "JPEG", quality=92)
        out.append(b64encode(data.getvalue()).decode())
    return out


if __name__ == "__main__":
    run(main)
