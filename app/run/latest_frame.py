"""LatestFrame: the slot of the page for the newest frame that JavaScript sent; starts a step for it.

Does not open a camera: JavaScript does, when the visitor asks for it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from app.core.frame import Frame

Step = Callable[[Frame], Coroutine[Any, Any, None]]


class LatestFrame:
    """Holds one frame. A newer frame replaces it; the replaced frame is closed and counted as dropped."""

    def __init__(self) -> None:
        self.dropped = 0
        self._frame: Frame | None = None
        self._step: Step | None = None
        self._failed: Callable[[Exception], object] = lambda error: None
        self._busy = False
        self._running: asyncio.Task[None] | None = None  # the step, if it waits for something

    def waiting(self) -> bool:
        """Whether no frame is held or processed."""
        return self._frame is None and not self._busy

    def begin(self, step: Step, failed: Callable[[Exception], object]) -> None:
        """Run `step` on each frame from now on, one at a time; it closes the frame.

        The first error of a step is given to `failed`; no frame is taken after it.
        """
        self._step, self._failed = step, failed
        self._advance()

    def put(self, js_message: Any) -> asyncio.Task[None] | None:
        """Take the picture of a FrameReady message (app.worker.protocol), as a JavaScript object.

        Gives what to wait for if the picture is not finished when the call returns.
        """
        js_picture = js_message.picture
        width = getattr(js_picture, "displayWidth", None) or js_picture.width
        height = getattr(js_picture, "displayHeight", None) or js_picture.height
        self.dropped += js_message.skipped
        if self._frame is not None:
            self._frame.close()
            self.dropped += 1
        self._frame = Frame(
            js_picture,
            width,
            height,
            js_message.time,
            is_photo=js_message.is_photo,
            first_of_source=js_message.first_of_source,
            close=js_picture.close,
        )
        self._advance()
        return self._running

    def _advance(self) -> None:
        """Start the held frame's step if none runs. A step that waits for nothing is finished at once."""
        while not self._busy and self._step is not None and self._frame is not None:
            frame, self._frame = self._frame, None
            self._busy = True  # a frame that comes during the step is held
            task = start(self._step(frame))
            if task.done():
                self._end(task)
            else:
                self._running = task
                task.add_done_callback(self._resume)

    def _resume(self, task: asyncio.Task[None]) -> None:
        self._running = None
        self._end(task)
        self._advance()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._busy = False
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._step = None
            if not isinstance(error, Exception):
                raise error
            self._failed(error)


def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A Task that has already run up to its first wait. Before Python 3.12 it begins in the loop's next turn.

    In the page a turn of the loop is a task of the browser, which costs more than Python's part of a frame.
    """
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)
