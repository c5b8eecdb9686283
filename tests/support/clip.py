"""A generated clip: a public-domain portrait moves in front of a room, with known places of both.

Does not depend on any model: the person is cut out along a line drawn by hand. `write(path)` makes the file
that Chromium's fake camera plays; `python -m tests.support.clip FILE.mjpeg` (or .y4m) does the same.
"""

from __future__ import annotations

import sys
from functools import cache
from io import BytesIO
from math import pi, sin
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from skimage import data

WIDTH, HEIGHT, RATE = 640, 480, 30
FRAMES = 60  # one period: the clip ends where it begins, as Chromium plays it in a loop
SWAY, BOB = 40, 5  # amplitude of the person's motion across and down, in pixels
SCALE = 1.25  # of the portrait; its rows above BOTTOM end at the lower edge of the frame
BOTTOM = 342  # row of the portrait where the helmet begins, which must not be visible in part
MIDDLE = 225  # column of the portrait that is in the middle of the frame

# The person's outline in scikit-image's 512x512 "astronaut" (NASA, public domain): x, y.
OUTLINE = (
    (154, 75), (157, 62), (163, 52), (175, 44), (188, 38), (195, 28), (205, 21), (218, 17),
    (232, 16), (245, 18), (257, 24), (270, 29), (283, 36), (291, 45), (297, 58), (300, 72),
    (301, 88), (298, 103), (292, 115), (285, 124), (277, 130), (272, 136), (266, 137), (262, 148),
    (258, 160), (256, 173), (270, 181), (285, 196), (297, 213), (303, 232), (320, 244), (335, 258),
    (343, 272), (350, 290), (356, 310), (361, 335), (362, 352), (26, 352), (27, 335), (33, 318),
    (38, 300), (45, 280), (53, 265), (65, 250), (80, 238), (95, 222), (110, 208), (117, 203),
    (113, 195), (115, 186), (122, 182), (130, 170), (142, 159), (155, 152), (170, 149), (183, 149),
    (180, 131), (172, 128), (168, 117), (160, 108), (155, 95),
)  # fmt: skip


class Rectangle(NamedTuple):
    """Pixels x0 <= x < x1, y0 <= y < y1 of the frame."""

    x0: int
    y0: int
    x1: int
    y1: int

    def cut(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of a picture [480,640,...] inside the rectangle."""
        return picture[self.y0 : self.y1, self.x0 : self.x1]


# Inside the person and inside the room in every frame, at least 8 pixels from the edge.
PERSON = (Rectangle(305, 140, 345, 200), Rectangle(245, 380, 385, 465))  # face, chest
ROOM = (Rectangle(10, 10, 140, 220), Rectangle(505, 10, 630, 220))  # to the left and the right of the head


@cache
def room() -> Image.Image:
    """Shelves of books: edges everywhere, so that a blur is visible."""
    random = np.random.default_rng(11)
    image = Image.new("RGB", (WIDTH, HEIGHT), (118, 108, 96))
    draw = ImageDraw.Draw(image)
    for shelf in range(5):
        low = 92 + shelf * 96
        x = 6
        while x < WIDTH - 20:
            wide, tall = int(random.integers(9, 24)), int(random.integers(52, 80))
            tone = tuple(int(v) for v in random.integers(40, 210, 3))
            draw.rectangle((x, low - tall, x + wide - 2, low), fill=tone)
            draw.rectangle((x + 2, low - tall + 10, x + wide - 4, low - tall + 14), fill=(225, 215, 190))
            x += wide + int(random.integers(0, 3))
        draw.rectangle((0, low, WIDTH, low + 9), fill=(74, 52, 36))
    return image.filter(ImageFilter.GaussianBlur(0.8))


@cache
def embed() -> tuple[Image.Image, Image.Image]:
    """The portrait and the mask of the person, at the scale of the frame."""
    size = round(512 * SCALE), round(512 * SCALE)
    astronaut: NDArray[np.uint8] = data.astronaut()  # type: ignore[no-untyped-call]
    picture = Image.fromarray(astronaut).resize(size, Image.Resampling.BICUBIC)
    cut = Image.new("L", (2048, 2048))
    ImageDraw.Draw(cut).polygon([(4 * x, 4 * y) for x, y in OUTLINE], fill=255)
    return picture, cut.resize(size, Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(0.7))


def place(index: int) -> tuple[int, int]:
    """The position of the portrait's top left corner in frame `index`."""
    turn = 2 * pi * index / FRAMES
    left = WIDTH / 2 - MIDDLE * SCALE + SWAY * sin(turn)
    top = HEIGHT - BOTTOM * SCALE + BOB * sin(2 * turn) + BOB
    return round(left), round(top)


def frame(index: int) -> NDArray[np.uint8]:
    """Frame `index`, uint8 [480,640,3]."""
    picture, cut = embed()
    image = room().copy()
    image.paste(picture, place(index), cut)
    return np.asarray(image)


def person(index: int) -> NDArray[np.bool_]:
    """The mask of the person in frame `index`, [480,640]."""
    image = Image.new("L", (WIDTH, HEIGHT))
    image.paste(embed()[1], place(index))
    return np.asarray(image) > 127


def write(path: Path, frames: int = FRAMES, rate: int = RATE) -> Path:
    """Write the clip as .mjpeg, or as .y4m of `rate` frames a second, by the path's suffix; returns the path.

    The bytes are the same each time. Raises ValueError for another suffix.
    """
    pictures = (Image.fromarray(frame(index)) for index in range(frames))
    if path.suffix == ".mjpeg":
        parts = [_jpeg(picture) for picture in pictures]
    elif path.suffix == ".y4m":
        head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{rate}:1 Ip A1:1 C420\n".encode()
        parts = [head, *(b"FRAME\n" + _planes(picture) for picture in pictures)]
    else:
        raise ValueError(f"{path.name} is no clip. Use the suffix .mjpeg or .y4m.")
    path.write_bytes(b"".join(parts))
    return path


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def _planes(picture: Image.Image) -> bytes:
    """Y, U and V planes: BT.601, studio range, 4:2:0."""
    rgb = np.asarray(picture).astype(np.float32)
    luma = 16 + rgb @ np.array([65.481, 128.553, 24.966], np.float32) / 255
    blue = 128 + rgb @ np.array([-37.797, -74.203, 112.0], np.float32) / 255
    red = 128 + rgb @ np.array([112.0, -93.786, -18.214], np.float32) / 255
    quarter = [c.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3)) for c in (blue, red)]
    return b"".join(np.rint(plane).astype(np.uint8).tobytes() for plane in (luma, *quarter))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
