"""Pixelate: the room itself, without the person, in large squares of one colour each.

Does not let the person's colours into the squares: the person is taken out before they are averaged.
"""

from __future__ import annotations

from typing import Any

from app.backgrounds.base import Background, Drawing, Reference
from app.core.parameter import Parameter
from app.core.settings import Settings

SQUARES = Parameter("squares", "Squares", 24, "The number of squares across the picture.", low=6, high=80)


def sigma(settings: Settings, height: int) -> float:
    """The blur that makes a square's centre its average: half its side, in a picture 4 : 3."""
    return max(0.3, height * 4 / 3 / settings.get(SQUARES) / 2)


def draw(canvas: Drawing, settings: Settings) -> None:
    """See Background."""
    width, height = canvas.size
    columns = settings.get(SQUARES)
    blurred = canvas.blurred(sigma(settings, max(1, height // 4)))
    squares = canvas.scaled(blurred, columns, max(1, round(columns * height / width)))
    canvas.stretch(squares, smooth=False)


def reference(given: Reference, settings: Settings) -> Any:
    """See Background."""
    return given.mix(given.blurred(settings.get(SQUARES)), given.frame, given.person)


BACKGROUND = Background("pixelate", "Pixelate", 15, draw, reference, (SQUARES,), sigma)
