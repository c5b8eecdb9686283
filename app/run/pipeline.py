"""Pipeline: one frame, sample -> infer -> compose.

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
    """Runs a task on frames, and an overlay where there is one. Runs must not overlap.

    `runtime_lock` is held while a frame is worked on. A loader takes it for the moment in which it keeps the
    runtime busy. `failed` is called with what an overlay raised; the picture goes on without the overlay.
    """

    def __init__(self, task: str, model: Model, auxiliary: Mapping[str, Model] | None = None) -> None:
        self._compositor = model.compositor
        self.meter = model.meter
        self.task: Task = TASKS[task](model, auxiliary or {})
        self.overlay: Overlay | None = None
        self.failed: Callable[[Exception], object] = lambda error: None
        self.runtime_lock = Lock()

    async def step(self, frame: Frame, settings: Callable[[], Settings]) -> tuple[Event, ...]:
        """Show one frame with the settings of the moment; gives the task's events. Does not close the frame.

        What a port raises goes through, unless an overlay caused it.
        """
        # A model that loads may hold the lock for seconds, so the Settings are read after it.
        async with self.runtime_lock:
            with self.meter.frame():
                seen = settings()
                frame.shown_size = seen.shown_size(frame)
                result = await self.task.step(frame, seen)
                mask, marks = result.mask, (*await self._marks(frame), *result.annotations)
                now = settings()
                with self.meter.stage("compose"):
                    if mask is None and now.background != "none":  # chosen since: nothing masks this frame
                        self._compositor.cover(now)
                        marks = ()
                    else:
                        await self._compositor.compose(frame, mask, seen)
                if marks:
                    self._mark(marks, seen)
        return result.events

    async def _marks(self, frame: Frame) -> tuple[Annotations | ColorOverlay, ...]:
        """What the overlay has to draw, found before the picture is drawn: both are to be seen at once."""
        overlay = self.overlay
        if overlay is None:
            return ()
        try:
            return await overlay.step(frame, self.task.outputs)
        except Exception as error:
            self._drop(overlay, error)
            return ()

    def _mark(self, marks: tuple[Annotations | ColorOverlay, ...], settings: Settings) -> None:
        overlay = self.overlay
        try:
            with self.meter.stage(OVERLAY):
                self._compositor.annotate(marks, settings.mirror)
        except Exception as error:
            self._drop(overlay, error)

    def _drop(self, overlay: Overlay | None, error: Exception) -> None:
        if overlay is not None and self.overlay is overlay:  # else another has been chosen meanwhile
            self.overlay = None
            self.failed(error)
