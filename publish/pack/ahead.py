"""The files that a start needs besides Python, by task, model and backend: the page asks for them at once.

Does not decide what a start loads: app/page does, and finds these files on their way. A file that is missing
here comes later; one too many is fetched for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from app.core.backend import BACKENDS, Probe, choose
from app.core.card import ModelCard
from app.core.gallery import Gallery
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.tasks import TASKS

# Feature of a browser that variants may need -> a module that a browser with it accepts, in base64: one
# function with i8x16.relaxed_swizzle.
FEATURES = {"relaxed-simd": "AGFzbQEAAAABBQFgAAF7AwIBAAoPAQ0AQQH9D0EC/Q/9gAIL"}


def ahead(cards: Sequence[ModelCard], galleries: Sequence[Gallery]) -> dict[str, Any]:
    """The manifest's `ahead` table: paths by task, model, backend and feature, and what a query means."""
    caps = Capabilities(cards=tuple(cards), galleries=tuple(galleries))
    first = Settings().task
    models = {task: model for task in TASKS if (model := caps.preferred_model(task))}
    card = caps.card(models[first]) if first in models else None
    auto = choose(Probe(), card, {}).first if card else ""
    backend = BACKENDS[auto].id if auto else ""
    files: dict[str, dict[str, dict[str, dict[str, list[str]]]]] = {}
    for task in TASKS:
        for card in caps.cards:
            if backend and caps.supports(card, task, backend):
                row = files.setdefault(task, {}).setdefault(card.id, {})
                row[backend] = {"": sorted(set(needed(caps, card, task, backend)))}
                for feature in FEATURES:
                    able = replace(caps, probe=Probe(features=(feature,)))
                    found = sorted(set(needed(able, card, task, backend)))
                    if found != row[backend][""]:
                        row[backend][feature] = found
    backends = {"auto": backend, backend: backend}
    return {"task": first, "backends": backends, "models": models, "features": FEATURES, "files": files}


def needed(caps: Capabilities, card: ModelCard, task: str, backend: str) -> Iterator[str]:
    """The files of a card as the model of a task, and of those beside it."""
    requires = TASKS[task].requires
    others = caps.resolve(requires.auxiliary, Settings(task=task, model=card.id), backend)
    for each in (card, *others.values()):
        yield from paths(each.variant(backend, caps.probe.features))
    yield from paths(card.matte)
    if requires.cutout:
        yield from paths(card.cutout(backend))


def paths(part: Any) -> Iterable[str]:
    """The path of every file in a part of a card that is not empty; none in None."""
    if part is None:
        return
    todo = [asdict(part)]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if isinstance(path := value.get("path"), str) and value.get("bytes"):
                yield path
            todo.extend(value.values())
        elif isinstance(value, list | tuple):
            todo.extend(value)
