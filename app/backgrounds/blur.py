"""Blur: the room itself, without the person, so soft that nobody in it is recognised.

Does not let the person's colours into the room: the person is taken out before the blur.
"""

from __future__ import annotations

from typing import Any

from app.backgrounds.base import Background, Drawing, Reference
from app.core.parameter import Parameter
from app.core.settings import Settings

STRENGTH = Parameter("blur", "Blur strength", 55, "The strength of the blur, in percent.", unit="%")


def sigma(settings: Settings, height: int) -> float:
    """The blur's standard deviation in pixels, for a room drawn `height` pixels high.

    At full strength 1/14 of the height: the faces of bystanders are gone.
    """
    return max(0.3, settings.get(STRENGTH) / 100 * height / 14)


def draw(canvas: Drawing, settings: Settings) -> None:
    """See Background."""
    canvas.stretch(canvas.blurred(sigma(settings, max(1, canvas.size[1] // 4))))


def reference(given: Reference, settings: Settings) -> Any:
    """See Background."""
    return given.mix(given.blurred(), given.frame, given.person)


BACKGROUND = Background("blur", "Blur", 10, draw, reference, (STRENGTH,), sigma)
