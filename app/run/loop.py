"""Loop: many frames; one in flight, and nothing of the room is shown when a frame fails.

Does not own the camera, does not choose a backend and does not retry one that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.events import Event
from app.core.ports import Camera, Compositor
from app.core.settings import Settings
from app.run.pipeline import Pipeline

# One frame may fail alone (a camera that is just being unplugged); three in a row are the backend's fault.
MAX_FAILURES = 3


class Loop:
    """Runs the pipeline on each frame the camera gives, with the settings of that moment.

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
        """Until the camera ends. Raises what the pipeline raised once MAX_FAILURES frames in a row, or a
        photo, failed.
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
                if failed >= MAX_FAILURES or frame.is_photo:  # after a photo there is no next frame
                    raise
            finally:
                frame.close()
            self._done(events)
