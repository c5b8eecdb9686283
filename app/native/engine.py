"""Engine under CPython: a task with its cards, cutout and galleries, loaded from dist/.

Does not choose cards: the Settings and the Capabilities do. Does not run frames.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from app.core import gallery
from app.core.card import Graph, ModelCard, Variant, from_dict
from app.core.chain import Chain
from app.core.characters import LoadedGallery, Names
from app.core.gallery import OWN, Gallery, Index
from app.core.meter import Meter
from app.core.model import Model
from app.core.ports import Session as AnySession
from app.core.settings import Settings
from app.native import compiled
from app.native.compositor import Compositor
from app.native.session import Session
from app.panel.capabilities import Capabilities
from app.tasks import TASKS
from app.tasks.base import ComparingTask, Task


@dataclass(frozen=True)
class Engine:
    """A loaded task."""

    task: Task
    compositor: Compositor
    model: Model
    auxiliary: dict[str, Model]


def capabilities(dist: Path) -> Capabilities:
    """The capabilities of the build in `dist`. Raises OSError where the folder has no build."""
    table: dict[str, Any] = json.loads((dist / "manifest.json").read_bytes())
    return Capabilities(
        cards=tuple(from_dict(card) for card in table["models"]),
        backdrops=tuple((row["id"], row["title"]) for row in table["backdrops"]),
        galleries=tuple(gallery.from_dict(row) for row in table.get("galleries", ())),
    )


def load(
    dist: Path,
    caps: Capabilities,
    settings: Settings,
    backend: str,
    features: Sequence[str] = (),
    threads: int = 0,
) -> Engine:
    """Load the task of the Settings with the variants that `backend` has in the page.

    Compiled graphs run in wasmtime, the others in native onnxruntime. `features`: the browser's optional
    features. `threads`: as in Session. Raises ValueError, with the reason, when the build lacks a model or an
    index.
    """
    card = caps.card(settings.model)
    if card is None or card.missing:
        raise ValueError(f"This build has no model “{settings.model}”. Choose another or build it.")
    card = card.sized(settings.detail)
    compositor, meter = Compositor(card), Meter(lambda: perf_counter() * 1000)

    def model(card: ModelCard) -> Model:
        variant = card.variant(backend, features)
        if variant is None:
            raise ValueError(f"{card.title} has no variant for {backend}. Choose another backend.")
        return Model(card, opened(dist, variant, card, threads), compositor, meter, variant.rgba)

    kind = TASKS[settings.task]
    chosen, requires = model(card), kind.requires
    resolved = caps.resolve(requires.auxiliary, settings, backend)
    auxiliary = {name: model(other) for name, other in resolved.items()}
    if requires.cutout and (cutout := card.cutout(backend, features)):
        chosen.cutout = opened(dist, cutout, card, threads)
    task = kind(chosen, auxiliary)
    if requires.galleries:
        classifier = auxiliary["classifier"].card.id
        rows = caps.selected_galleries(settings)
        cast(ComparingTask, task).galleries = tuple(
            _gallery(dist, row, row.index(classifier, backend, features), backend, threads) for row in rows
        )
    return Engine(task, compositor, chosen, auxiliary)


def _gallery(dist: Path, row: Gallery, index: Variant | None, backend: str, threads: int) -> LoadedGallery:
    if index is None or row.id == OWN:
        raise ValueError(f"{row.title} has no index for {backend}. Choose another gallery or backend.")
    session = opened_graph(dist, index.graphs[0], threads)
    names = Names.read(row, (dist / row.names.path).read_bytes())
    return LoadedGallery(Index(row.id, row.count, session), names)


def opened(dist: Path, variant: Variant, card: ModelCard, threads: int = 0) -> AnySession:
    """Open a variant's graphs as one Session. `threads`: as in Session."""
    sessions = [opened_graph(dist, graph, threads, card.dimensions) for graph in variant.graphs]
    return sessions[0] if len(sessions) == 1 else Chain(sessions[0], sessions[1])


def opened_graph(
    dist: Path, graph: Graph, threads: int = 0, dimensions: Mapping[str, int] | None = None
) -> Session | compiled.Session:
    """Open one graph. `threads`, `dimensions`: as in Session; a compiled graph has one of each."""
    data = (dist / graph.path).read_bytes()
    if graph.weights:
        return compiled.Session(data, (dist / graph.weights.path).read_bytes())
    return Session(data, threads, dimensions)
