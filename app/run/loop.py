"""Loop: runs the pipeline on one frame after another, and hides the room when a frame fails.

Does not own the camera, does not choose a backend and does not retry a failed frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.events import Event
from app.core.ports import Camera, Compositor
from app.core.settings import Settings
from app.run.pipeline import Pipeline

# A single frame may fail, for example while a camera is unplugged. Three in a row mean that the backend
# failed.
MAX_FAILURES = 3


class Loop:
    """Runs the pipeline on each frame of the camera, with the settings of that moment.

    `done` is called after each frame with the task's events.
    """

    def __init__(
        self,
        camera: Camera,
        pipeline: Pipeline,
        compositor: Compositor,
        done: Callable[[Sequence[Event]], object],
    ) -> None:
        self._camera = camera
        self._pipeline = pipeline
        self._compositor = compositor
        self._done = done

    async def run(self, settings: Callable[[], Settings]) -> None:
        """Run until the camera ends.

        Raises the pipeline's error when MAX_FAILURES frames in a row, or a photo, have failed.
        """
        failed = 0
        async for frame in self._camera.frames():
            events: Sequence[Event] = ()
            try:
                events = await self._pipeline.step(frame, settings)
                failed = 0
            except Exception:
                failed += 1
                if settings().background != "none":
                    self._compositor.cover(settings())
                if failed >= MAX_FAILURES or frame.is_photo:  # no frame follows a photo
                    raise
            finally:
                frame.close()
            self._done(events)
