"""LatestFrame: the Camera of the page, a slot for the newest frame that JavaScript sent.

Does not open a camera: JavaScript does, when the visitor asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from app.core.frame import Frame


class LatestFrame:
    """Holds one frame. A newer frame replaces it; the replaced frame is closed and counted as dropped."""

    def __init__(self) -> None:
        self.dropped = 0
        self._frame: Frame | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def empty(self) -> bool:
        """Whether no frame waits to be processed."""
        return self._frame is None

    def put(self, js_message: Any) -> None:
        """Store the picture of a FrameReady message (app.worker.protocol), as a JavaScript object."""
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
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def frames(self) -> AsyncIterator[Frame]:
        """See Camera in app.core.ports. Never ends: the page terminates the worker."""
        loop = asyncio.get_running_loop()
        while True:
            if self._frame is None:
                self._waiter = loop.create_future()
                await self._waiter
            frame, self._frame = self._frame, None
            if frame is not None:
                yield frame
