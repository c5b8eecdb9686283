"""Time to find the nearest of 700, 10,000 and 100,000 characters in the page, and the recall.

Judges no classifier. No gallery has so many characters, so they are synthesised: REAL features are the
classifier's own, of pieces of scikit-image's photos and of the default gallery's pictures, cropped, turned
and tinted at random; the others are mixtures of two of these, with each number up to a quarter larger or
smaller. The queries are real features of other pieces of the same pictures. `recall@5` is the share of the
five nearest by exact float32 cosines that are among the five found. Milliseconds are for one run including
Python, on WASM with one thread and with one for each core; WebGL, if the index has a variant for it, is
emulated in software. Arguments: numbers of characters.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from playwright.sync_api import Browser

from app.core.card import ModelCard, Variant, from_dict
from app.core.errors import UserError
from app.native.session import Session
from bench._browser import launch, open_page, pause, run_inside, serve_dist
from bench._command import progress, run
from bench._report import median_and_min, print_table
from models.graphs import index
from models.verify import calibration
from publish import DIST, STATE

Array = NDArray[Any]
COUNTS = (700, 10_000, 100_000)
REAL = 3000
QUERIES, WARM_UP = 120, 20
NEAREST = 5


def main() -> None:
    """Print the table."""
    counts = [int(word) for word in sys.argv[1:]] or COUNTS
    card = classifier()
    features, queries = library(card, max(counts))
    rows = []
    with TemporaryDirectory(dir=STATE) as name:
        folder = Path(name)
        queries.tofile(folder / "queries.bin")
        indexes = {n: index.indexes(features[:n], folder, f"{n}") for n in counts}
        with serve_dist({"knn": folder}) as url, launch() as chromium:
            for n, variants in indexes.items():
                exact = np.argsort(-(queries @ features[:n].T), axis=1, kind="stable")[:, :NEAREST]
                for variant in variants:
                    backend = variant.backends[0]
                    runs = [
                        measure(chromium, url, backend, threads, variant, features.shape[1])
                        for threads in ((1, "all") if backend == "wasm-ort" else (1,))
                    ]
                    recall = f"{100 * recall_at_5(exact, runs[0]['which']):.1f} %"
                    times = [median_and_min(result["times"]) for result in runs]
                    rows.append([f"{n:,}", variant.id, f"{variant.bytes:,}", recall, *(times * 2)[:2]])
    print_table(["Characters", "Variant", "Bytes", "recall@5", "1 thread, ms", "All threads, ms"], rows)


def classifier() -> ModelCard:
    """The classifier of the default gallery. Raises UserError if the build has none."""
    rows = json.loads((DIST / "manifest.json").read_bytes())["models"] if DIST.is_dir() else []
    cards = [from_dict(row) for row in rows if row["kind"] == "classifier" and not row["missing"]]
    if not cards:
        raise UserError("This build has no classifier. `python3 build.py build` says why it is left out.")
    return cards[0]


def library(card: ModelCard, count: int) -> tuple[Array, Array]:
    """Features [count,m] and queries [QUERIES,m], each row of length 1."""
    rng = np.random.default_rng(4)
    variant = card.variant("wasm-ort")
    assert variant is not None
    session = Session((DIST / variant.graphs[0].path).read_bytes())
    pictures = list(originals())
    real = []
    for n in range(REAL + QUERIES):
        if n % 100 == 0:
            progress(f"features of real pictures: {n} of {REAL + QUERIES}")
        piece = distorted(pictures[n % len(pictures)], card.input.height, rng)
        real.append(session.run_now({"rgba": piece.astype(variant.rgba)})["features"][0])
    known, queries = unit(np.array(real[:REAL])), unit(np.array(real[REAL:]))
    if count <= REAL:
        return known[:count], queries
    a, b = rng.integers(0, REAL, (2, count - REAL))
    part = rng.random((count - REAL, 1), np.float32)
    mixed = known[a]
    mixed *= part
    mixed += known[b] * (1 - part)
    mixed *= rng.random(mixed.shape, np.float32) / 2 + np.float32(0.75)
    return np.concatenate([known, unit(mixed)]), queries


def originals() -> Iterator[Image.Image]:
    """Photos, and the pictures of the galleries in this build."""
    yield from map(Image.fromarray, calibration.photos())
    for gallery in json.loads((DIST / "manifest.json").read_bytes())["galleries"]:
        for sheet in gallery["sheets"]:
            whole, side = (
                Image.open(BytesIO((DIST / sheet["path"]).read_bytes())).convert("RGB"),
                gallery["size"],
            )
            for top in range(0, whole.height - side + 1, side):
                for left in range(0, whole.width - side + 1, side):
                    yield whole.crop((left, top, left + side, top + side))


def distorted(picture: Image.Image, side: int, rng: np.random.Generator) -> Array:
    """A piece of a picture, turned, scaled and tinted: uint8 [1,side,side,4]."""
    short = min(picture.size)
    size = short * rng.uniform(0.3 if short > 200 else 0.7, 1)
    left, top = (rng.uniform(0, length - size) for length in picture.size)
    turned = picture.rotate(rng.uniform(-15, 15), Image.Resampling.BILINEAR, fillcolor=(127, 127, 127))
    piece = turned.resize((side, side), Image.Resampling.BILINEAR, (left, top, left + size, top + size))
    piece = ImageEnhance.Color(piece).enhance(rng.uniform(0.6, 1.4))
    piece = ImageEnhance.Brightness(piece).enhance(rng.uniform(0.7, 1.3))
    return np.asarray(piece.convert("RGBA"))[None]


def unit(rows: Array) -> Array:
    """The rows scaled to length 1, float32."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def recall_at_5(exact: Array, found: list[list[float]]) -> float:
    """The share of the exact nearest characters that was found."""
    return float(
        np.mean([len({*a} & {*map(int, b[:NEAREST])}) / NEAREST for a, b in zip(exact, found, strict=True)])
    )


def measure(
    chromium: Browser, url: str, backend: str, threads: int | str, index: Variant, m: int
) -> dict[str, Any]:
    """The result of bench/inside/knn.py for an index whose files are served from the folder knn/."""
    with open_page(chromium, url, backend=backend, background="none", model="selfie-landscape") as page:
        count = page.evaluate("navigator.hardwareConcurrency") if threads == "all" else threads
    settings = {"backend": backend, "background": "none", "model": "selfie-landscape", "threads": count}
    with open_page(chromium, url, **settings) as page:
        pause(page)
        paths = [f"knn/{file.path}" for file in index.graphs[0].files]
        arguments = {"graph": paths, "queries": "knn/queries.bin", "m": m, "warm_up": WARM_UP}
        result: dict[str, Any] = run_inside(page, "knn", **arguments)
        return result


if __name__ == "__main__":
    run(main)
