"""The module `page` of static/worker.js, with browser storage: notes what it is told.

Does nothing else.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from tests.support.fakejs import JsError, blob, canvas, typed


class Store:
    """Browser storage as worker.js gives it; it says what it was told to raise."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        self.kept = {row["id"]: SimpleNamespace(**row) for row in rows}
        self.fails = ""

    async def rows(self) -> list[SimpleNamespace]:
        """All pictures."""
        self._fail()
        return list(self.kept.values())

    async def put(self, row: SimpleNamespace) -> None:
        """Keep a picture."""
        self._fail()
        self.kept[row.id] = row

    async def remove(self, id: str) -> None:
        """Delete a picture."""
        self._fail()
        self.kept.pop(id, None)

    def _fail(self) -> None:
        if self.fails:
            raise JsError(self.fails)


def row(id: str, name: str, card: str, features: array[float]) -> dict[str, Any]:
    """A picture as storage has it."""
    data = features.tobytes()
    values = {"features": typed("Uint8Array", data), "thumb": blob(id.encode())}
    return {"id": id, "name": name, "card": card, **values}


class Page(SimpleNamespace):
    """The module `page` of worker.js: notes what is posted, and what is sent by structured clone."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = (), **handover: Any) -> None:
        super().__init__(
            manifest='{"backdrops": []}', handover=json.dumps(handover), pictures=[], backdrop=None
        )
        self.canvas = canvas(640, 480)
        self.store = Store(rows)
        self.told: list[dict[str, Any]] = []
        self.sent: list[Any] = []

    def post(self, text: str) -> None:
        """A message as JSON."""
        self.told.append(json.loads(text))

    def send(self, message: Any) -> None:
        """A message with objects of the browser."""
        self.sent.append(message)

    def of(self, type: str) -> list[dict[str, Any]]:
        """The messages of a type."""
        return [message for message in self.told if message["type"] == type]

    def last(self, type: str) -> dict[str, Any]:
        """The last message of a type. IndexError where there was none."""
        return self.of(type)[-1]
