"""Loader: serves the latest request, one request at a time.

Does not know what it loads: overlays, galleries, backdrops and trials use one each. The visitor's
pictures are a queue instead (app/page/user_pictures.py): each picture counts, not only the latest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Request = TypeVar("Request")


class Loader(Generic[Request]):
    """Requests are compared with ==; a request equal to `loaded` does nothing.

    The Loader awaits `load` for one request after another. `load` may call `wanted` to check whether its
    request is still the newest. If it raises an error, `loaded` stays as it was and the Loader calls `failed`
    with the error, unless a newer request has come. Repeating a failed request does nothing; after another
    request it is tried again. The Loader calls `busy` with 1 when work begins and with -1 when it ends.
    """

    def __init__(
        self,
        load: Callable[[Request], Awaitable[object]],
        failed: Callable[[Exception], object],
        busy: Callable[[int], object],
        loaded: Request,
    ) -> None:
        self.loaded = loaded
        self._wanted = loaded
        self._refused: Request | None = None  # the newest request, if it failed
        self._load = load
        self._failed = failed
        self._busy = busy
        self._work: asyncio.Task[None] | None = None

    def request(self, wanted: Request) -> None:
        """Load this next. It replaces a request that has not started."""
        if wanted == self._refused:
            return
        self._wanted, self._refused = wanted, None
        if self._wanted != self.loaded and (self._work is None or self._work.done()):
            self._work = asyncio.ensure_future(self._run())

    def wanted(self, request: Request) -> bool:
        """Whether `request` is still the newest one."""
        return self._wanted == request

    async def idle(self) -> None:
        """Wait until there is nothing to load."""
        while self._work is not None and not self._work.done():
            await self._work

    async def _run(self) -> None:
        interrupted = False  # a failed load may have freed what was loaded before
        while interrupted or self._wanted != self.loaded:
            request = self._wanted
            self._busy(1)
            try:
                await self._load(request)
                self.loaded, interrupted = request, False
            except Exception as error:  # any error: the frames continue
                interrupted = not self.wanted(request)
                if not interrupted:
                    self._wanted, self._refused = self.loaded, request
                    self._failed(error)
            finally:
                self._busy(-1)
