"""The Settings as a URL query, and back.

Does not say which values are allowed: app.panel.apply does.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from app.core.settings import Settings
from app.panel.apply import apply, first
from app.panel.capabilities import Capabilities
from app.panel.kinds import Value
from app.panel.rows import BY_DEPENDENCY, SETTINGS


def to_query(settings: Settings) -> str:
    """Every setting as a URL query, without the question mark."""
    values = ((name, _plain(row.value(settings))) for name, row in SETTINGS.items())
    return urlencode([(name, value) for name, value in values if value != ""])


def from_query(query: str, caps: Capabilities) -> tuple[Settings, list[str]]:
    """The Settings a URL query asks for, and a sentence for every value that could not be honoured."""
    given, settings, notes = pairs(query), first(caps), []
    for row in BY_DEPENDENCY:
        if row.name in given:
            try:
                settings = apply(settings, row.name, given[row.name], caps)
                if row.name == "task":
                    settings = first(caps, settings.task)
            except ValueError as error:
                notes.append(f"{error} Using {_plain(row.value(settings))} instead.")
    return settings, notes


def pairs(query: str) -> dict[str, str]:
    """The names and values of a URL query; of a name that comes twice the last. Bounded: 64 pairs."""
    text = query.removeprefix("?")[:4096]
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=64))
    except ValueError:
        return {}


def _plain(value: Value) -> str | int:
    return int(value) if isinstance(value, bool) else value
