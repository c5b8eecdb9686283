"""Time from a photo to its answers in the page, for each backend: from the drop to the cards' names.

Judges no answer. The photo is the public-domain portrait, 420 x 300 pixels as JPEG, with one face, in turn
with itself at 420 x 301. The time holds reading, decoding, face, cut-out, features, index and the page's own
drawing. WebGL and WebGPU are imitated by the processor, so their rows are not a GPU's. Arguments: backends;
without, all.
"""

from __future__ import annotations

import sys
from base64 import b64encode
from io import BytesIO

from PIL import Image

from app.core.backend import BACKENDS
from bench._browser import browser, low, opened, run, served, table
from tests.page.counts import PHOTOS
from tests.support import alike

COUNTS = {"wasm": 40, "webgl": 12, "webgpu": 6}  # photos; a GPU in software takes a second and more for each


def main() -> None:
    """Print the table."""
    rows = []
    with served() as url, browser() as chromium:
        for backend in sys.argv[1:] or list(BACKENDS)[::-1]:
            for threads in (1, 2) if backend == "wasm" else (0,):
                settings = {"task": "lookalike", "backend": backend, "threads": threads}
                with opened(chromium, url, **settings) as page:
                    times = page.evaluate(PHOTOS, [COUNTS[backend] + 2, photos()])[
                        2:
                    ]  # the first ones compile
                    stats = page.evaluate("vitrine.stats()")
                ran = [stats["backend"], threads or "–", stats["model"], stats["variant"]]
                rows.append([*ran, len(times), low(times)])
                print(*rows[-1], file=sys.stderr, flush=True)
    table(["backend", "threads", "model", "variant", "photos", "ms from photo to answers"], rows)


def photos() -> list[str]:
    """The portrait in two shapes, as JPEG files in base64."""
    picture, out = Image.fromarray(alike.photo()), []
    for size in ((420, 300), (420, 301)):
        data = BytesIO()
        picture.resize(size).save(data, "JPEG", quality=92)
        out.append(b64encode(data.getvalue()).decode())
    return out


if __name__ == "__main__":
    run(main)
