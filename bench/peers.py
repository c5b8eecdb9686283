"""Each model on the page's backends and on its peers: one thread, the same file, the same pictures, in turns.

Judges no output. "Inference" is from an input in JavaScript's memory to all outputs there; the page's graphs
include the pixels' scaling and the decoding of faces, which the peers' do not. "Picture to result" is from an
ImageBitmap of 640 x 480 to the mask or the faces; the page makes a Mask of the faces as well. GPU rows are of
this machine's GPU if it has one, else of a software GPU, and are marked as such. Arguments: cards (default:
all), the number of rounds, and "software" for the page's GPU backends on a software GPU.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.errors import UserError
from bench import _run_models
from bench._browser import launch, serve_dist
from bench._command import progress, run
from bench._page_candidates import gpus
from bench._report import markdown
from bench._results import Results, machine, sentence
from bench._rows import ABSENT, ratio_cell, summary_cell
from bench._runners import INFERENCE, PICTURE, Runner, runners
from bench._sites import serve_peers
from bench._statistics import Rounds, ratio, summarize
from bench._subjects import OURS, PEERS, SOFTWARE, SOFTWARE_TITLE, Leg, legs, tasks_vision
from models.spec import cards
from models.spec.card import Card

ROUNDS = 5
TITLES = {INFERENCE: "Inference, ms", PICTURE: "Picture to result, ms"}
PICTURE_CARDS = ("selfie-landscape", "selfie", "blazeface")


def main() -> None:
    """Measure, print and write."""
    words, results = sys.argv[1:], Results("peers")
    rounds = next((int(word) for word in words if word.isdigit()), ROUNDS)
    known = {card.id: card for card in cards.read_all()}
    chosen = cards_named([word for word in words if not word.isdigit() and word != SOFTWARE], known)
    with serve_dist() as ours, serve_peers(_run_models.site_files(chosen)) as peers:
        urls = {OURS: ours, PEERS: peers}
        with launch(gpu="own") as browser:
            found = gpus(browser, ours)
            where = machine(browser.version, found)
        results.add("## Peers", sentence(where))
        results.data = {"machine": where, "samples": {}, "said": []}
        for leg in all_legs(found, SOFTWARE in words):
            with launch(gpu=leg.gpu) as browser, _run_models.place(browser, urls) as at:
                for times in (INFERENCE, PICTURE):
                    part(results, at, leg, times, chosen, rounds)
    results.write()


def all_legs(gpus: Mapping[str, Mapping[str, object]], software: bool) -> list[Leg]:
    """The legs of this machine. Without a GPU, the peers that need one run on a software GPU."""
    found = legs(gpus, software)
    if len(found) == 1:
        found.append(Leg(SOFTWARE_TITLE, SOFTWARE, (), tasks_vision("GPU")))
    return found


def cards_named(words: Sequence[str], known: Mapping[str, Card]) -> list[Card]:
    """The cards with these ids, or all. Raises UserError for an unknown id."""
    if unknown := [word for word in words if word not in known]:
        raise UserError(f"There is no card {unknown[0]}. The cards are: {', '.join(known)}.")
    return [known[word] for word in words] if words else list(known.values())


def part(
    results: Results, at: _run_models.Place, leg: Leg, times: str, chosen: Sequence[Card], rounds: int
) -> None:
    """Measure and add one table: models down, runners across, ratios to the page's first backend."""
    title, columns = f"{leg.title}: {TITLES[times]}", dict[str, Runner]()
    samples: dict[str, dict[str, list[list[float]]]] = {}
    said: list[str] = []
    for card in chosen:
        if times == PICTURE and card.id not in PICTURE_CARDS:
            continue
        able = runners(card, times, leg)
        columns |= {runner.id: runner for runner in able}
        samples[card.title], reasons = _run_models.run(at, card, able, rounds)
        said += reasons
        progress(f"{title}: {card.title}")
    ran = {name for found in samples.values() for name in found}
    head, rows = table(samples, [runner for id, runner in columns.items() if id in ran])
    results.data["samples"][title] = samples
    results.data["said"] += said
    if rows:
        results.add(f"### {title}", markdown(head, rows))
    results.notes(said)


def table(samples: Mapping[str, Mapping[str, Rounds]], columns: Sequence[Runner]) -> tuple[Any, Any]:
    """Head and rows: the ratio of the page's first backend to each other column, then all figures."""
    first, others = columns[0] if columns else None, columns[1:]
    rows = []
    for title, found in samples.items():
        base = found.get(first.id) if first else None
        ratios = [
            ratio_cell(ratio(base, found[runner.id]) if base and runner.id in found else None)
            for runner in others
        ]
        figures = [
            summary_cell(summarize(found[runner.id]), "ms") if runner.id in found else ABSENT
            for runner in columns
        ]
        if found:
            rows.append([title, *ratios, *figures])
    head = [
        "Model",
        *(f"Ratio to {runner.title}" for runner in others),
        *(runner.title for runner in columns),
    ]
    return head, rows


if __name__ == "__main__":
    run(main)
