"""Every message between the page and its workers, both ways: frozen dataclasses, their fields explained.

Does not send anything: static/worker.js and app/page/main.py do. A message is a JavaScript object with the
dataclass's `type` and fields. No message exists outside this package but the events of a task
(app/core/events.py), which are listed here too. types/messages.d.ts and the table in docs/architecture.md are
written from here (publish/protocol.py), and JavaScript is checked against them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any

from app.core import events
from app.worker.protocol import to_page, to_worker


def _messages(module: ModuleType) -> Iterator[type]:
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "type"):
            yield value


TO_WORKER = tuple(_messages(to_worker))
TO_PAGE = (*_messages(to_page), *_messages(events))
NUMBER = "number"  # the field that the page adds to a message, and that Handled names


def decode(given: Mapping[str, Any]) -> Any:
    """The message to a worker that JavaScript sent. Lists become tuples.

    Raises ValueError for a type or a field that is not in the protocol: then page and worker do not match.
    """
    known = {getattr(message, "type", ""): message for message in TO_WORKER}
    values = {name: _tuples(value) for name, value in given.items() if name not in ("type", NUMBER)}
    message = known.get(str(given.get("type")))
    try:
        if message is None:
            raise TypeError("unknown type")
        return message(**values)
    except TypeError as error:
        raise ValueError(f"The protocol has no such message: {given.get('type')} ({error}).") from None


def encode(message: Any) -> dict[str, Any]:
    """A message to the page as plain JSON types; objects of the browser stay as they are."""
    return {"type": message.type, **plain(message)}


def plain(value: Any) -> Any:
    """A value as plain JSON types; objects of the browser stay as they are."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
