"""Views: messages and load requests computed from the State; changes() yields those that differ.

Does not change the State.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.backgrounds import backdrop as shown_backdrop
from app.backgrounds import cover_color, video_rate
from app.backgrounds.image import USER_IMAGE
from app.core import messages
from app.core.backend import BACKENDS
from app.core.card import ModelCard
from app.core.settings import MAX_FILE_MB, MAX_MEGAPIXELS, MAX_PHOTO_SIZE
from app.panel.options import backends
from app.panel.panel import panel as controls
from app.panel.query import to_query
from app.tasks import TASKS
from app.worker import effects
from app.worker.handover import Handover, successor
from app.worker.protocol import to_page, to_worker
from app.worker.state import State


def panel(state: State) -> to_page.Panel:
    """The controls, the head of the page and the URL query."""
    task = TASKS[state.settings.task]
    return to_page.Panel(
        title=task.title,
        about=task.about,
        events=tuple(event.type for event in task.events),
        controls=controls(state.settings, state.caps),
        query=to_query(state.settings),
    )


def source(state: State) -> to_page.Source:
    """The source of the pictures and the bounds of a photo."""
    settings = state.settings
    ask = messages.ASK.get(settings.source, ())
    return to_page.Source(
        source=settings.source,
        camera=settings.camera,
        width=settings.max_size.width,
        height=settings.max_size.height,
        ask=ask if settings.source == "file" or not state.camera_requested else (),
        photo=(MAX_PHOTO_SIZE.width, MAX_PHOTO_SIZE.height),
        megabytes=MAX_FILE_MB,
        megapixels=MAX_MEGAPIXELS,
    )


def backdrop_video(state: State) -> to_page.BackdropVideo:
    """How the page samples the visitor's video."""
    most = state.settings.max_size
    return to_page.BackdropVideo(rate=video_rate(state.settings), width=most.width, height=most.height)


def plan(state: State) -> to_page.Plan:
    """The page's plan for the case that this worker stops answering."""
    settings, why = state.settings, messages.SILENT
    is_trial = bool(state.handover.target_ms)
    waits = state.phase != "running" or state.busy
    return to_page.Plan(
        limit=state.limits[0] if waits else state.limits[1],
        show=settings.background == "none",
        color=cover_color(settings),
        image=state.backdrops.get(shown_backdrop(settings), ""),
        handover=None if is_trial else following(state, why),
        decline=to_worker.SuccessorFailed(state.trials, {state.backend: why}) if is_trial else None,
        text=messages.LAST.format(title=BACKENDS[state.backend].title, why=why),
    )


def handover(state: State, **fields: Any) -> Handover:
    """The Handover for a worker with the current settings."""
    return Handover(query=to_query(state.settings), **_known(state), **fields)


def following(state: State, why: str, again: bool = True) -> Handover | None:
    """The Handover of the worker that replaces this one when it fails; see successor()."""
    # successor() sets the query and the backend.
    updated = Handover(trials=state.handover.trials, retries=state.handover.retries, **_known(state))
    unable = {row.value: row.unavailable for row in backends(state.settings, state.caps) if row.unavailable}
    probe = state.caps.probe
    return successor(updated, state.settings, state.backend, why, probe, state.card, again, unable)


def _known(state: State) -> dict[str, Any]:
    """The fields that every following worker needs."""
    compares = TASKS[state.settings.task].requires.galleries
    return {
        "failed": state.caps.broken,
        "cameras": state.caps.cameras,
        "camera_requested": state.camera_requested,
        "picks": tuple(state.picks.items()) if compares else (),
    }


def overlay_card(state: State) -> ModelCard | None:
    """The card that the overlay is drawn from, at the size the settings ask for; None for no overlay."""
    card = state.caps.overlay_card(state.settings, state.settings.overlay)
    return None if card is None or card.missing else card.sized(state.settings.detail)


def overlay(state: State) -> effects.LoadOverlay | None:
    """The overlay to be drawn; None before one can be loaded."""
    if state.phase != "running":
        return None
    card = overlay_card(state)
    if card is None:
        return effects.LoadOverlay(state.settings.overlay)
    return effects.LoadOverlay(state.settings.overlay, card.id, card.input)


def galleries(state: State) -> effects.LoadGalleries | None:
    """The galleries to be compared with; None where the task compares with none, or before it is loaded."""
    if state.phase == "starting" or not TASKS[state.settings.task].requires.galleries:
        return None
    return effects.LoadGalleries(state.settings.gallery, state.pictures)


def backdrop(state: State) -> effects.LoadBackdrop | None:
    """The backdrop to be shown; None before it can be loaded."""
    if state.phase == "starting":
        return None
    image = shown_backdrop(state.settings)
    return effects.LoadBackdrop(image, state.user_images if image == USER_IMAGE else 0)


# Each view with the fields of the State that it depends on.
VIEWS: tuple[tuple[Callable[[State], Any], tuple[str, ...]], ...] = (
    (panel, ("settings", "caps")),
    (source, ("settings", "camera_requested")),
    (
        plan,
        ("settings", "caps", "camera_requested", "trials", "phase", "busy", "limits", "picks", "handover"),
    ),
    (backdrop_video, ("settings",)),
    (overlay, ("settings", "caps", "phase")),
    (galleries, ("settings", "phase", "pictures")),
    (backdrop, ("settings", "phase", "user_images")),
)


def changes(old: State, new: State) -> Iterator[Any]:
    """The views whose fields have changed. Loaders do nothing about a request that is the one before."""
    for view, depends in VIEWS:
        if any(getattr(old, name) is not getattr(new, name) for name in depends):
            now = view(new)
            if now is not None:
                yield now
