"""Browser over native: the same graph in the page and with native onnxruntime, one thread each, in turns.

Judges no output. The page runs each of its backends without a GPU; native runs the stored ONNX graphs of the
first of them that has some. The input is a picture that is sampled already. Ratios are page / native. The
time in the page includes Python's part of a run. Arguments: cards (default: all), and the number of rounds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from app.core.card import ModelCard, Variant, from_dict
from app.core.errors import UserError
from app.native.session import Session
from bench import _run_models
from bench._browser import launch, serve_dist
from bench._command import progress, run
from bench._report import markdown
from bench._results import Results, machine, sentence
from bench._rows import ABSENT, ratio_cell, summary_cell
from bench._run_models import Turn
from bench._runners import INFERENCE, ours
from bench._statistics import Rounds, ratio, summarize
from bench._subjects import OURS, processor_backends
from models.spec import cards
from models.spec.card import Card
from models.verify import parity
from publish import DIST

ROUNDS = 5
NATIVE = "native"


def main() -> None:
    """Measure, print and write."""
    words, results = sys.argv[1:], Results("native")
    rounds = next((int(word) for word in words if word.isdigit()), ROUNDS)
    known = {card.id: card for card in cards.read_all()}
    names = [word for word in words if not word.isdigit()] or list(known)
    if unknown := [name for name in names if name not in known]:
        raise UserError(f"There is no card {unknown[0]}. The cards are: {', '.join(known)}.")
    samples: dict[str, dict[str, list[list[float]]]] = {}
    said: list[str] = []
    with serve_dist() as url, launch(gpu="none") as browser, _run_models.place(browser, {OURS: url}) as at:
        where = machine(browser.version, {})
        built = {row["id"]: from_dict(row) for row in manifest()["models"] if not row["missing"]}
        pages = [ours(backend, INFERENCE) for backend in processor_backends()]
        for name in names:
            others = {}
            if name in built and (variant := stored(built[name])):
                others[NATIVE] = native_turn(known[name], variant)
            else:
                said.append(f"{known[name].title} has no ONNX graph in this build.")
            found, reasons = _run_models.run(at, known[name], pages, rounds, others=others)
            samples[known[name].title] = found
            said += reasons
            progress(f"native: {known[name].title}")
    results.data = {"machine": where, "samples": samples, "said": said}
    results.add("## Browser over native", sentence(where))
    titles = {page.id: page.title for page in pages}
    results.add(markdown(*table(samples, titles)))
    results.notes(said)
    results.write()


def manifest() -> dict[str, Any]:
    """The manifest of this build."""
    read: dict[str, Any] = json.loads((DIST / "manifest.json").read_text("utf-8"))
    return read


def stored(card: ModelCard) -> Variant | None:
    """The variant of the first processor backend whose graphs are ONNX files; None if there is none."""
    variants = [card.variant(backend.id) for backend in processor_backends()]
    onnx = (v for v in variants if v and all(graph.path.endswith(".onnx") for graph in v.graphs))
    return next(onnx, None)


def native_turn(card: Card, variant: Variant) -> Turn:
    """A function that runs the variant with native onnxruntime, one thread, on noise."""
    dimensions = parity.dimensions(card)
    graphs = [(DIST / graph.path).read_bytes() for graph in variant.graphs]
    sessions = [Session(graph, threads=1, dimensions=dimensions) for graph in graphs]
    shape = (1, card.input.height, card.input.width, 4)
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(variant.rgba)

    def turn(budget: float) -> list[float]:
        times: list[float] = []
        late = perf_counter() + budget / 1000
        while not times or perf_counter() < late:
            begin = perf_counter()
            parity.run(card, sessions, picture)
            times.append((perf_counter() - begin) * 1000)
        return times

    return turn


def table(samples: Mapping[str, Mapping[str, Rounds]], titles: Mapping[str, str]) -> tuple[Any, Any]:
    """Head and rows: the ratio of each of the page's backends to native, then all figures."""
    rows: list[Sequence[str]] = []
    for title, found in samples.items():
        base = found.get(NATIVE)
        pairs = [ratio(found[name], base) if base and name in found else None for name in titles]
        figures = [
            summary_cell(summarize(found[name]), "ms") if name in found else ABSENT
            for name in (*titles, NATIVE)
        ]
        if found:
            rows.append([title, *map(ratio_cell, pairs), *figures])
    ratios = [f"{title} / native" for title in titles.values()]
    return ["Model", *ratios, *titles.values(), "Native onnxruntime"], rows


if __name__ == "__main__":
    run(main)
