"""Trials: with "auto", measures whether another backend runs the same models faster than the current one.

Does not measure (app/page/loading.py does) and does not choose which backends are tried
(app.core.backend.choose does).
"""

from __future__ import annotations

from dataclasses import replace

from app.panel.options import backends, overlay_unavailable
from app.tasks import TASKS
from app.worker import effects, views
from app.worker.handover import restarts
from app.worker.protocol import to_page, to_worker
from app.worker.state import Effects, State

TRIAL_AFTER = 45  # frames after which the current backend is measured
GAIN = 0.9  # a trial must take at most this share of the time, or the switch is not worth its flicker
RUNS = 9  # runs of a trial; the current backend makes half as many, because each delays a frame


def due(state: State, event: effects.TrialDue) -> tuple[State, Effects]:
    """Start a trial of the next backend that supports all chosen settings."""
    if not event.infer_ms:  # no inference has run yet
        return state, ()
    trials = _able(state)
    state = replace(state, trials=())
    if not trials or state.settings.backend != "auto":
        return state, ()
    if TASKS[state.settings.task].requires.auxiliary:
        # A trial measures one run of each model; the frames of a task with several models do not show that.
        return state, (effects.MeasureTrial(trials, state.settings),)
    return state, (_begin(state, trials, event.infer_ms),)


def measured(state: State, event: effects.TrialMeasured) -> tuple[State, Effects]:
    """Start the trial, unless another worker has started since the measurement."""
    if restarts(event.settings, state.settings, state.card):
        return state, ()
    return state, (_begin(state, event.trials, event.ms),)


def lost(state: State, event: effects.TrialLost) -> tuple[State, Effects]:
    """This worker was a trial and not faster; the worker on the screen continues."""
    return state, (to_page.Declined(to_worker.SuccessorFailed(state.trials)),)


def _able(state: State) -> tuple[str, ...]:
    settings, caps = state.settings, state.caps
    able = {option.value for option in backends(settings, caps) if not option.unavailable}
    overlay = settings.overlay
    return tuple(
        backend
        for backend in state.trials
        if backend in able
        and (overlay == "none" or not overlay_unavailable(overlay, settings, caps, backend))
    )


def _begin(state: State, trials: tuple[str, ...], target_ms: float) -> to_page.Begin:
    fields = {"backend": trials[0], "trials": trials[1:], "target_ms": target_ms}
    return to_page.Begin(views.handover(state, **fields))
