"""The page against a hand-written page with MediaPipe tasks-vision, and the goal of each row.

Judges no picture. Both pages blur the background of 640 x 480 with Selfie landscape; bench/page is
the other page.
Everything is measured in rounds, one after the other and then the other way round, and the ratios compare
rounds. Figures are medians, with the minimum and the spread (half the distance of the quartiles) in brackets;
a ratio has the 95 % confidence interval of its median, and in brackets the ratio of the minima. Processor
seconds are those of the whole browser. The network is this machine, so the time of the bytes is not in it.
Arguments: the number of rounds, and "software" to measure WebGL and WebGPU on a software GPU as well; a real
GPU is always measured. With --write the tables go to docs/figures.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import _mask_time, _processes, _visits
from bench._browser import launch, serve_dist
from bench._command import progress, run
from bench._page_candidates import gpus
from bench._report import Report, markdown
from bench._results import Results, machine, sentence
from bench._rows import ABSENT, HEAD, add, cells, lines, summary_cell
from bench._sites import CountingHandler, serve_peers
from bench._statistics import order, summarize
from bench._subjects import NONE, OURS, PEERS, SOFTWARE, Leg, Subject, by_id, legs, page, plain
from tests.support import clip

ROUNDS = 5
WARM_UP = 2  # turns of pictures that are not counted
TURNS = 4  # of pictures in each round
Samples = dict[str, dict[str, list[list[float]]]]


def main() -> None:
    """Measure, print and write."""
    report, results = Report("summary", sys.argv[1:]), Results("summary")
    software = SOFTWARE in report.arguments
    numbers = [int(word) for word in report.arguments if word != SOFTWARE]
    rounds = numbers[0] if numbers else ROUNDS
    with TemporaryDirectory() as folder, serve_dist(handler=CountingHandler) as ours, serve_peers() as peers:
        urls, video = {OURS: ours, PEERS: peers}, clip.write(Path(folder) / "clip.mjpeg")
        with launch(gpu="own") as browser:
            found = gpus(browser, ours)
            where = machine(browser.version, found)
        results.data = {"machine": where, "legs": []}
        results.add("## Summary", sentence(where))
        for leg in legs(found, software):
            samples = measure(leg, urls, video, rounds)
            tables = show(results, leg, samples)
            results.data["legs"].append({"title": leg.title, "samples": samples, "lines": tables})
    results.write()
    report.write(*results.paragraphs[1:])


def measure(leg: Leg, urls: Mapping[str, str], video: Path, rounds: int) -> Samples:
    """Everything of a leg, round by round."""
    samples: Samples = {}
    first, others = leg.backends[0], leg.backends[1:]
    pages = by_id([*map(page, leg.backends), leg.peer])
    masks(leg, urls, pages, rounds, samples)
    ways = [page(first, NONE, background="none"), page(first, "BlazeFace", model="blazeface")]
    cameras = by_id([plain(), page(first), *ways, *map(page, others), leg.peer])
    for turn in range(rounds):
        for name in order(list(pages), turn):
            add(samples, name, _visits.start(urls, pages[name], leg.gpu))
        for name in order(list(cameras), turn):
            add(samples, name, _visits.live(urls, cameras[name], leg.gpu, video))
        progress(f"{leg.title}: round {turn + 1} of {rounds}")
    return samples


def masks(
    leg: Leg, urls: Mapping[str, str], pages: Mapping[str, Subject], rounds: int, samples: Samples
) -> None:
    """Add the back-to-back times of all pages to `samples`."""
    with (
        launch(gpu=leg.gpu) as browser,
        _mask_time.turns(browser, urls, list(pages.values())) as turns,
    ):
        for turn in range(WARM_UP + rounds):
            for name in order(list(turns), turn):
                measured = [number for _ in range(TURNS) for number in turns[name]()]
                if turn >= WARM_UP:
                    add(samples, name, {"mask": measured})


def show(results: Results, leg: Leg, samples: Samples) -> dict[str, object]:
    """Add a leg's tables to the results; returns their lines as plain types, by backend."""
    out: dict[str, object] = {}
    for backend in leg.backends:
        found = lines(samples, backend.id, leg.peer.id, os.cpu_count() or 1)
        out[backend.id] = [line.json for line in found]
        title = f"{leg.title}. Vitrine on {backend.title}, one thread; {leg.peer.title}:"
        results.add(title, markdown(HEAD, [cells(line) for line in found]))
    results.add("The camera, all processes of the browser:", markdown(*details(samples)))
    results.notes(missing(leg.peer))
    return out


def details(samples: Samples) -> tuple[list[str], list[list[str]]]:
    """A table of the processor seconds per second and the frames per second of every page with the camera."""
    rows = []
    for name, rounds in samples.get("fps", {}).items():
        load = samples.get("load", {}).get(name)
        cell = summary_cell(summarize(load), "s/s") if load else ABSENT
        rows.append([name, cell, summary_cell(summarize(rounds), "fps")])
    return ["Page", "Processor seconds per second (min; spread)", "Frames per second (min; spread)"], rows


def missing(peer: Subject) -> list[str]:
    """What could not be measured, in sentences."""
    found = [peer.missing] if peer.missing else []
    if not _processes.available():
        found.append("Processor seconds are counted on Linux only, so their rows are missing.")
    return found


if __name__ == "__main__":
    run(main)
