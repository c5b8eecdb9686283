"""Colour: one colour behind the person.

Does not choose the colour: the Settings do.
"""

from __future__ import annotations

from typing import Any

from app.backgrounds.base import Background, Drawing, Reference
from app.core.parameter import Parameter
from app.core.settings import Settings

COLOUR = Parameter("colour", "Colour", "#2f6f5e", "The colour of the background.", kind="colour")


def draw(canvas: Drawing, settings: Settings) -> None:
    """See Background."""
    canvas.fill(settings.get(COLOUR))


def reference(given: Reference, settings: Settings) -> Any:
    """See Background."""
    return given.mix(given.fill(settings.get(COLOUR)), given.frame, given.person)


BACKGROUND = Background("colour", "Colour", 30, draw, reference, (COLOUR,))
