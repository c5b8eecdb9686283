"""Settings: the visitor's choices, frozen, and their way into the URL query and back.

Does not know which of the choices this browser or build can honour: app.panel.choices does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl, urlencode

from app.core.frame import Frame
from app.core.geometry import Box

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

# One of more pixels is refused as well, by its header: decoded it takes 4 bytes for each, and a phone's
# browser ends a page that asks for some hundred MB at once.
MAX_MEGAPIXELS = 50

# Stands before the room when there is neither colour nor image to do it: the page's own dark.
COVER_COLOR = "#171c1f"


def rgb(colour: str) -> tuple[float, float, float]:
    """A colour such as #2f6f5e as numbers, 0 to 1."""
    r, g, b = bytes.fromhex(colour[1:])
    return r / 255, g / 255, b / 255


@dataclass(frozen=True)
class Settings:
    """All settings. Percentages are whole numbers, 0 to 100."""

    task: str = "background"
    source: str = "sample"  # sample | camera | file
    camera: str = ""  # device id; "" is the browser's choice
    model: str = "selfie-landscape"  # before backend: which backends there are depends on the model
    detail: str = "medium"  # low | medium | high: the size at which a model that has several is run
    backend: str = "auto"
    gallery: str = "characters"  # a built-in gallery's id, "own" or "all": what faces are compared with
    background: str = "blur"  # none | blur | colour | image | transparent
    colour: str = "#2f6f5e"
    image: str = "study"  # a built-in backdrop's id, or "own"
    blur: int = 55
    softness: int = 40
    smoothing: int = 60
    overlay: str = "none"  # or the id of the card whose findings are drawn over the picture
    mirror: bool = False
    resolution: str = "480"
    threads: int = 0  # 0: as many as measured well, see app.core.backend.threads

    @property
    def memory_weight(self) -> float:
        """The weight of the Memory in an uncertain pixel, 0 to 0.95: at 1 the Mask would freeze."""
        return self.smoothing / 100 * 0.95

    @property
    def edge_half_width(self) -> float:
        """Half the width of the person's edge, in Mask units: 0.06 (a cut) to 0.46 (a haze)."""
        return 0.06 + 0.4 * self.softness / 100

    def sigma(self, height: int) -> float:
        """The blur's standard deviation in pixels, for a room drawn `height` pixels high.

        At full strength 1/14 of the height: the faces of bystanders are gone.
        """
        return max(0.3, self.blur / 100 * height / 14)

    @property
    def max_size(self) -> Box:
        """The largest live picture."""
        return RESOLUTIONS[self.resolution]

    def shown_size(self, frame: Frame) -> tuple[int, int]:
        """Width and height in pixels at which a frame is shown; never larger than the frame."""
        return (MAX_PHOTO_SIZE if frame.is_photo else self.max_size).fit(frame.width, frame.height)

    @property
    def cover_color(self) -> str:
        """The colour that covers the room when none of it may be seen and no image stands there."""
        return self.colour if self.background == "colour" else COVER_COLOR

    def blur_size(self, width: int, height: int) -> tuple[int, int]:
        """The size at which the room is blurred for a picture of this size.

        Halved from a quarter on until the blur is at most 3 pixels wide, which `soften.frag` reaches over.
        """
        part = 4
        while self.sigma(height // part) > 3:
            part *= 2
        return max(1, width // part), max(1, height // part)


def to_query(settings: Settings) -> str:
    """Every setting as a URL query, without the question mark."""
    plain = {name: int(v) if isinstance(v, bool) else v for name, v in asdict(settings).items()}
    return urlencode({name: value for name, value in plain.items() if value != ""})


def pairs(query: str) -> dict[str, str]:
    """The names and values of a URL query; of a name that comes twice the last. Bounded: 64 pairs."""
    text = query.removeprefix("?")[:4096]
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=64))
    except ValueError:
        return {}
