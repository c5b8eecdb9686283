"""Settings: the visitor's choices, frozen.

Does not know which choices this browser or build supports, nor their labels in the panel: app.panel does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.frame import Frame
from app.core.geometry import Box
from app.core.parameter import DEFAULTS, Parameter, ParameterValues, T

# Name in the URL query -> the largest picture shown. 640x480 is a usual size in video calls.
RESOLUTIONS: dict[str, Box] = {
    "360": Box(640, 360),
    "480": Box(640, 480),
    "720": Box(1280, 720),
    "1080": Box(1920, 1080),
}

# The input sizes of a model without fixed shapes, named as BodyPix names them.
DETAILS = ("low", "medium", "high")

# A photo is composed once, so it may be larger than a live picture. Every WebGL2 implementation
# supports textures of 2048 pixels (OpenGL ES 3.0, table 6.28).
MAX_PHOTO_SIZE = Box(2048, 2048)

# The page refuses a larger file before it decodes it. A 100-megapixel JPEG is about 50 MB.
MAX_FILE_MB = 64

# The page reads a picture's header and refuses one with more pixels: a decoded picture takes 4 bytes per
# pixel, and a phone's browser ends a page that allocates some hundred MB at once.
MAX_MEGAPIXELS = 50


def rgb(colour: str) -> tuple[float, float, float]:
    """A colour such as #2f6f5e as red, green and blue, 0 to 1."""
    r, g, b = bytes.fromhex(colour[1:])
    return r / 255, g / 255, b / 255


@dataclass(frozen=True)
class Settings:
    """All settings. Percentages are whole numbers, 0 to 100.

    `parameters` holds the settings that belong to one background: read them with `get`, change them with
    `with_parameter`. app.panel.apply changes any setting by its name.
    """

    task: str = "background"
    source: str = "sample"  # sample | camera | file
    camera: str = ""  # device id; "": the browser chooses
    model: str = "selfie-landscape"
    detail: str = "medium"  # low | medium | high: the input size of a model that has several
    backend: str = "auto"
    gallery: str = "characters"  # compared with faces: the id of a built-in gallery, "own" or "all"
    background: str = "blur"  # an id of app.backgrounds
    softness: int = 40
    smoothing: int = 60
    overlay: str = "none"  # "none", "parts", or the id of the card whose outputs are drawn over the picture
    mirror: bool = False
    resolution: str = "480"
    economy: bool = True  # whether a frame may reuse the Mask of the one before it
    threads: int = 0  # 0: automatic, see app.core.backend.threads
    parameters: ParameterValues = DEFAULTS

    def get(self, parameter: Parameter[T]) -> T:
        """The value of a background's parameter."""
        return self.parameters.get(parameter)

    def with_parameter(self, parameter: Parameter[T], value: T) -> Settings:
        """The Settings with another value of a background's parameter."""
        return replace(self, parameters=self.parameters.changed(parameter, value))

    @property
    def memory_weight(self) -> float:
        """The weight of the previous Mask in an uncertain pixel, 0 to 0.95; at 1 the Mask would never
        change.
        """
        return self.smoothing / 100 * 0.95

    @property
    def edge_half_width(self) -> float:
        """Half the width of the person's edge, in Mask units: 0.06 (sharp) to 0.46 (soft)."""
        return 0.06 + 0.4 * self.softness / 100

    @property
    def max_size(self) -> Box:
        """The largest size at which a live picture is shown."""
        return RESOLUTIONS[self.resolution]

    def shown_size(self, frame: Frame) -> tuple[int, int]:
        """Width and height in pixels at which a frame is shown; never larger than the frame."""
        return (MAX_PHOTO_SIZE if frame.is_photo else self.max_size).fit(frame.width, frame.height)
