"""Pipeline: one frame, sample -> infer -> compose.

Does not own the frame loop, the source of the frames or the visitor's settings.
"""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Callable, Mapping

from app.frame import Frame
from app.look import Look
from app.marks import Marks
from app.model import Model
from app.overlays import Overlay
from app.tasks import TASKS, Task


class Pipeline:
    """Runs a task on frames, and an overlay where there is one. Runs must not overlap.

    `between` is held while a frame is worked on: who loads a model meanwhile takes it for the moment in
    which the runtime is busy. `failed` is called with what an overlay raised; the picture goes on without.
    """

    def __init__(self, task: str, model: Model, beside: Mapping[str, Model] | None = None) -> None:
        self._compositor = model.compositor
        self.meter = model.meter
        self.task: Task = TASKS[task](model, beside or {})
        self.overlay: Overlay | None = None
        self.failed: Callable[[Exception], object] = lambda error: None
        self.between = Lock()

    async def step(self, frame: Frame, look: Look) -> None:
        """Show one frame. Does not close it. What a port raises goes through, but for an overlay's."""
        async with self.between:
            with self.meter.frame():
                mask = await self.task.step(frame, look)
                marks = await self._marks(frame)
                with self.meter.stage("compose"):
                    await self._compositor.compose(frame, mask, look, marks)

    async def _marks(self, frame: Frame) -> tuple[Marks, ...]:
        if self.overlay is None:
            return ()
        try:
            return await self.overlay.step(frame, self.task.faces)
        except Exception as error:
            self.overlay = None
            self.failed(error)
            return ()
