"""Engine under CPython: a task with its cards, cutout and galleries, loaded from dist/.

Does not choose them: the Settings and the Capabilities do. Does not run frames.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from app.core import gallery
from app.core.card import Graph, ModelCard, Variant, from_dict
from app.core.chain import Chain
from app.core.gallery import OWN, Gallery, Index
from app.core.meter import Meter
from app.core.model import Model
from app.core.ports import Session as AnySession
from app.core.settings import Settings
from app.native.compositor import Compositor
from app.native.session import Session
from app.panel.capabilities import Capabilities
from app.tasks import TASKS, Task
from app.tasks.lookalike.answers import Names


@dataclass(frozen=True)
class Engine:
    """A loaded task; `names` by gallery."""

    task: Task
    compositor: Compositor
    model: Model
    auxiliary: dict[str, Model]
    names: dict[str, Names]


def offered(dist: Path) -> Capabilities:
    """What the build in `dist` holds. Raises OSError where there is none."""
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
    """The task of the Settings with a backend's variants, all of them run by onnxruntime on the processor.

    `features` are what a browser has besides. Raises ValueError, with the reason, for what is not there.
    """
    card = caps.card(settings.model)
    if card is None or card.missing:
        raise ValueError(f"the model {settings.model} is not in this build")
    card = card.sized(settings.detail)
    compositor, meter = Compositor(card), Meter(lambda: perf_counter() * 1000)

    def model(card: ModelCard) -> Model:
        variant = card.variant(backend, features)
        if variant is None:
            raise ValueError(f"{card.title} is not offered on {backend}")
        return Model(card, opened(dist, variant, card, threads), compositor, meter, variant.rgba)

    kind = TASKS[settings.task]
    own = model(card)
    auxiliary = {
        kind: model(other) for kind, other in caps.resolve(kind.auxiliary, settings, backend).items()
    }
    names: dict[str, Names] = {}
    if "cutout" in kind.requires and (cutout := card.cutout(backend)):
        own.cutout = opened(dist, cutout, card, threads)
    if "gallery" in kind.requires:
        for each in caps.selected_galleries(settings):
            index = each.index(auxiliary["classifier"].card.id, backend)
            if index is None or each.id == OWN:
                raise ValueError(f"{each.title} cannot be compared with on {backend}")
            session = opened(dist, index, card, threads)
            auxiliary["classifier"].indexes.append(Index(each.id, each.count, session))
            names[each.id] = _names(dist, each)
    return Engine(kind(own, auxiliary), compositor, own, auxiliary, names)


def _names(dist: Path, each: Gallery) -> Names:
    return Names.read(each, (dist / each.names.path).read_bytes())


def opened(dist: Path, variant: Variant, card: ModelCard, threads: int = 0) -> AnySession:
    """A variant's graphs as one Session."""

    def session(graph: Graph) -> Session:
        return Session((dist / graph.path).read_bytes(), threads, card.dimensions)

    sessions = [session(graph) for graph in variant.graphs]
    return sessions[0] if len(sessions) == 1 else Chain(sessions[0], sessions[1])
