"""Loop: runs the pipeline on one frame after another, and hides the room when a frame fails.

Does not own the camera, does not choose a backend and does not retry a failed frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.events import Event
from app.core.frame import Frame
from app.core.ports import Camera, Compositor
from app.core.settings import Settings
from app.run.pipeline import Pipeline

# A single frame may fail, for example while a camera is unplugged. Three in a row mean that the backend
# failed.
MAX_FAILURES = 3


class Loop:
    """Runs the pipeline on frames, with the settings of that moment.

    `done` is called after each frame with the task's events.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        compositor: Compositor,
        settings: Callable[[], Settings],
        done: Callable[[Sequence[Event]], object],
    ) -> None:
        self._pipeline = pipeline
        self._compositor = compositor
        self._settings = settings
        self._done = done
        self._failures = 0

    async def step(self, frame: Frame) -> None:
        """Process one frame and close it.

        Raises the pipeline's error when MAX_FAILURES frames in a row, or a photo, have failed.
        """
        events: Sequence[Event] = ()
        try:
            events = await self._pipeline.step(frame, self._settings)
            self._failures = 0
        except Exception:
            self._failures += 1
            if self._settings().background != "none":
                self._compositor.cover(self._settings())
            if self._failures >= MAX_FAILURES or frame.is_photo:  # no frame follows a photo
                raise
        finally:
            frame.close()
        self._done(events)

    async def run(self, camera: Camera) -> None:
        """Process each frame of a camera until it ends. Raises what `step` raises."""
        async for frame in camera.frames():
            await self.step(frame)
