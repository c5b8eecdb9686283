"""Every candidate of every card on every backend: does it run, how fast, what does it lose.

Writes models/variants/figures.json, and chooses nothing by itself: models/variants/choice.py does, and its
verdicts are written beside the figures. Arguments: the cards to measure (all without one; the others' figures
stay), or --judge to write the verdicts anew only.

`loss` and `error` are against float32, both run by native onnxruntime, on scikit-image's photos and, where
they are, on people before rooms (VITRINE_PEOPLE). `page` and `page_error` are of the candidate in the page
against the same one run natively, on the first of those pictures. Milliseconds are of one picture's run with
its way through Python, one thread, the candidates in turns; `ratio` compares the smallest times, which a busy
machine changes least. Where a card's stamp says that WebGL and WebGPU are imitated by the processor, their
figures tell that a candidate runs and what it loses, not how fast a GPU is.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from app.core.backend import BACKENDS
from bench import _truth
from bench._beside import array, beside, gpus, masks
from bench._browser import browser, run, served, table
from bench._candidates import Made, candidates
from bench._people import people, placed
from models import make
from models.sources import fetch
from models.spec import cards
from models.spec.cards import Card
from models.variants import choice
from models.verify import calibration, metrics
from models.verify import parity as verify
from publish import ROOT, STATE

Array = NDArray[Any]
PEOPLE = 24  # pictures of people that a loss is measured on besides the photos, and before them
COLLECT = {"wasm": 8, "webgl": 2, "webgpu": 2}  # pictures that each candidate runs in the page
BUDGET = {
    "wasm": 4000.0,
    "webgl": 800.0,
    "webgpu": 800.0,
}  # ms of turns for all candidates of a card together
# What stood for all cards together before each had a stamp of its own.
HEAD = ("browser", "machine", "gpu", "date", "versions")
LOST = 1e9  # stands for a difference without bounds: JSON has no infinity


def main() -> None:
    """Measure, write, print."""
    asked = sys.argv[1:]
    known = {card.id: card for card in cards.read_all()}
    if unknown := [name for name in asked if name not in known and name != "--judge"]:
        sys.exit(f"No card {unknown[0]}. There are: {', '.join(known)}")
    figures = choice.read()
    if "--judge" not in asked:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(dir=STATE)))
            for card in (known[name] for name in asked or known):
                try:
                    measured(card, figures, folder)
                except ValueError as error:  # the card's own trouble; the others are measured
                    say(f"{card.id}: {error}")
                write(known, figures)
    write(known, figures)
    show(figures)


def measured(card: Card, figures: dict[str, Any], folder: Path) -> None:
    """The card's rows in `figures`, new."""
    try:
        fetched = fetch.fetch(card, say)
    except fetch.Missing as error:
        say(str(error))
        return
    card = card.of(fetched.source)
    network = make.imported(card, fetched)
    parity = verify.parity(card, fetched, network)
    figures["parity"] = {**figures.get("parity", {}), card.id: _rounded(parity)}
    made = candidates(card, network)
    pictures = [*(placed(card, p)[0] for p in _people(card)), *calibration.judged(card)]
    plain = next(each for each in made if each.wanted.weights == "fp32")
    exact = plain.run(card, pictures)
    here = folder / card.id
    here.mkdir()
    np.concatenate(pictures[: max(COLLECT.values())]).tofile(here / "pictures.bin")
    native = {}
    for each in made:
        each.write(here)
        found = each.run(card, pictures)
        native[each.wanted.id] = {
            "outputs": found[: max(COLLECT.values())],
            "error": metrics.error(exact, found),
            "loss": _loss(card, exact, found, people=len(pictures) - len(calibration.judged(card))),
        }
        say(f"{card.id} {each.wanted.id}: {each.bytes:,} bytes, {native[each.wanted.id]['loss']}")
    segments = card.kind == "segmenter"
    if segments:
        _truth.write(card, here)
    with served({f"candidates/{card.id}": here}) as url, browser() as chromium:
        stamps = figures.get("stamps", {})
        figures["stamps"] = {**stamps, card.id: stamp(chromium.version, gpus(chromium, url))}
        rows = []
        for backend in BACKENDS:
            mine = [each for each in made if backend in each.wanted.backends]
            given = COLLECT[backend], BUDGET[backend]
            answers = beside(chromium, url, card, backend, mine, "pictures.bin", *given) if mine else {}
            for each in mine:
                row = _row(card, each, backend, answers, native[each.wanted.id], len(pictures))
                say(f"  {backend} {each.wanted.id}: {json.dumps(row)}")
                rows.append(row)
        _replace(figures, "rows", card, rows)
        if segments:
            pages = {}
            for verdict in choice.verdicts(card, figures):
                each = next(m for m in made if m.wanted == verdict.wanted)
                if verdict.ships and each.wanted.weights not in choice.NEEDS:
                    pages[verdict.backend] = masks(chromium, url, card, verdict.backend, each)
            say(f"{card.id}: person IoU")
            found = _truth.person(
                card, fetched, network, lambda p: [o["mask"] for o in plain.run(card, p)], pages
            )
            _replace(figures, "person", card, found)
            say("\n".join(map(json.dumps, found)))


