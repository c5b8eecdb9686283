"""apply(): the Settings with one setting changed, checked. first(): the Settings of a first visit.

Does not say what can be chosen: app.panel.options does.
"""

from __future__ import annotations

from typing import Any

from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.kinds import Value
from app.panel.rows import BY_DEPENDENCY, SETTINGS
from app.tasks import TASKS


def apply(settings: Settings, name: str, value: Any, caps: Capabilities) -> Settings:
    """The Settings with one setting changed, and with what follows from that.

    Raises ValueError, with a sentence for the visitor, for an unknown name or a bad value.
    """
    if name not in SETTINGS:
        raise ValueError(f"There is no setting “{name[:80]}”. The settings are {', '.join(SETTINGS)}.")
    # A value may come from the address bar; the sentence about a bad one has to stay readable.
    shortened = value if isinstance(value, bool | int | float) else str(value)[:200]
    row = SETTINGS[name]
    return row.then(settings, row.changed(settings, row.kind.check(name, shortened, settings, caps)), caps)


def changed(settings: Settings, **values: Value) -> Settings:
    """The Settings with other values, by name. Checks nothing and lets nothing follow. Raises KeyError."""
    for name, value in values.items():
        settings = SETTINGS[name].changed(settings, value)
    return settings


def first(caps: Capabilities, task: str = Settings.task) -> Settings:
    """The Settings of a first visit: a task's defaults, with a model, backdrop and gallery of this build."""
    settings = Settings(task=task, background=TASKS[task].background)
    for row in BY_DEPENDENCY:
        if row.initial:
            settings = row.changed(settings, row.initial(settings, caps))
    return settings
