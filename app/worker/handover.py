"""Handover: everything the next worker begins with, as plain data, and which worker follows one that failed.

Does not start or end workers: static/workers.js does. These are pure functions of what is known, so that the
result can lie ready with the page for the time when the worker itself can no longer say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
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
    """What a worker begins with. The first worker has the page's query and nothing else."""

    query: str = ""  # the settings
    backend: str = ""  # the backend to run on; "" leaves it to the query
    trials: tuple[str, ...] | None = None  # backends still to be tried; None: none was tried yet
    target_ms: float = 0.0  # a trial must infer faster than this; 0: the worker is not a trial
    failed: Mapping[str, str] = field(default_factory=dict)  # backend -> why it failed in this visit
    cameras: tuple[tuple[str, str], ...] = ()  # device id, label
    camera_requested: bool = False  # the visitor asked for the camera in this visit
    notes: tuple[str, ...] = ()  # sentences for the visitor
    retries: int = 0  # how often the last backend of the ladder was started again
    picks: tuple[tuple[int, str], ...] = ()  # a face's id (0: all together), the key of the answer picked

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Handover:
        """A Handover after its trip through JavaScript; fields that are not its own are left out."""
        names = {each.name for each in fields(cls)}
        given = cls(**{name: value for name, value in data.items() if name in names})
        return replace(
            given,
            trials=None if given.trials is None else tuple(given.trials),
            cameras=tuple((id, label) for id, label in given.cameras),
            notes=tuple(given.notes),
            picks=tuple((face, key) for face, key in given.picks),
        )


def restarts(old: Settings, settings: Settings, card: ModelCard) -> bool:
    """Whether changed settings need a new worker; the internal resolution only where the card has it."""
    changed = {name for name in RESTARTS if getattr(old, name) != getattr(settings, name)}
    return bool(changed - {"detail"}) or card.sized(old.detail) != card.sized(settings.detail)


def rolled_back(settings: Settings, initial: Settings, backend: str, model: str) -> Settings:
    """The settings of a worker that goes on, on `backend` with `model`, because its successor gave up.

    Settings that need a new worker are again as this worker began with them; the rest stays as chosen since.
    """
    before = {name: getattr(initial, name) for name in RESTARTS}
    return replace(
        settings,
        **{**before, "backend": "auto" if settings.backend == "auto" else backend, "model": model},
    )


def successor(
    begun: Handover,
    settings: Settings,
    backend: str,
    why: str,
    probe: Probe,
    card: ModelCard,
    again: bool = True,
    unable: Mapping[str, str] | None = None,
) -> Handover | None:
    """The worker that follows one which failed on `backend`; None when nothing is left to try.

    `begun` is the failed worker's own Handover, brought up to date. `again`: whether it can help to start the
    last backend of the ladder once more; a damaged file stays damaged. `unable`: backends that cannot do all
    that is chosen, and why.
    """
    failed, retries = {**begun.failed, backend: why}, begun.retries
    following = after(backend, probe, card, {**(unable or {}), **failed})
    if not following:
        if retries >= RETRIES or not again:
            return None
        following, failed, retries = backend, dict(begun.failed), retries + 1
    sentence = messages.AGAIN if following == backend else messages.FALLBACK
    note = sentence.format(title=BACKENDS[backend].title, why=why, next=BACKENDS[following].title)
    return replace(
        begun,
        query=to_query(settings if settings.backend == "auto" else replace(settings, backend=following)),
        backend=following,
        trials=(),
        target_ms=0.0,
        failed=failed,
        notes=(note,),
        retries=retries,
    )
