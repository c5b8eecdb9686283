"""People before rooms with true masks, for figures only: two sets that are not part of the project.

Does not fetch them: VITRINE_PEOPLE names the folder that has them.
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

from models.spec.cards import Card

Array = NDArray[Any]
SETS = ("npr", "ccp60")
PERSON = 128  # of a mask's grey


def people(name: str) -> Iterator[tuple[Array, Array]]:
    """(picture uint8 [h,w,3], person bool [h,w]) of a set; nothing where it is not there."""
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


def placed(card: Card, picture: Array) -> tuple[Array, tuple[int, int]]:
    """A picture as the card's input, uint8 [1,H,W,4], and how much of it (rows, columns) the picture fills.

    A letterbox keeps the aspect ratio, at the top left of a black input.
    """
    height, width = card.input.height, card.input.width
    rows, columns = height, width
    if card.input.fit == "letterbox":
        scale = min(height / picture.shape[0], width / picture.shape[1])
        rows, columns = round(picture.shape[0] * scale), round(picture.shape[1] * scale)
    small = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR).convert("RGBA")
    whole = np.zeros((1, height, width, 4), np.uint8)
    whole[..., 3] = 255
    whole[0, :rows, :columns] = np.asarray(small)
    return whole, (rows, columns)


def spread(mask: Array, card: Card, filled: tuple[int, int], shape: tuple[int, int]) -> Array:
    """The Mask [1,1,h,w] of a placed picture, float32 at the picture's own `shape`."""
    h, w = mask.shape[2:]
    rows, columns = round(filled[0] * h / card.input.height), round(filled[1] * w / card.input.width)
    own = Image.fromarray(mask[0, 0, :rows, :columns].astype(np.float32))
    return np.asarray(own.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
