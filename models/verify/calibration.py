"""Pictures to calibrate a variant on and to judge it by: views of the photos that scikit-image carries.

Does not run a model. A picture that is judged by is never one that was calibrated on.
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
FACE = (120, 225, 165)  # astronaut: row and column of the face's middle, side of the square around it
WHOLE = (0.0, 0.0, 1.0)
# (top, left, side) as parts of the photo.
JUDGED = (WHOLE, (0.1, 0.05, 0.8), (0.0, 0.25, 0.7))
CALIBRATED = ((0.05, 0.1, 0.85), (0.2, 0.2, 0.75), (0.0, 0.0, 0.75))
# The same for a face: (down, right) in pixels, how much larger than FACE.
JUDGED_FACES = ((0, 0, 1.0), (8, -6, 0.95), (-6, 8, 1.1), (4, 10, 1.2))
CALIBRATED_FACES = ((2, 3, 1.05), (-8, -4, 0.98), (6, -10, 1.15), (-3, 5, 1.25))


def judged(card: Card) -> list[Picture]:
    """uint8 [1,H,W,4] at the card's input size, alpha 255: what a loss is measured on."""
    return _fitted(card, JUDGED, JUDGED_FACES)


def calibrated(card: Card) -> list[Picture]:
    """As `judged`, other views: what static quantisation takes its ranges from."""
    return _fitted(card, CALIBRATED, CALIBRATED_FACES)


def feeds(card: Card, model: onnx.ModelProto, rgba: str) -> list[dict[str, NDArray[np.generic]]]:
    """`calibrated` as the inputs of a fused graph whose `rgba` is of this type, nothing smoothed."""
    inputs = {value.name for value in model.graph.input}
    still = {"memory": np.zeros((1, 1, *card.mask), np.float32), "keep": np.zeros(1, np.float32)}
    every = [{"rgba": picture.astype(rgba), **still} for picture in calibrated(card)]
    return [{name: value for name, value in each.items() if name in inputs} for each in every]


def fitted(picture: Picture, height: int, width: int, fit: str = "stretch") -> Picture:
    """uint8 [1,height,width,4] of a picture [h,w,3]: its middle for "crop", else all of it, stretched."""
    from PIL import Image

    if fit == "crop":
        side = min(picture.shape[:2])
        top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
        picture = picture[top : top + side, left : left + side]
    small = Image.fromarray(np.ascontiguousarray(picture)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(small.convert("RGBA"))[None]


def photos() -> Iterator[Picture]:
    """uint8 [h,w,3]: people and things, all in scikit-image's own package."""
    from PIL import Image
    from skimage import data

    for name in PHOTOS:
        yield np.asarray(Image.open(Path(data.data_dir) / name).convert("RGB"))


def _fitted(
    card: Card, views: Sequence[tuple[float, float, float]], faces: Sequence[tuple[int, int, float]]
) -> list[Picture]:
    size = (card.input.height, card.input.width)
    if card.kind == "landmarks":
        cuts: list[Picture] = [_face(*face) for face in faces]
    else:
        cuts = [_cut(photo, *view) for photo, view in product(photos(), views)]
    # Every second one mirrored, so that neither side is learnt.
    return [fitted(cut[:, ::-1] if i % 2 else cut, *size, card.input.fit) for i, cut in enumerate(cuts)]


def _cut(photo: Picture, top: float, left: float, side: float) -> Picture:
    height, width = photo.shape[:2]
    y, x = round(top * height), round(left * width)
    return photo[y : y + round(side * height), x : x + round(side * width)]


def _face(down: int, right: int, scale: float) -> Picture:
    astronaut = next(photos())
    half = round(FACE[2] * scale / 2)
    y, x = FACE[0] + down, FACE[1] + right
    return astronaut[max(0, y - half) : y + half, x - half : x + half]