def _loss(
    card: Card, exact: list[dict[str, Array]], found: list[dict[str, Array]], people: int
) -> dict[str, float]:
    """The worse of the loss on all pictures and on the photos alone, which every build measures as well."""
    every = metrics.loss(card.kind, card.input, exact, found)
    photos = metrics.loss(card.kind, card.input, exact[people:], found[people:])
    return {name: max(value, photos.get(name, 0.0)) for name, value in every.items()}


def _replace(figures: dict[str, Any], name: str, card: Card, rows: list[dict[str, Any]]) -> None:
    figures[name] = [row for row in figures.get(name, ()) if row["card"] != card.id] + rows


def _row(
    card: Card,
    made: Made,
    backend: str,
    answers: Mapping[str, Mapping[str, Any]],
    native: Mapping[str, Any],
    count: int,
) -> dict[str, Any]:
    answer = answers[made.wanted.id]
    plain = next((answers[m] for m in ("fp32", "webgl") if m in answers), {})
    times, base = answer.get("times", []), plain.get("times", [])
    outputs = [{k: array(v) for k, v in each.items()} for each in answer.get("outputs", [])]
    own = native["outputs"][: len(outputs)]
    like = [{k: each[k] for k in outputs[0]} for each in own] if outputs else []
    shaped = [{k: v.reshape(like[0][k].shape) for k, v in each.items()} for each in outputs]
    return {
        "card": card.id,
        "variant": made.wanted.id,
        "backend": backend,
        "weights": made.wanted.weights,
        "bytes": made.bytes,
        "loads": answer.get("loads", not answer["said"]),
        "said": answer["said"],
        "loss": _rounded(native["loss"]),
        "error": _rounded(native["error"]),
        "page": _rounded(metrics.loss(card.kind, card.input, like, shaped)) if shaped else {},
        "page_error": _rounded(metrics.error(like, shaped)) if shaped else None,
        "pictures": [count, len(outputs)],
        "ms": round(median(times), 2) if times else None,
        "least": round(min(times), 2) if times else None,
        "ratio": round(min(times) / min(base), 3) if times and base else None,
    }


def write(known: Mapping[str, Card], figures: dict[str, Any]) -> None:
    """The figures with their verdicts, a row a line."""
    for card in known.values():
        verdicts = {(v.wanted.id, v.backend): v for v in choice.verdicts(card, figures)}
        for row in figures.get("rows", ()):
            if row["card"] == card.id and (verdict := verdicts.get((row["variant"], row["backend"]))):
                row |= {"ships": verdict.ships, "why": verdict.why}
    for name in ("rows", "person"):
        kept = [row for row in figures.get(name, ()) if row["card"] in known]
        figures[name] = sorted(kept, key=lambda row: list(known).index(row["card"]))
    for name in ("parity", "stamps"):
        figures[name] = {card: each for card, each in figures.get(name, {}).items() if card in known}
    if all(row["card"] in figures["stamps"] for row in figures["rows"]):
        for name in HEAD:
            figures.pop(name, None)
    head = {name: value for name, value in figures.items() if name not in ("rows", "person")}
    lists = (
        f' "{name}": [\n  ' + ",\n  ".join(json.dumps(row) for row in figures[name]) + "\n ]"
        for name in ("rows", "person")
    )
    body = json.dumps(head, indent=1).removesuffix("\n}")
    draft = choice.FIGURES.with_suffix(".draft")
    draft.write_text(",\n".join([body, *lists]) + "\n}\n", "utf-8")
    draft.replace(choice.FIGURES)


def stamp(browser: str, gpu: Mapping[str, Any]) -> dict[str, Any]:
    """Where, when and on what, as models/variants/provenance.py reads it."""
    pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "browser": f"Chromium {browser}",
        "machine": f"{os.cpu_count()} cores ({platform.machine()})",
        "gpu": gpu,
        "onnxruntime": onnxruntime.__version__,
        "onnxruntime-web": pinned["onnxruntime-web"],
    }


def show(figures: Mapping[str, Any]) -> None:
    """The rows as a table."""
    head = ["card", "variant", "backend", "kB", "loss", "ms", "ratio", "ships", "why"]
    rows = [
        [
            *(row["card"], row["variant"], row["backend"], f"{row['bytes'] / 1000:.0f}"),
            " ".join(f"{name} {value:.2g}" for name, value in row["loss"].items()),
            *(row["ms"], row["ratio"], "yes" if row["ships"] else "", row["why"]),
        ]
        for row in figures["rows"]
    ]
    table(head, rows)


def say(line: str) -> None:
    """Progress, apart from the table."""
    print(line, file=sys.stderr, flush=True)


def _people(card: Card) -> Iterator[Array]:
    if card.kind not in ("classifier", "landmarks", "network"):
        yield from (picture for picture, _ in islice(people("npr"), PEOPLE))


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    return value if isinstance(value, str) else float(f"{min(value, LOST):.3g}")


if __name__ == "__main__":
    run(main)
