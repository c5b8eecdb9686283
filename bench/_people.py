"""People in front of backgrounds, with true masks: two data sets, used for figures only.

Does not download them, and they are not part of the project: VITRINE_PEOPLE names their folder.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.spec.card import Card

Array = NDArray[Any]
SETS = ("npr", "ccp60")
PERSON = 128  # of 255: the level of a mask from which a pixel is the person's


def people(name: str) -> Iterator[tuple[Array, Array]]:
    """(picture uint8 [h,w,3], person bool [h,w]) of a set; nothing if the set is not in the folder."""
    folder = os.environ.get("VITRINE_PEOPLE")
    path = Path(folder or "") / f"{name}.zip"
    if not (folder and path.is_file()):
        return
    with zipfile.ZipFile(path) as archive:
        for entry in sorted(archive.namelist()):
            if not entry.endswith(".jpg"):
                continue
            picture = Image.open(BytesIO(archive.read(entry))).convert("RGB")
            mask = Image.open(BytesIO(archive.read(f"{entry.removesuffix('.jpg')}.mask.png"))).convert("L")
            yield np.asarray(picture), np.asarray(mask) >= PERSON


def fit_input(card: Card, picture: Array) -> tuple[Array, tuple[int, int]]:
    """A picture as the card's input, uint8 [1,H,W,4], and the rows and columns of it that the picture fills.

    A letterbox keeps the aspect ratio, with the picture at the top left of a black input.
    """
    height, width = card.input.height, card.input.width
    rows, columns = height, width
    if card.input.fit == "letterbox":
        scale = min(height / picture.shape[0], width / picture.shape[1])
        rows, columns = round(picture.shape[0] * scale), round(picture.shape[1] * scale)
    small = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR).convert("RGBA")
    rgba = np.zeros((1, height, width, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[0, :rows, :columns] = np.asarray(small)
    return rgba, (rows, columns)


def fit_picture(mask: Array, card: Card, filled: tuple[int, int], shape: tuple[int, int]) -> Array:
    """The Mask [1,1,h,w] of such an input, float32 at the picture's own `shape` (height, width)."""
    h, w = mask.shape[2:]
    rows, columns = round(filled[0] * h / card.input.height), round(filled[1] * w / card.input.width)
    part = Image.fromarray(mask[0, 0, :rows, :columns].astype(np.float32))
    return np.asarray(part.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
