"""Pictures that calibrate and evaluate variants: crops of the photos in scikit-image's package.

Does not run a model. No picture is used for both calibration and evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from models.spec.card import Card

Picture = NDArray[np.uint8]
PHOTOS = (
    *("astronaut.png", "camera.png", "coffee.png", "chelsea.png"),
    *("rocket.jpg", "horse.png", "motorcycle_left.png"),
)
FACE = (120, 225, 165)  # astronaut: row and column of the face's centre, side of the square around it
WHOLE = (0.0, 0.0, 1.0)
# Crops (top, left, side), relative to the photo.
EVALUATED = (WHOLE, (0.1, 0.05, 0.8), (0.0, 0.25, 0.7))
CALIBRATED = ((0.05, 0.1, 0.85), (0.2, 0.2, 0.75), (0.0, 0.0, 0.75))
# Crops of a face: (down, right) in pixels, and the scale of FACE.
EVALUATED_FACES = ((0, 0, 1.0), (8, -6, 0.95), (-6, 8, 1.1), (4, 10, 1.2))
CALIBRATED_FACES = ((2, 3, 1.05), (-8, -4, 0.98), (6, -10, 1.15), (-3, 5, 1.25))


def evaluation_pictures(card: Card) -> list[Picture]:
    """uint8 [1,H,W,4] each, at the card's input size, alpha 255: losses are measured on them."""
    return _pictures(card, EVALUATED, EVALUATED_FACES)


def calibration_pictures(card: Card) -> list[Picture]:
    """Other crops of the same form: the pictures from which static quantisation takes its ranges."""
    return _pictures(card, CALIBRATED, CALIBRATED_FACES)


def calibration_feeds(card: Card, model: onnx.ModelProto, rgba: str) -> list[dict[str, NDArray[np.generic]]]:
    """The calibration pictures as inputs of a wrapped graph with this type of `rgba`, without smoothing."""
    inputs = {value.name for value in model.graph.input}
    unsmoothed = {"memory": np.zeros((1, 1, *card.mask), np.float32), "keep": np.zeros(1, np.float32)}
    every = [{"rgba": picture.astype(rgba), **unsmoothed} for picture in calibration_pictures(card)]
    return [{name: value for name, value in feeds.items() if name in inputs} for feeds in every]


def fit_picture(picture: Picture, height: int, width: int, fit: str = "stretch") -> Picture:
    """A picture [h,w,3] as uint8 [1,height,width,4]: its central square for "crop", otherwise stretched."""
    from PIL import Image

    if fit == "crop":
        side = min(picture.shape[:2])
        top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
        picture = picture[top : top + side, left : left + side]
    small = Image.fromarray(np.ascontiguousarray(picture)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(small.convert("RGBA"))[None]


def photos() -> Iterator[Picture]:
    """uint8 [h,w,3] each: photos of people and objects in scikit-image's package."""
    from PIL import Image
    from skimage import data

    for name in PHOTOS:
        yield np.asarray(Image.open(Path(data.data_dir) / name).convert("RGB"))


def _pictures(
    card: Card, crops: Sequence[tuple[float, float, float]], faces: Sequence[tuple[int, int, float]]
) -> list[Picture]:
    size = (card.input.height, card.input.width)
    if card.kind == "landmarks":
        pictures: list[Picture] = [_crop_face(*face) for face in faces]
    else:
        pictures = [_crop(photo, *crop) for photo, crop in product(photos(), crops)]
    # Every second picture is mirrored, so that no direction is preferred.
    return [fit_picture(p[:, ::-1] if i % 2 else p, *size, card.input.fit) for i, p in enumerate(pictures)]


def _crop(photo: Picture, top: float, left: float, side: float) -> Picture:
    height, width = photo.shape[:2]
    y, x = round(top * height), round(left * width)
    return photo[y : y + round(side * height), x : x + round(side * width)]


def _crop_face(down: int, right: int, scale: float) -> Picture:
    astronaut = next(photos())
    half = round(FACE[2] * scale / 2)
    y, x = FACE[0] + down, FACE[1] + right
    return astronaut[max(0, y - half) : y + half, x - half : x + half]
