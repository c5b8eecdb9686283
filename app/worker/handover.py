"""Succession: what a worker leaves to the one that follows it, as plain data.

Does not start or end workers: page.js does, by these. A pure function of what is known, so that it
can be worked out ahead of time and carried out when the worker itself can no longer speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from app.core import messages
from app.core.backend import BACKENDS, Probe, after
from app.core.card import ModelCard
from app.core.settings import Settings
from app.panel.query import to_query
from app.panel.rows import RESTARTS

# Milliseconds without a finished frame after which a worker counts as stopped.
STARTING = 60_000  # a first WebGPU run on a slow driver compiles its shaders for tens of seconds
RUNNING = 5_000
RETRIES = 2  # restarts of the last backend of the ladder: a lost context comes back, a broken driver does not


@dataclass(frozen=True)
class Handover:
    """What a worker is begun with. The first one has the page's own query and nothing else."""

    query: str = ""
    run: str = ""  # the backend to run; "" leaves it to the query
    trials: tuple[str, ...] | None = None  # backends still to be measured; None: none was yet
    beat: float = 0.0  # ms of inference that a trial must beat; 0 when this is no trial
    broken: dict[str, str] = field(default_factory=dict)  # backend -> why it failed
    cameras: tuple[tuple[str, str], ...] = ()
    asked: bool = False  # the visitor has asked for the camera in this visit
    notes: tuple[str, ...] = ()  # sentences for the visitor
    retries: int = 0
    picks: tuple[tuple[int, str], ...] = ()  # a face's id (0: all together), the key of who was picked for it

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Handover:
        """A Handover after its trip through JSON."""
        names = {f.name for f in fields(cls)}
        start = cls(**{name: value for name, value in data.items() if name in names})
        return replace(
            start,
            trials=None if start.trials is None else tuple(start.trials),
            cameras=tuple((id, label) for id, label in start.cameras),
            notes=tuple(start.notes),
            picks=tuple((face, key) for face, key in start.picks),
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)


def restarts(old: Settings, settings: Settings, card: ModelCard) -> bool:
    """Whether a changed Settings needs a new worker; the internal resolution only of a card that has it."""
    changed = {name for name in RESTARTS if getattr(old, name) != getattr(settings, name)}
    return bool(changed - {"detail"}) or card.sized(old.detail) != card.sized(settings.detail)


def stayed(settings: Settings, begun: Settings, run: str, model: str) -> Settings:
    """The Settings of a worker that stays on backend `run` with `model`: the one begun beside it gave up.

    What needed another worker is again as it was `begun`; the rest is the visitor's newest choice.
    """
    before = {name: getattr(begun, name) for name in RESTARTS}
    return replace(
        settings, **{**before, "backend": "auto" if settings.backend == "auto" else run, "model": model}
    )


def successor(
    begun: Handover,
    settings: Settings,
    run: str,
    why: str,
    probe: Probe,
    card: ModelCard,
    again: bool = True,
    unable: Mapping[str, str] | None = None,
) -> Handover | None:
    """The worker that follows one which failed on backend `run`; None when nothing is left to try.

    `again`: whether trying the last backend of the ladder once more can help; a damaged file stays damaged.
    `unable`: the backends that cannot do all that is chosen, and why.
    """
    broken, retries = {**begun.broken, run: why}, begun.retries
    next_run = after(run, probe, card, {**(unable or {}), **broken})
    if not next_run:
        if retries >= RETRIES or not again:
            return None
        next_run, broken, retries = run, begun.broken, retries + 1
    note = (messages.AGAIN if next_run == run else messages.FALLBACK).format(
        title=BACKENDS[run].title, why=why, next=BACKENDS[next_run].title
    )
    return replace(
        begun,
        query=to_query(settings if settings.backend == "auto" else replace(settings, backend=next_run)),
        run=next_run,
        trials=(),
        beat=0.0,
        broken=broken,
        notes=(note,),
        retries=retries,
    )
