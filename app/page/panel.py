"""The Panel of the page: what Python tells page.js, each message as JSON.

Does not hear the visitor and does not keep anything.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from app.backgrounds import cover_color
from app.core import messages
from app.core.backend import BACKENDS
from app.core.settings import MAX_FILE_MB, MAX_MEGAPIXELS, MAX_PHOTO_SIZE, Settings
from app.panel.capabilities import Capabilities
from app.panel.panel import panel
from app.panel.query import to_query
from app.tasks import TASKS
from app.worker.handover import Handover


class Panel:
    """Speaks through `page.post`. Methods are named by the message's type."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def post(self, type: str, **fields: Any) -> None:
        """Any message."""
        self._page.post(json.dumps({"type": type, **fields}))

    def note(self, text: str) -> None:
        """A sentence to the visitor."""
        self.post("note", text=text)

    def settings(self, settings: Settings, caps: Capabilities, asked: bool) -> None:
        """The controls, the URL query and the source, as they are now."""
        controls = [asdict(control) for control in panel(settings, caps)]
        task = TASKS[settings.task]
        head = {"title": task.title, "about": task.about, "answers": "gallery" in task.requires}
        self.post("panel", controls=controls, query=to_query(settings), **head)
        ask = messages.ASK.get(settings.source, ())
        self.post(
            "source",
            source=settings.source,
            camera=settings.camera,
            width=settings.max_size.width,
            height=settings.max_size.height,
            ask=ask if settings.source == "file" or not asked else (),
            photo=[MAX_PHOTO_SIZE.width, MAX_PHOTO_SIZE.height],
            megabytes=MAX_FILE_MB,
            megapixels=MAX_MEGAPIXELS,
        )

    def plan(
        self,
        limit: int,
        settings: Settings,
        image: str,
        run: str,
        start: Handover | None,
        stay: dict[str, Any] | None,
    ) -> None:
        """What page.js is to do when this worker has not answered for `limit` ms: begin `start`, or, of a
        trial, let the other worker `stay`; without either the `last` sentence.
        """
        self.post(
            "plan",
            limit=limit,
            show=settings.background == "none",
            colour=cover_color(settings),
            picture=image if settings.background == "image" else "",
            start=start.to_dict() if start else None,
            stay=stay,
            last=messages.LAST.format(title=BACKENDS[run].title, why=messages.SILENT),
        )
