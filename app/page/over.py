"""The overlay of a worker: loaded while the picture goes on, and taken away when it fails.

Does not draw it: the pipeline and the Compositor do.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from app.core import messages
from app.core.card import ModelCard
from app.overlays import overlay
from app.page.engine import Engine, Key, key

if TYPE_CHECKING:
    from app.page.start import Worker

Wish = tuple[str, Key | None]  # the Settings' overlay, and the card at the size it is to be drawn from
NOTHING: Wish = ("none", None)


def show_overlay(worker: Worker) -> None:
    """Bring the overlay that the Settings wants; who is at it already takes the newest wish next."""
    if worker.engine is not None and (worker.bringing is None or worker.bringing.done()):
        worker.bringing = asyncio.ensure_future(_follow(worker, worker.engine))


def no_overlay(worker: Worker, error: Exception) -> None:
    """An overlay failed: the picture goes on without, unless the visitor has chosen another meanwhile."""
    if _wish(worker) != worker.overlay:
        return
    worker.panel.note(messages.OVERLAY.format(why=messages.brief(error)))
    worker.settings = replace(worker.settings, overlay="none")
    worker.plan()
    worker.tell()
    show_overlay(worker)  # gives back what was loaded


def _card(worker: Worker) -> ModelCard | None:
    """The card that the Settings wants drawn, at the size it wants."""
    card = worker.caps.overlay_card(worker.settings, worker.settings.overlay)
    return None if card is None or card.missing else card.sized(worker.settings.detail)


def _wish(worker: Worker) -> Wish:
    card = _card(worker)
    return worker.settings.overlay, key(card) if card else None


async def _follow(worker: Worker, engine: Engine) -> None:
    while worker.overlay is not None and worker.overlay != _wish(worker):
        worker.overlay = _wish(worker)
        engine.pipeline.overlay = None
        with worker.patience():
            try:
                await _bring(worker, engine)
            except Exception as error:  # the picture goes on, whatever it was
                no_overlay(worker, error)
        worker.panel.post("again")


async def _bring(worker: Worker, engine: Engine) -> None:
    """An overlay's cards, loaded; those of the one before are given back."""
    card, wish = _card(worker), worker.overlay
    if card is None:
        await engine.keep(())
        return
    kind = overlay(worker.settings.overlay, card)
    auxiliary = worker.caps.resolve(kind.auxiliary, worker.settings, worker.run)
    await engine.keep((card, *auxiliary.values()))
    brought = await engine.overlay(kind, card, auxiliary)
    if wish == _wish(worker):
        engine.pipeline.overlay = brought
