"""update(): the next State and the effects after an event. begin(): the first State.

Does not load, draw or send anything: app/page/main.py owns the State and carries the effects out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.backgrounds.image import USER_IMAGE
from app.core import messages
from app.core.backend import BACKENDS, choose
from app.core.settings import Settings
from app.panel.apply import apply, changed
from app.panel.available import settled
from app.panel.capabilities import Capabilities
from app.panel.options import backends
from app.panel.query import from_query
from app.worker import answers, effects, trial, views
from app.worker.handover import Handover, restarts, rolled_back
from app.worker.protocol import to_page, to_worker
from app.worker.state import Effects, State


def begin(
    handover: Handover, caps: Capabilities, backdrops: Mapping[str, str]
) -> tuple[State | None, Effects]:
    """The first State of a worker, and its effects; None where the build has no model that can run."""
    settings, notes = from_query(handover.query, caps)
    shown_notes = tuple(to_page.Note(note) for note in (*handover.notes, *notes))
    card = caps.card(settings.model)
    if card is None or card.missing:
        return None, (*shown_notes, to_page.Stopped(messages.NO_MODEL))
    card = card.sized(settings.detail)
    auto = settings.backend == "auto"
    unable = [row.value for row in backends(settings, caps) if row.unavailable]
    choice = choose(caps.probe, card, handover.failed, unable)
    backend = handover.backend or (choice.first if auto else settings.backend)
    first = handover.trials is None
    state = State(
        settings=settings,
        caps=replace(caps, backend=backend),
        card=card,
        backend=backend,
        handover=handover,
        initial=settings,
        backdrops=backdrops,
        camera_requested=handover.camera_requested,
        trials=(choice.trials if auto else ()) if first else handover.trials or (),
        picks=dict(handover.picks),
    )
    shown = views.panel(state), views.source(state), views.plan(state), views.backdrop_video(state)
    return state, (*shown_notes, *shown)


def update(state: State, event: Any) -> tuple[State, Effects]:
    """The State after an event, and the effects: those of the event, then the views that changed.

    Raises KeyError for an event without a reducer.
    """
    changed, wanted = REDUCERS[type(event)](state, event)
    return changed, (*wanted, *views.changes(state, changed))


def change(state: State, settings: Settings) -> tuple[State, Effects]:
    """Apply new settings: cover the canvas or start another worker if needed, and redraw a still source."""
    old, changed = state.settings, replace(state, settings=settings)
    wanted: list[Any] = []
    if state.phase != "starting" and old.background == "none" != settings.background:
        # The canvas shows a picture without a mask, and the next picture may take long.
        wanted.append(effects.Cover(settings))
    if restarts(old, settings, state.card):
        changed = replace(changed, trials=())
        wanted.append(to_page.Begin(views.handover(changed)))
    return changed, (*wanted, to_page.Redraw())


def _set(state: State, event: to_worker.SetSetting) -> tuple[State, Effects]:
    try:
        return change(state, apply(state.settings, event.name, event.value, state.caps))
    except ValueError as error:
        if event.name == "overlay" and state.handover.target_ms:  # the worker on the screen may draw it
            return state, (to_page.Declined(to_worker.SuccessorFailed(state.trials)),)
        return state, (to_page.Note(str(error)), views.panel(state))  # the control shows the old value again


def _shown(state: State, event: to_worker.Shown) -> tuple[State, Effects]:
    shown = views.panel(state), views.source(state), views.backdrop_video(state)
    return state, (*shown, *state.last_events.values(), effects.PublishPictures(reread=True))


def _camera_requested(state: State, event: to_worker.CameraRequested) -> tuple[State, Effects]:
    return replace(state, camera_requested=True), ()


def _cameras(state: State, event: to_worker.CamerasFound) -> tuple[State, Effects]:
    return replace(state, caps=replace(state.caps, cameras=event.cameras)), ()


def _backdrop(state: State, event: to_worker.BackdropChosen) -> tuple[State, Effects]:
    state = replace(state, caps=replace(state.caps, user_image=True), user_images=state.user_images + 1)
    return change(state, changed(state.settings, background="image", image=USER_IMAGE))


def _source_failed(state: State, event: to_worker.SourceFailed) -> tuple[State, Effects]:
    note = to_page.Note(messages.source(event.kind, event.name, **event.figures))
    if event.kind != "camera":
        return state, (note,)
    changed, wanted = change(state, replace(state.settings, source="sample", mirror=False))
    return changed, (note, *wanted)


def _save(state: State, event: to_worker.SaveRequested) -> tuple[State, Effects]:
    return state, (effects.SaveFrame(), to_page.Redraw())


def _export(state: State, event: to_worker.ExportRequested) -> tuple[State, Effects]:
    return state, (effects.ExportPictures(),)


def _change_pictures(state: State, event: Any) -> tuple[State, Effects]:
    return state, (effects.ChangePictures(event),)


def _pictures_changed(state: State, event: effects.PicturesChanged) -> tuple[State, Effects]:
    caps = replace(state.caps, user_pictures=event.count)
    state = replace(state, caps=caps, pictures=state.pictures + 1)
    settings = settled(state.settings, caps)  # without pictures, another gallery
    return change(state, settings) if settings != state.settings else (state, ())


def _phase(phase: str, *wanted: Any) -> Callable[[State, Any], tuple[State, Effects]]:
    return lambda state, event: (replace(state, phase=phase), wanted)


def _ready(state: State, event: effects.EngineReady) -> tuple[State, Effects]:
    running = replace(state, phase="running", handover=replace(state.handover, target_ms=0.0))
    return running, (to_page.Ready(), effects.PublishPictures(reread=False))


def _busy(state: State, event: effects.BusyChanged) -> tuple[State, Effects]:
    return replace(state, busy=state.busy + event.change), ()


def _overlay_failed(state: State, event: effects.OverlayFailed) -> tuple[State, Effects]:
    settings = replace(state.settings, overlay="none")
    return replace(state, settings=settings), (to_page.Note(messages.OVERLAY.format(why=event.why)),)


def _galleries_failed(state: State, event: effects.GalleriesFailed) -> tuple[State, Effects]:
    settings = replace(state.settings, gallery=event.gallery)
    return replace(state, settings=settings), (to_page.Note(messages.GALLERY.format(why=event.why)),)


def _backdrop_failed(state: State, event: effects.BackdropFailed) -> tuple[State, Effects]:
    return state, (to_page.Note(messages.BACKDROP.format(why=event.why)),)


def _successor_failed(state: State, event: to_worker.SuccessorFailed) -> tuple[State, Effects]:
    state = replace(state, caps=replace(state.caps, broken={**state.caps.broken, **(event.failed or {})}))
    state = replace(state, trials=event.trials)
    if not event.text:
        return state, (to_page.Redraw(),) if event.trials else ()
    back = rolled_back(state.settings, state.initial, state.backend, state.card.id)
    return replace(state, settings=back), (to_page.Note(event.text),)


def _worker_failed(state: State, event: effects.WorkerFailed) -> tuple[State, Effects]:
    if state.handover.target_ms:  # a failed trial does not replace anything
        outcome = to_worker.SuccessorFailed(state.trials, {state.backend: event.why})
        return state, (to_page.Declined(outcome),)
    following = views.following(state, event.why, event.again)
    if following:
        return state, (to_page.Begin(following, failed=True),)
    text = messages.LAST.format(title=BACKENDS[state.backend].title, why=event.why)
    return state, (to_page.Stopped(text),)


REDUCERS: dict[type, Callable[[State, Any], tuple[State, Effects]]] = {
    to_worker.SetSetting: _set,
    to_worker.Shown: _shown,
    to_worker.CameraRequested: _camera_requested,
    to_worker.CamerasFound: _cameras,
    to_worker.BackdropChosen: _backdrop,
    to_worker.SourceFailed: _source_failed,
    to_worker.SuccessorFailed: _successor_failed,
    to_worker.SaveRequested: _save,
    to_worker.Picked: answers.picked,
    to_worker.ShareRequested: answers.shared,
    to_worker.PictureAdded: _change_pictures,
    to_worker.PictureRemoved: _change_pictures,
    to_worker.PicturesImported: _change_pictures,
    to_worker.ExportRequested: _export,
    effects.EngineLoaded: _phase("loaded"),
    effects.EngineReady: _ready,
    effects.BusyChanged: _busy,
    effects.TaskReported: answers.reported,
    effects.OverlayFailed: _overlay_failed,
    effects.GalleriesFailed: _galleries_failed,
    effects.BackdropFailed: _backdrop_failed,
    effects.PicturesChanged: _pictures_changed,
    effects.TrialDue: trial.due,
    effects.TrialMeasured: trial.measured,
    effects.TrialLost: trial.lost,
    effects.WorkerFailed: _worker_failed,
}
