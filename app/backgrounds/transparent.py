"""Transparent: the person alone, on transparent pixels.

Does not draw anything behind the person: the page's own pattern shows through.
"""

from __future__ import annotations

from typing import Any

from app.backgrounds.base import Background, Reference, nothing
from app.core.settings import Settings


def reference(given: Reference, settings: Settings) -> Any:
    """See Background. Colour is multiplied by alpha."""
    return given.with_alpha(given.frame * given.person, given.person)


BACKGROUND = Background("transparent", "Transparent", 40, nothing, reference)
