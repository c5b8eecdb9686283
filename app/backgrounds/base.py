"""Background: all about one effect behind the person; what its methods are given to draw with.

Does not list the backgrounds: app.backgrounds does. Does not draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.parameter import Parameter
from app.core.settings import Settings

COVER_COLOR = "#171c1f"  # hides the room where neither a colour nor an image is chosen: the page's own dark
USER_VIDEO = "own-video"  # the id of the visitor's video, as of an image; it has no path

Sigma = Callable[[Settings, int], float]


class Drawing(Protocol):
    """2D canvases behind the person: what is drawn here appears where the person is not.

    `size` is that of the picture, in pixels. A canvas is the browser's own; Python does not look into it.
    """

    size: tuple[int, int]

    def fill(self, colour: str) -> None:
        """Fill with "#rrggbb"."""
        ...

    def backdrop(self) -> None:
        """Draw the chosen image, cropped to fill and never mirrored; the cover colour before it is loaded."""
        ...

    def blurred(self, sigma: float) -> Any:
        """A canvas: the picture without the person, blurred; `sigma` in pixels of a quarter of the size."""
        ...

    def scaled(self, canvas: Any, width: int, height: int) -> Any:
        """A canvas of this size with the other one stretched over it."""
        ...

    def stretch(self, canvas: Any, smooth: bool = True) -> None:
        """Draw a canvas over the whole picture."""
        ...


class Reference(Protocol):
    """Arrays [h,w,channels] from 0 to 1, for the same in NumPy, which tests compare the page with.

    `frame` is the frame's colours and `person` the person's share [h,w,1], both at the size of the picture.
    """

    frame: Any
    person: Any

    def mix(self, a: Any, b: Any, part: Any) -> Any:
        """mix() in GLSL."""
        ...

    def fill(self, colour: str) -> Any:
        """A colour."""
        ...

    def backdrop(self, level: float | None = None) -> Any:
        """The chosen image, cropped to fill; `level` as in textureLod()."""
        ...

    def blurred(self, columns: int = 0) -> Any:
        """The picture without the person, blurred by the background's sigma.

        With `columns` it is read at the centres of so many squares across.
        """
        ...

    def with_alpha(self, colours: Any, alpha: Any) -> Any:
        """Three channels and a fourth."""
        ...


def nothing(draw: Drawing, settings: Settings) -> None:
    """Draw nothing behind the person."""


@dataclass(frozen=True)
class Background:
    """One background. A file beside its own, NAME.frag, is its shader.

    The shader gives `result`. It may use `uv` and `screen`, places in the frame and on the canvas, the
    textures frame, edge (with `#include edge.glsl` and person()), blurred (the picture without the person:
    colour times weight, and the weight; needs `sigma`) and backdrop (with `crop`, the part of it shown); and
    each of its parameters by name, a float for a range, a vec3 for a colour.
    """

    id: str
    title: str
    order: int  # its place among the others in the panel
    draw: Callable[[Drawing, Settings], None]  # without a GPU
    reference: Callable[[Reference, Settings], Any]  # the same as the shader, in NumPy
    parameters: tuple[Parameter[Any], ...] = ()
    sigma: Sigma | None = None  # of the blur, in pixels of a picture so many pixels high
    video_rate: int = 0  # pictures a second, at most, of the visitor's video; 0: it shows no video

    def cover_color(self, settings: Settings) -> str:
        """The colour that hides the room: the background's own, else COVER_COLOR."""
        return self._first("colour", settings) or COVER_COLOR

    def backdrop(self, settings: Settings) -> str:
        """The id of the image that it shows, or USER_VIDEO; "" where it shows none."""
        return USER_VIDEO if self.video_rate else self._first("image", settings)

    def _first(self, kind: str, settings: Settings) -> str:
        """The value of its first parameter of a kind; "" where it has none."""
        return next((str(settings.get(each)) for each in self.parameters if each.kind == kind), "")


def blur_size(sigma: Sigma, settings: Settings, width: int, height: int) -> tuple[int, int]:
    """The size at which a picture of this size is blurred.

    Halved from a quarter on until the blur is at most 3 pixels wide, which gaussian.frag reaches over.
    """
    part = 4
    while sigma(settings, height // part) > 3 and height // part > 1:
        part *= 2
    return max(1, width // part), max(1, height // part)
