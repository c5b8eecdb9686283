"""Pipeline: processes one frame: sample -> infer -> compose.

Does not own the frame loop, the source of the frames or the visitor's settings.
"""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Callable, Mapping

from app.core.annotations import Annotations, ColorOverlay
from app.core.events import Event
from app.core.frame import Frame
from app.core.meter import OVERLAY
from app.core.model import Model
from app.core.settings import Settings
from app.overlays import Overlay
from app.tasks import TASKS
from app.tasks.base import Task


class Pipeline:
    """Runs a task, and an overlay if one is set, on frames. Runs must not overlap.

    The Pipeline holds `runtime_lock` during a frame. A loader holds it while it uses the runtime. If the
    overlay raises an error, the Pipeline drops the overlay, continues and calls `failed` with the error.
    """

    def __init__(self, task: str, model: Model, auxiliary: Mapping[str, Model] | None = None) -> None:
        self._compositor = model.compositor
        self.meter = model.meter
        self.economy = model.economy
        self.task: Task = TASKS[task](model, auxiliary or {})
        self.overlay: Overlay | None = None
        self.failed: Callable[[Exception], object] = lambda error: None
        self.runtime_lock = Lock()

    async def step(self, frame: Frame, settings: Callable[[], Settings]) -> tuple[Event, ...]:
        """Draw one frame with the current settings; returns the task's events. Does not close the frame.

        Errors of the ports propagate, except those of the overlay.
        """
        # A loading model may hold the lock for seconds, so the Settings are read after it is released.
        async with self.runtime_lock:
            begin = self.meter.clock()
            with self.meter.frame():
                used = settings()
                frame.shown_size = used.shown_size(frame)
                result = await self.task.step(frame, used)
                mask, annotations = result.mask, (*await self._overlay(frame), *result.annotations)
                now = settings()
                with self.meter.stage("compose"):
                    if mask is None and now.background != "none":  # chosen since
                        self._compositor.cover(now)
                        annotations = ()
                    else:
                        await self._compositor.compose(frame, mask, used)
                if annotations:
                    self._annotate(annotations, used)
            self.economy.ended(self.meter.clock() - begin)
        return result.events

    async def _overlay(self, frame: Frame) -> tuple[Annotations | ColorOverlay, ...]:
        """The overlay's annotations, computed before the picture is drawn so that both appear together."""
        overlay = self.overlay
        if overlay is None:
            return ()
        try:
            return await overlay.step(frame, self.task.outputs)
        except Exception as error:
            self._drop(overlay, error)
            return ()

    def _annotate(self, annotations: tuple[Annotations | ColorOverlay, ...], settings: Settings) -> None:
        overlay = self.overlay
        try:
            with self.meter.stage(OVERLAY):
                self._compositor.annotate(annotations, settings.mirror)
        except Exception as error:
            self._drop(overlay, error)

    def _drop(self, overlay: Overlay | None, error: Exception) -> None:
        if overlay is not None and self.overlay is overlay:  # else the visitor chose another
            self.overlay = None
            self.failed(error)
