"""Annotations and ColorOverlay: what is drawn over the picture. Dots and lines are one array of numbers.

Does not draw: each Compositor does, to the same rule, so that they look alike at any size.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from app.core.geometry import Affine2D, Letterbox

# Laid over one another from the outside in: times the radius, and how much it covers. The outer two glow;
# mark.frag has the same numbers; a test compares them.
RINGS = ((3.0, 0.10), (2.0, 0.18), (1.0, 0.95))
LEAST = 0.75  # pixels: a thinner mark would flicker as it moves

# A dot for a Path2D, which draws no line of length 0: this one is a hundredth of a pixel or so.
DOT = "M%.5f %.5fh.00003"
LINE = "M%.5f %.5fL%.5f %.5f"


@dataclass(frozen=True)
class ColorOverlay:
    """A small coloured picture to be laid over the frame."""

    pixels: Any  # a Tensor, uint8 [1,h,w,4], the colour not multiplied by alpha
    spot: Letterbox  # where the frame lies in it


@dataclass(frozen=True)
class Annotations:
    """Marks of one colour. One lies every `step` numbers: a dot at the first two of them, or a line from
    there to the two that follow `end` numbers later; `end` 0 says dot.
    """

    numbers: array[float]
    step: int
    end: int
    to: Affine2D  # from the numbers' own 0 to 1 to the frame's
    colour: str  # "#rrggbb"
    radius: float  # half the thickness, as a share of the picture's height

    def __len__(self) -> int:
        return len(self.numbers) // self.step

    def thick(self, height: int) -> float:
        """The radius in pixels of a picture `height` pixels high."""
        return max(LEAST, self.radius * height)

    def path(self) -> str:
        """All marks as SVG path data, in the numbers' own coordinates."""
        columns = (0, 1, self.end, self.end + 1) if self.end else (0, 1)
        flat = array("f", bytes(4 * len(self) * len(columns)))
        for place, column in enumerate(columns):
            flat[place :: len(columns)] = self.numbers[column : len(self) * self.step : self.step]
        return (LINE if self.end else DOT) * len(self) % tuple(flat)
