"""Build-time models: published files become the ONNX graphs the page runs, verified and reported.

Does not run in the page. Nothing heavy is imported before a model really has to be made.
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
Say = Callable[[str], None]


def build_models(out: Path, say: Say, cache: Path | None = None) -> list[ModelCard]:
    """Writes out/models/*.onnx, out/models.json and out/models.html; gives every card.

    A model whose file no source has is a card with `missing` and no variants. Raises CardError, Unreadable or
    Failure, each with one sentence.
    """
    from models.report import report

    cards = [_model(card, out, say, cache or CACHE) for card in read_all()]
    wanted = {out / graph.path for card in cards for graph in card.graphs}
    for path in (out / "models").glob("*.onnx"):
        if path not in wanted:
            path.unlink()
    report.write(cards, out)
    return cards


def _model(card: Card, out: Path, say: Say, cache: Path) -> ModelCard:
    try:
        fetched = fetch.fetch(card, say)
    except fetch.Missing as error:
        say(str(error))
        return described(card, missing=str(error))
    return made(card.of(fetched.source), fetched, out, say, cache)


def made(card: Card, fetched: fetch.Fetched, out: Path, say: Say, cache: Path | None = None) -> ModelCard:
    """The model of one card whose files are here; its graphs are in out/models. Raises as build_models.

    `card` is as `Card.of` the source fetched gives it. What was made before is taken from the cache.
    """
    cache = cache or CACHE
    folder = cache / _key(card, fetched)
    kept = folder / "card.json"
    result = from_dict(json.loads(kept.read_text("utf-8"))) if kept.is_file() else None
    if result is None or _measurable(fetched, result):
        _make(card, fetched, folder, say)
        result = from_dict(json.loads(kept.read_text("utf-8")))
    for graph in result.graphs:
        _place(folder / graph.path, out / graph.path, graph)
    return result


def _make(card: Card, fetched: fetch.Fetched, folder: Path, say: Say) -> None:
    """The model in `folder` of the cache, all or nothing, instead of what was made of the card before."""
    from models import make

    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        (draft / "models").mkdir(parents=True)
        finished = make.make(card, fetched, described(card), draft, say)
        (draft / "card.json").write_text(json.dumps(to_dict(finished)), "utf-8")
        for old in folder.parent.glob(f"{card.id}-{'[0-9a-f]' * 16}"):
            shutil.rmtree(old, ignore_errors=True)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _measurable(fetched: fetch.Fetched, made: ModelCard) -> bool:
    """Whether the published model can be run now, and could not when the model was made."""
    if not any(isinstance(value, str) for value in made.report["parity"].values()):
        return False
    from models.verify import runners

    return not runners.lacking(fetched.source.format)


def _place(kept: Path, path: Path, graph: Graph) -> None:
    """The graph at `path`, named by its content: what is there with the right size is right."""
    if not path.is_file() or path.stat().st_size != graph.bytes:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.draft")
        shutil.copyfile(kept, draft)
        draft.replace(path)


def _key(card: Card, fetched: fetch.Fetched) -> str:
    found = hashlib.sha256(" ".join(file.sha256 for file in fetched.source.files).encode())
    figures = choice.read()
    for packed in (False, True):  # which of them is known when the network is imported
        found.update(repr(choice.chosen(card, figures, packed)).encode())
    found.update(card.file.read_bytes() + digest("models.make").encode())
    return f"{card.id}-{found.hexdigest()[:16]}"


def described(card: Card, missing: str = "") -> ModelCard:
    """What a card says of a model, before anything is made of it."""
    return ModelCard(
        card.id,
        card.title,
        card.kind,
        card.about,
        card.licence,
        card.input,
        card.mask,
        sizes=card.sizes,
        missing=missing,
    )
