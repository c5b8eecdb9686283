"""Curves of the look-alike task: against the number of faces in a photo, and the size of the gallery.

Draws nothing and judges no answer. A series is named by the page's backend, and its points are medians.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from app.core.nms import FACES
from bench import knn
from bench._browser import launch, open_page, serve_dist
from bench._curve_cost import Series
from bench._subjects import OURS, processor_backends
from models.graphs import index
from publish import STATE
from tests.page.counts import PHOTOS
from tests.support import alike

COUNT, WARM_UP = 8, 2  # photos of each number of faces; those that are not counted
SIZES = (100, 1_000, 10_000, 100_000)  # characters
FEATURES = 1280  # numbers of a character, as MobileNetV2 makes
SIDE = 300  # pixels of a face's picture


def faces(urls: Mapping[str, str]) -> Series:
    """ms from a photo to its answers against the faces in it."""
    out: Series = {}
    with launch(gpu="none") as browser:
        for backend in processor_backends():
            points = out.setdefault(f"Vitrine, {backend.title}", [])
            settings = {"task": "lookalike", "backend": backend.id, "threads": 1}
            with open_page(browser, urls[OURS], **settings) as page:
                for count in range(1, FACES + 1):
                    times = page.evaluate(PHOTOS, [COUNT + WARM_UP, photos(count)])[WARM_UP:]
                    points.append((count, median(times)))
    return out


def photos(count: int) -> list[str]:
    """A photo with so many faces, in two sizes, as JPEG files in base64: the same portrait side by side."""
    face = Image.fromarray(alike.photo()).crop((10, 0, 10 + SIDE, SIDE))
    columns = min(count, 3)
    whole = Image.new("RGB", (columns * SIDE, -(-count // columns) * SIDE), "#808080")
    for place in range(count):
        whole.paste(face, (place % columns * SIDE, place // columns * SIDE))
    out = []
    for picture in (whole, whole.resize((whole.width, whole.height + 1))):
        data = BytesIO()
        picture.save(data, "JPEG", quality=90)
        out.append(b64encode(data.getvalue()).decode())
    return out


def gallery(urls: Mapping[str, str]) -> Series:
    """ms of one search against the characters of a gallery, whose features are random."""
    out: Series = {}
    rng = np.random.default_rng(7)
    with TemporaryDirectory(dir=STATE) as name:
        folder = Path(name)
        rng.standard_normal((knn.QUERIES, FEATURES), np.float32).tofile(folder / "queries.bin")
        paths = {}
        for size in SIZES:
            features = rng.standard_normal((size, FEATURES), np.float32)
            paths[size] = index.indexes(features, folder, f"{size}")
        with serve_dist({"knn": folder}) as url, launch(gpu="none") as browser:
            for backend in processor_backends():
                for size, variants in paths.items():
                    fitting = [each for each in variants if backend.id in each.backends]
                    if fitting:
                        found = knn.measure(browser, url, backend.id, 1, fitting[0], FEATURES)
                        series = out.setdefault(f"Vitrine, {backend.title}", [])
                        series.append((size, median(found["times"])))
    return out
