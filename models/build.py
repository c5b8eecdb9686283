"""Builds all models: fetches each card's files, makes its graphs or takes them from the cache, and reports.

Does not run in the page. Imports no large package before a model has to be made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from app.core.card import Graph, ModelCard, from_dict, to_dict
from models.dependencies import digest
from models.sources import fetch
from models.spec.card import Card
from models.spec.cards import read_all
from models.variants import choice

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".vitrine" / "cache" / "models"
Progress = Callable[[str], None]


def build_models(out: Path, progress: Progress, cache: Path | None = None) -> list[ModelCard]:
    """Writes out/models/*, out/models.json and out/models.html; returns all cards.

    The card of a model whose files no source has is `missing` and has no variants. Raises UserError.
    """
    from models.report import report

    cards = [_model(card, out, progress, cache or CACHE) for card in read_all()]
    known = {out / graph.path for card in cards for graph in card.graphs}
    for path in (out / "models").glob("*.*"):
        if path.suffix in (".onnx", ".wasm", ".bin") and path not in known:
            path.unlink()
    report.write(cards, out)
    return cards


def _model(card: Card, out: Path, progress: Progress, cache: Path) -> ModelCard:
    try:
        fetched = fetch.fetch(card, progress)
    except fetch.MissingSourceError as error:
        progress(str(error))
        return card.model_card(missing=str(error))
    return made(card.of(fetched.source), fetched, out, progress, cache)


def made(
    card: Card, fetched: fetch.Fetched, out: Path, progress: Progress, cache: Path | None = None
) -> ModelCard:
    """The model of one card, from the cache where it was made before; its graphs are then in out/models.

    `card` is the result of Card.of for the fetched source. Raises UserError.
    """
    cache = cache or CACHE
    folder = cache / _key(card, fetched)
    file = folder / "card.json"
    result = from_dict(json.loads(file.read_text("utf-8"))) if file.is_file() else None
    if result is None or _comparable(fetched, result):
        _make(card, fetched, folder, progress)
        result = from_dict(json.loads(file.read_text("utf-8")))
    for graph in result.graphs:
        _place(folder / graph.path, out / graph.path, graph)
    return result


def _make(card: Card, fetched: fetch.Fetched, folder: Path, progress: Progress) -> None:
    """Makes the model in `folder` of the cache, all or nothing, and removes the card's older results."""
    from models import make

    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        (partial / "models").mkdir(parents=True)
        finished = make.make(card, fetched, partial, progress)
        (partial / "card.json").write_text(json.dumps(to_dict(finished)), "utf-8")
        for old in folder.parent.glob(f"{card.id}-{'[0-9a-f]' * 16}"):
            shutil.rmtree(old, ignore_errors=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _comparable(fetched: fetch.Fetched, cached: ModelCard) -> bool:
    """Whether the published model can be run now, but could not when the cached result was made."""
    if not any(isinstance(value, str) for value in cached.report["parity"].values()):
        return False
    from models.verify import runners

    return not runners.missing_runtime(fetched.source.format)


def _place(cached: Path, path: Path, graph: Graph) -> None:
    """Copies a graph to `path` unless it is there. Its name has its hash, so only the size is compared."""
    if not path.is_file() or path.stat().st_size != graph.bytes:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        shutil.copyfile(cached, partial)
        partial.replace(path)


def _key(card: Card, fetched: fetch.Fetched) -> str:
    """The name of a result in the cache: the card's id and a hash of everything the result depends on."""
    total = hashlib.sha256(" ".join(file.sha256 for file in fetched.source.files).encode())
    figures = choice.read_figures()
    for quantised in (False, True):  # which of them holds is known only after the import
        total.update(repr(choice.chosen(card, figures, quantised)).encode())
    total.update(card.file.read_bytes() + digest("models.make").encode())
    if fetched.source.format == "tfjs":  # the published model runs in tf.js, for the comparison
        pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
        total.update(
            repr(sorted(row for row in pinned.items() if row[0].startswith("@tensorflow/"))).encode()
        )
    return f"{card.id}-{total.hexdigest()[:16]}"
