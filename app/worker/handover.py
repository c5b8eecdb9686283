"""Handover: the data that a worker starts with; successor(): the Handover after a failure.

Does not start or end workers: static/workers.js does. The functions are pure, so that a worker can leave
their result with the page in advance, for the case that it stops answering.
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
    """The data that a worker starts with. The first worker has only the page's query."""

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
        """Make a Handover of a mapping from JavaScript; unknown fields are ignored."""
        names = {each.name for each in fields(cls)}
        decoded = cls(**{name: value for name, value in data.items() if name in names})
        return replace(
            decoded,
            trials=None if decoded.trials is None else tuple(decoded.trials),
            cameras=tuple((id, label) for id, label in decoded.cameras),
            notes=tuple(decoded.notes),
            picks=tuple((face, key) for face, key in decoded.picks),
        )


def restarts(old: Settings, settings: Settings, card: ModelCard) -> bool:
    """Whether changed settings need a new worker; the internal resolution only where the card has it."""
    changed = {name for name in RESTARTS if getattr(old, name) != getattr(settings, name)}
    return bool(changed - {"detail"}) or card.sized(old.detail) != card.sized(settings.detail)


def rolled_back(settings: Settings, initial: Settings, backend: str, model: str) -> Settings:
    """The settings of a worker that continues, on `backend` with `model`, because its successor failed.

    Settings that need a new worker return to their initial values; the others keep their current values.
    """
    before = {name: getattr(initial, name) for name in RESTARTS}
    return replace(
        settings,
        **{**before, "backend": "auto" if settings.backend == "auto" else backend, "model": model},
    )


def successor(
    handover: Handover,
    settings: Settings,
    backend: str,
    why: str,
    probe: Probe,
    card: ModelCard,
    again: bool = True,
    unable: Mapping[str, str] | None = None,
) -> Handover | None:
    """The Handover of the worker that replaces one that failed on `backend`; None when no backend is left.

    `handover`: the failed worker's Handover, updated. `why`: the error in a few words. `again`: whether a
    restart of the last backend can help; it cannot for a damaged file. `unable`: backends that do not support
    all chosen settings, and the reason.
    """
    failed, retries = {**handover.failed, backend: why}, handover.retries
    following = after(backend, probe, card, {**(unable or {}), **failed})
    if not following:
        if retries >= RETRIES or not again:
            return None
        following, failed, retries = backend, dict(handover.failed), retries + 1
    sentence = messages.AGAIN if following == backend else messages.FALLBACK
    note = sentence.format(title=BACKENDS[backend].title, why=why, next=BACKENDS[following].title)
    return replace(
        handover,
        query=to_query(settings if settings.backend == "auto" else replace(settings, backend=following)),
        backend=following,
        trials=(),
        target_ms=0.0,
        failed=failed,
        notes=(note,),
        retries=retries,
    )
