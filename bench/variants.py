"""Measures every candidate of every card on every backend: whether it runs, how fast, and what it loses.

Writes models/variants/figures.json and docs/models.md and chooses nothing: models/variants/choice.py chooses,
and its verdicts are written beside the figures. Arguments: the cards to measure (default: all; the figures of
other cards stay), or --judge to write only the verdicts again.

`loss` and `error` compare with float32, both run by native onnxruntime, on scikit-image's photos and, if
available, on people in front of backgrounds (VITRINE_PEOPLE). `page` and `page_error` compare the
candidate in the page with the same candidate run natively, on the first of those pictures. Milliseconds
are for one picture, including Python, with one thread, the candidates in turns; `ratio` compares the
minima, which depend least on other work of the machine. If a card's provenance says that WebGL and WebGPU
are emulated in software, their figures show that a candidate runs and what it loses, not how fast it is
on a GPU.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser

from app.core.errors import UserError
from bench._browser import launch, serve_dist
from bench._candidates import StoredCandidate, candidates
from bench._command import progress, run
from bench._page_candidates import gpus, mask_runner, run_candidates, to_array
from bench._people import fit_input, people
from bench._person_iou import PageRunner, person_iou, write_pictures
from bench._variant_figures import provenance, replace, rounded, show, write
from models import make
from models.report import docs
from models.sources import fetch
from models.spec import cards
from models.spec.card import Card
from models.variants import choice
from models.verify import calibration, metrics, parity
from publish import STATE

Array = NDArray[Any]
Outputs = list[dict[str, Array]]
JUDGE = "--judge"
PEOPLE = 24  # pictures of people on which a loss is measured, before the photos
COLLECT = {"wasm-ort": 8, "webgl": 2, "webgpu": 2}  # pictures that each candidate runs in the page
# ms of turns for all candidates of a card together.
BUDGET = {"wasm-ort": 4000.0, "webgl": 800.0, "webgpu": 800.0}


def main() -> None:
    """Measure, write and print."""
    arguments = sys.argv[1:]
    known = {card.id: card for card in cards.read_all()}
    if unknown := [name for name in arguments if name not in known and name != JUDGE]:
        raise UserError(f"There is no card {unknown[0]}. The cards are: {', '.join(known)}.")
    figures = choice.read_figures()
    if JUDGE not in arguments:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(dir=STATE)))
            for card in (known[name] for name in arguments or known):
                try:
                    measure_card(card, figures, folder)
                except (UserError, ValueError) as error:  # concerns this card; the others are measured
                    progress(f"{card.id}: {error}")
                write(known, figures)
    write(known, figures)
    docs.write()
    show(figures)


def measure_card(card: Card, figures: dict[str, Any], folder: Path) -> None:
    """Replace the card's rows in `figures`."""
    try:
        fetched = fetch.fetch(card, progress)
    except fetch.MissingSourceError as error:
        progress(error)
        return
    card = card.of(fetched.source)
    network = make.imported(card, fetched)
    differences = parity.parity(card, fetched, network)
    figures["parity"] = {**figures.get("parity", {}), card.id: rounded(differences)}
    made = candidates(card, network)
    photos = calibration.evaluation_pictures(card)
    pictures = [*(fit_input(card, picture)[0] for picture in _people(card)), *photos]
    plain = next(candidate for candidate in made if candidate.spec.weights == "fp32")
    exact = plain.run(card, pictures)
    card_folder = folder / card.id
    card_folder.mkdir()
    np.concatenate(pictures[: max(COLLECT.values())]).tofile(card_folder / "pictures.bin")
    native = {}
    for candidate in made:
        candidate.write(card_folder)
        outputs = candidate.run(card, pictures)
        native[candidate.spec.id] = {
            "outputs": outputs[: max(COLLECT.values())],
            "error": metrics.error(exact, outputs),
            "loss": _loss(card, exact, outputs, people=len(pictures) - len(photos)),
        }
        loss = native[candidate.spec.id]["loss"]
        progress(f"{card.id} {candidate.spec.id}: {candidate.bytes:,} bytes, {loss}")
    segments = card.kind == "segmenter"
    if segments:
        write_pictures(card, card_folder)
    with serve_dist({f"candidates/{card.id}": card_folder}) as url, launch() as chromium:
        stamps = figures.get("stamps", {})
        figures["stamps"] = {**stamps, card.id: provenance(chromium.version, gpus(chromium, url))}
        rows = []
        for backend in COLLECT:
            some = [candidate for candidate in made if backend in candidate.spec.backends]
            limits = COLLECT[backend], BUDGET[backend]
            answers = (
                run_candidates(chromium, url, card, backend, some, "pictures.bin", *limits) if some else {}
            )
            for candidate in some:
                row = _row(card, candidate, backend, answers, native[candidate.spec.id], len(pictures))
                progress(f"  {backend} {candidate.spec.id}: {json.dumps(row)}")
                rows.append(row)
        replace(figures, "rows", card, rows)
        if segments:
            progress(f"{card.id}: person IoU")
            runners = _page_runners(card, figures, made, chromium, url)
            scores = person_iou(
                card, fetched, network, lambda rgba: [o["mask"] for o in plain.run(card, rgba)], runners
            )
            replace(figures, "person", card, scores)
            progress("\n".join(map(json.dumps, scores)))


