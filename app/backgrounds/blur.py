"""Blur: the room itself, without the person, so soft that nobody in it is recognised.

Does not draw: Compositors do. Gives them the size and the width of the blur.
"""

from __future__ import annotations

from app.backgrounds.base import Background
from app.core.parameter import Parameter
from app.core.settings import Settings

STRENGTH = Parameter("blur", "Blur strength", 55, "The strength of the blur, in percent.", unit="%")
BACKGROUND = Background("blur", "Blur", order=10, parameters=(STRENGTH,))


def sigma(settings: Settings, height: int) -> float:
    """The blur's standard deviation in pixels, for a room drawn `height` pixels high.

    At full strength 1/14 of the height: the faces of bystanders are gone.
    """
    return max(0.3, settings.get(STRENGTH) / 100 * height / 14)


def blur_size(settings: Settings, width: int, height: int) -> tuple[int, int]:
    """The size at which the room is blurred for a picture of this size.

    Halved from a quarter on until the blur is at most 3 pixels wide, which `soften.frag` reaches over.
    """
    part = 4
    while sigma(settings, height // part) > 3:
        part *= 2
    return max(1, width // part), max(1, height // part)
