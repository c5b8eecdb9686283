"""Curves of cost: against the model's input, the picture's size and the threads.

Draws nothing. A series is named by the page's backend, and its points are medians.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from statistics import median

from playwright.sync_api import Browser

from app.core.backend import Backend
from app.core.settings import RESOLUTIONS
from bench import _run_models
from bench._browser import launch, open_page, pause, prepare_frames, run_inside
from bench._runners import INFERENCE, ours
from bench._statistics import flat
from bench._subjects import OURS, processor_backends
from bench._visits import CAMERA, open_camera
from models.spec import cards

Series = dict[str, list[tuple[float, float]]]
ROUNDS = 3
PICTURES = 20
SECONDS = 3.0  # of pictures at each size
MODEL = "selfie-landscape"


def inputs(urls: Mapping[str, str]) -> Series:
    """ms of one inference against the thousands of pixels of the model's input, for models with sizes."""
    out: Series = {}
    runners = [ours(backend, INFERENCE) for backend in processor_backends()]
    with launch(gpu="none") as browser, _run_models.place(browser, urls) as at:
        for card in cards.read_all():
            for size in card.sizes:
                samples, _ = _run_models.run(at, card, runners, ROUNDS, size.id)
                for runner in runners:
                    if runner.id in samples:
                        place = size.input.height * size.input.width / 1000
                        series = out.setdefault(f"{card.title}, {runner.title}", [])
                        series.append((place, median(flat(samples[runner.id]))))
    return {name: sorted(points) for name, points in out.items()}


def pictures(urls: Mapping[str, str]) -> Series:
    """ms of a whole frame with blur against the rows of the browser's own test picture."""
    out: Series = {}
    with launch(*CAMERA, gpu="none") as browser:
        for backend in processor_backends():
            points = out.setdefault(f"Vitrine, {backend.title}", [])
            for name, box in RESOLUTIONS.items():
                query = {"backend": backend.id, "threads": 1, "model": MODEL, "background": "blur"}
                with open_page(browser, urls[OURS], **query, source="camera", resolution=name) as page:
                    open_camera(page)
                    page.wait_for_timeout(1000 * (1 + SECONDS))
                    points.append((box.height, page.evaluate("vitrine.stats()")["ms"]["frame"]))
    return out


def threads(urls: Mapping[str, str]) -> Series:
    """ms from frame to Mask, back to back, against the threads; only backends that have threads."""
    out: Series = {}
    with launch(gpu="none") as browser:
        for backend in processor_backends():
            points = [found for count in counts() if (found := _threads(browser, urls, backend, count))]
            if len(points) > 1:
                out[f"Vitrine, {backend.title}"] = points
    return out


def counts(cores: int | None = None) -> list[int]:
    """The numbers of threads: 1, 2, 4 and so on, and all cores."""
    most = cores or os.cpu_count() or 1
    return sorted({1 << n for n in range(most.bit_length()) if 1 << n <= most} | {most})


def _threads(
    browser: Browser, urls: Mapping[str, str], backend: Backend, count: int
) -> tuple[float, float] | None:
    """The point for this number of threads; None where the backend does not run on so many."""
    query = {"backend": backend.id, "threads": count, "model": MODEL, "background": "blur"}
    with open_page(browser, urls[OURS], **query) as page:
        pause(page)
        prepare_frames(page, PICTURES)
        if page.evaluate("vitrine.stats()")["threads"] != count:
            return None
        times = [number for _ in range(1 + ROUNDS) for number in run_inside(page, "mask")]
    return count, median(times[PICTURES:])
