"""Annotations and ColorOverlay: dots, lines and colours that a Compositor draws over the picture.

Does not draw: the Compositors do, with the constants below, so that their pictures look the same.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from app.core.geometry import Affine2D, Letterbox

# Each dot or line is drawn as three rings, the widest first: (factor of the radius, opacity). The outer two
# are its glow. mark.frag repeats these numbers; a test compares them.
RINGS = ((3.0, 0.10), (2.0, 0.18), (1.0, 0.95))
MIN_RADIUS = 0.75  # pixels: a thinner dot or line flickers when it moves

# Path2D draws no line of length 0, so a dot is a line about a hundredth of a pixel long.
DOT = "M%.5f %.5fh.00003"
LINE = "M%.5f %.5fL%.5f %.5f"


@dataclass(frozen=True)
class ColorOverlay:
    """A small coloured picture that covers the frame."""

    pixels: Any  # a Tensor, uint8 [1,h,w,4], straight alpha (colour not multiplied by alpha)
    letterbox: Letterbox  # where the frame lies in `pixels`


@dataclass(frozen=True)
class Annotations:
    """Dots or lines of one colour, in one flat array: each takes `step` numbers.

    Its first two numbers are the point x, y. With `end` 0 it is a dot at that point; otherwise it is a line
    from that point to the point at offset `end`.
    """

    numbers: array[float]
    step: int
    end: int
    to_frame: Affine2D  # from 0 to 1 of the numbers to 0 to 1 of the frame
    colour: str  # "#rrggbb"
    radius: float  # half the thickness, as a fraction of the picture's height

    def __len__(self) -> int:
        return len(self.numbers) // self.step

    def radius_pixels(self, height: int) -> float:
        """The radius in pixels for a picture `height` pixels high; at least MIN_RADIUS."""
        return max(MIN_RADIUS, self.radius * height)

    def path(self) -> str:
        """All dots or lines as SVG path data, in the coordinates of `numbers`."""
        columns = (0, 1, self.end, self.end + 1) if self.end else (0, 1)
        flat = array("f", bytes(4 * len(self) * len(columns)))
        for place, column in enumerate(columns):
            flat[place :: len(columns)] = self.numbers[column : len(self) * self.step : self.step]
        return (LINE if self.end else DOT) * len(self) % tuple(flat)
