"""Loader: loads what was requested last, one request at a time.

Does not know what is loaded: overlays, galleries, the visitor's pictures, backdrops and trials use one each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Request = TypeVar("Request")


class Loader(Generic[Request]):
    """Requests are compared with ==: a request for what is loaded already does nothing.

    `load` is awaited with one request after another; it may ask `wanted` whether its request still counts.
    `failed` is called with what it raised, unless a newer request has come; then `loaded` stays as it was.
    A request that has failed does nothing when it is repeated; it is tried again after another request.
    `busy` is called with 1 when work begins and with -1 when it ends.
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
        """Load this next; a request that has not begun is forgotten."""
        if wanted == self._refused:
            return
        self._wanted, self._refused = wanted, None
        if self._wanted != self.loaded and (self._work is None or self._work.done()):
            self._work = asyncio.ensure_future(self._run())

    def wanted(self, request: Request) -> bool:
        """Whether this is still the newest request."""
        return self._wanted == request

    async def idle(self) -> None:
        """Wait until there is nothing to load."""
        while self._work is not None and not self._work.done():
            await self._work

    async def _run(self) -> None:
        interrupted = False  # a load that failed may have given back what was loaded before
        while interrupted or self._wanted != self.loaded:
            request = self._wanted
            self._busy(1)
            try:
                await self._load(request)
                self.loaded, interrupted = request, False
            except Exception as error:  # the picture goes on, whatever it was
                interrupted = not self.wanted(request)
                if not interrupted:
                    self._wanted, self._refused = self.loaded, request
                    self._failed(error)
            finally:
                self._busy(-1)
