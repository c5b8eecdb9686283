"""Pipeline: one frame, sample -> infer -> compose.

Does not own the frame loop, the source of the frames or the visitor's settings.
"""

from __future__ import annotations

from app.card import Input, ModelCard
from app.frame import Frame
from app.look import Look
from app.meter import Meter
from app.ports import Compositor, Session
from app.tasks import TASKS


class Pipeline:
    """Runs a task's card on frames. Runs must not overlap."""

    def __init__(
        self, task: str, card: ModelCard, session: Session, compositor: Compositor, meter: Meter
    ) -> None:
        self._into: Input = card.input
        self._session = session
        self._compositor = compositor
        self.meter = meter
        self.task = TASKS[task](card, session)

    async def step(self, frame: Frame, look: Look) -> None:
        """Show one frame. Does not close it. What a port raises goes through."""
        with self.meter.frame():
            mask = None
            if self.task.idle(look):
                self.task.forget()
            else:
                with self.meter.stage("sample"):
                    rgba = self._compositor.sample(frame, self._into)
                with self.meter.stage("infer"):
                    outputs = await self._session.run(self.task.feeds(rgba, frame, look))
                mask = self.task.take(outputs)
            with self.meter.stage("compose"):
                await self._compositor.compose(frame, mask, look)
