"""Settings: the visitor's choices, frozen.

Does not know which choices this browser or build can honour, nor their names in the panel: app.panel does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.frame import Frame
from app.core.geometry import Box
from app.core.parameter import DEFAULTS, Parameter, ParameterValues, T

# Name in the query -> the largest picture shown. 640x480 is what a sales call sends.
RESOLUTIONS: dict[str, Box] = {
    "360": Box(640, 360),
    "480": Box(640, 480),
    "720": Box(1280, 720),
    "1080": Box(1920, 1080),
}

# The sizes a model without fixed shapes may have, by the names that BodyPix users know.
DETAILS = ("low", "medium", "high")

# A photo is composed once, so it may be larger than a live picture. 2048 is the texture
# size that every WebGL2 implementation grants (OpenGL ES 3.0, table 6.28).
MAX_PHOTO_SIZE = Box(2048, 2048)

# A larger file is refused before it is decoded: a 100-megapixel JPEG is about 50 MB.
MAX_FILE_MB = 64

# A picture with more pixels is refused by its header: decoded it takes 4 bytes a pixel, and a phone's
# browser ends a page that asks for some hundred MB at once.
MAX_MEGAPIXELS = 50


def rgb(colour: str) -> tuple[float, float, float]:
    """A colour such as #2f6f5e as numbers, 0 to 1."""
    r, g, b = bytes.fromhex(colour[1:])
    return r / 255, g / 255, b / 255


@dataclass(frozen=True)
class Settings:
    """All settings. Percentages are whole numbers, 0 to 100.

    The settings of a single background are in `parameters`: read them with `get`, change them with
    `with_parameter`. By name, as the URL and the panel have them: app.panel.apply.
    """

    task: str = "background"
    source: str = "sample"  # sample | camera | file
    camera: str = ""  # device id; "" is the browser's choice
    model: str = "selfie-landscape"
    detail: str = "medium"  # low | medium | high: the size at which a model that has several is run
    backend: str = "auto"
    gallery: str = "characters"  # a built-in gallery's id, "own" or "all": what faces are compared with
    background: str = "blur"  # an id of app.backgrounds
    softness: int = 40
    smoothing: int = 60
    overlay: str = "none"  # or "parts", or the id of the card whose outputs are drawn over the picture
    mirror: bool = False
    resolution: str = "480"
    threads: int = 0  # 0: as many as measured well, see app.core.backend.threads
    parameters: ParameterValues = DEFAULTS

    def get(self, parameter: Parameter[T]) -> T:
        """The value of a background's parameter."""
        return self.parameters.get(parameter)

    def with_parameter(self, parameter: Parameter[T], value: T) -> Settings:
        """The Settings with another value of a background's parameter."""
        return replace(self, parameters=self.parameters.changed(parameter, value))

    @property
    def memory_weight(self) -> float:
        """The weight of the Memory in an uncertain pixel, 0 to 0.95: at 1 the Mask would freeze."""
        return self.smoothing / 100 * 0.95

    @property
    def edge_half_width(self) -> float:
        """Half the width of the person's edge, in Mask units: 0.06 (a cut) to 0.46 (a haze)."""
        return 0.06 + 0.4 * self.softness / 100

    @property
    def max_size(self) -> Box:
        """The largest live picture."""
        return RESOLUTIONS[self.resolution]

    def shown_size(self, frame: Frame) -> tuple[int, int]:
        """Width and height in pixels at which a frame is shown; never larger than the frame."""
        return (MAX_PHOTO_SIZE if frame.is_photo else self.max_size).fit(frame.width, frame.height)
