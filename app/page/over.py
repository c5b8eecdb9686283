"""The overlay of a worker: loaded while the picture goes on, and taken away when it fails.

Does not draw it: the pipeline and the Compositor do.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from app import trouble
from app.overlays import OVERLAYS
from app.page.engine import Engine
from app.succession import RUNNING, STARTING

if TYPE_CHECKING:
    from app.page.start import Worker


def show_overlay(worker: Worker) -> None:
    """Bring the overlay that the Look wants; who is at it already takes the newest wish next."""
    if worker.engine is not None and (worker.bringing is None or worker.bringing.done()):
        worker.bringing = asyncio.ensure_future(_follow(worker, worker.engine))


def no_overlay(worker: Worker, error: Exception) -> None:
    """An overlay failed: the picture goes on without."""
    worker.panel.note(trouble.OVERLAY.format(why=trouble.brief(error)))
    worker.look = replace(worker.look, overlay="none")
    worker.plan()
    worker.tell()
    show_overlay(worker)  # gives back what was loaded


async def _follow(worker: Worker, engine: Engine) -> None:
    while worker.overlay not in ("", worker.look.overlay):
        worker.overlay = worker.look.overlay
        engine.pipeline.overlay = None
        worker.limit = STARTING  # a first run may compile shaders
        worker.plan()
        try:
            await _bring(worker, engine, worker.overlay)
        except Exception as error:  # the picture goes on, whatever it was
            no_overlay(worker, error)
        worker.limit = RUNNING
        worker.plan()
        worker.panel.post("again")


async def _bring(worker: Worker, engine: Engine, wanted: str) -> None:
    """An overlay's cards, loaded; those of the one before are given back."""
    card = worker.offer.card(wanted)
    if card is None or card.missing:
        await engine.keep(set())
        return
    beside = worker.offer.beside(OVERLAYS[card.kind].beside, worker.look, worker.run)
    await engine.keep({card.id, *(other.id for other in beside.values())})
    overlay = await engine.overlay(card, beside)
    if wanted == worker.look.overlay:
        engine.pipeline.overlay = overlay