def _page_runners(
    card: Card, figures: dict[str, Any], made: list[StoredCandidate], chromium: Browser, url: str
) -> dict[str, PageRunner]:
    """By backend, a runner of the candidate that ships there and that every browser can run."""
    runners = {}
    for verdict in choice.verdicts(card, figures):
        candidate = next(m for m in made if m.spec == verdict.variant)
        if verdict.ships and candidate.spec.weights not in choice.NEEDS:
            runners[verdict.backend] = mask_runner(chromium, url, card, verdict.backend, candidate)
    return runners


def _loss(card: Card, exact: Outputs, outputs: Outputs, people: int) -> dict[str, float]:
    """The larger of the loss on all pictures and on the photos alone, which every build measures as well."""
    total = metrics.loss(card.kind, card.input, exact, outputs)
    photos = metrics.loss(card.kind, card.input, exact[people:], outputs[people:])
    return {name: max(value, photos.get(name, 0.0)) for name, value in total.items()}


def _row(
    card: Card,
    candidate: StoredCandidate,
    backend: str,
    answers: Mapping[str, Mapping[str, Any]],
    native: Mapping[str, Any],
    count: int,
) -> dict[str, Any]:
    """A row of figures.json: a candidate on a backend; `count` is the number of pictures run natively."""
    answer = answers[candidate.spec.id]
    plain = next((answers[m] for m in ("fp32", "webgl") if m in answers), {})
    times, base = answer.get("times", []), plain.get("times", [])
    outputs = [{k: to_array(v) for k, v in row.items()} for row in answer.get("outputs", [])]
    expected = native["outputs"][: len(outputs)]
    expected = [{k: row[k] for k in outputs[0]} for row in expected] if outputs else []
    shaped = [{k: v.reshape(expected[0][k].shape) for k, v in row.items()} for row in outputs]
    return {
        "card": card.id,
        "variant": candidate.spec.id,
        "backend": backend,
        "weights": candidate.spec.weights,
        "bytes": candidate.bytes,
        "loads": answer.get("loads", not answer["said"]),
        "said": answer["said"],
        "loss": rounded(native["loss"]),
        "error": rounded(native["error"]),
        "page": rounded(metrics.loss(card.kind, card.input, expected, shaped)) if shaped else {},
        "page_error": rounded(metrics.error(expected, shaped)) if shaped else None,
        "pictures": [count, len(outputs)],
        "ms": round(median(times), 2) if times else None,
        "least": round(min(times), 2) if times else None,
        "ratio": round(min(times) / min(base), 3) if times and base else None,
    }


def _people(card: Card) -> Iterator[Array]:
    if card.kind not in ("classifier", "landmarks", "network"):
        yield from (picture for picture, _ in islice(people("npr"), PEOPLE))


if __name__ == "__main__":
    run(main)
