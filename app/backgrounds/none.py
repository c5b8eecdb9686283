"""None: the frame as it is. The only background that shows the room.

Needs no Mask, so nothing is inferred for it.
"""

from __future__ import annotations

from typing import Any

from app.backgrounds.base import Background, Reference, nothing
from app.core.settings import Settings


def reference(given: Reference, settings: Settings) -> Any:
    """See Background."""
    return given.frame


BACKGROUND = Background("none", "None (as it is)", 50, nothing, reference)
