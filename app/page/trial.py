"""Trials: with "auto", whether another backend does the same work faster, measured beside the one that runs.

Does not choose which backends are tried: app.core.backend.choose does.
"""

from __future__ import annotations

import asyncio
from statistics import median
from typing import TYPE_CHECKING

from app.core.settings import Settings
from app.page.engine import Engine
from app.page.session import now
from app.panel.options import backends, overlay_unavailable
from app.tasks import TASKS
from app.worker.handover import restarts

if TYPE_CHECKING:
    from app.page.start import Worker

TRIAL_AFTER = 45  # frames: the backend in use has shown its speed
GAIN = 0.9  # a trial must take this share of the time at most, or the change is not worth its flicker
RUNS = 9  # of the trial; of the backend in use, each of which holds up a frame, half of them


async def blank(engine: Engine) -> float:
    """One run on a black picture; ms."""
    begin = now()
    await engine.warm()
    return now() - begin


async def declines(engine: Engine, beat: float) -> bool:
    """Whether a trial is not faster than `beat` ms; 0 when it is none."""
    return bool(beat) and median([await blank(engine) for _ in range(RUNS)]) > beat * GAIN


def try_next(worker: Worker, trials: tuple[str, ...]) -> None:
    """Have the next backend measured beside this one: the next that can do all that is chosen as well."""
    worker.trials = ()
    settings, caps, engine = worker.settings, worker.caps, worker.engine
    able = {option.value for option in backends(settings, caps) if not option.unavailable}
    able = {
        b
        for b in able
        if settings.overlay == "none" or not overlay_unavailable(settings.overlay, settings, caps, b)
    }
    trials = tuple(backend for backend in trials if backend in able)
    beat = worker.meter.stats()["ms"]["infer"]
    if not (engine and trials and beat and settings.backend == "auto"):
        return
    if TASKS[settings.task].auxiliary:
        worker.trying = asyncio.ensure_future(_measured(worker, engine, settings, trials))
    else:
        worker.begin(run=trials[0], trials=trials[1:], beat=beat)


async def _measured(worker: Worker, engine: Engine, settings: Settings, trials: tuple[str, ...]) -> None:
    """Where a task runs several models its frames do not tell what a trial measures: one run of each."""
    times = []
    try:
        for _ in range(RUNS // 2):
            async with engine.pipeline.runtime_lock:
                times.append(await blank(engine))
    except RuntimeError:
        return  # the next frame fails as well, and says so
    if not restarts(settings, worker.settings, worker.card):  # else another worker is begun already
        worker.begin(run=trials[0], trials=trials[1:], beat=median(times))
