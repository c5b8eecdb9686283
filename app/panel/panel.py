"""The panel as data made from the Settings: which controls are shown, in which order.

Does not draw: static/panel.js turns each Control into a native element. Does not set: app.panel.apply does.
"""

from __future__ import annotations

from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.rows import SETTINGS
from app.panel.setting import Control


def panel(settings: Settings, caps: Capabilities) -> tuple[Control, ...]:
    """The controls that make sense for these Settings, in the order they are shown."""
    return tuple(control for row in SETTINGS.values() for control in row.controls(settings, caps))
