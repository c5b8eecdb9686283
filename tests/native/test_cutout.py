"""The cutout graph compared with its definition in NumPy.

Does not run a segmenter or a classifier.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from app.core.card import Input
from app.native.session import Session
from models.graphs import cutout
from models.graphs.cutout import GREY, SIDE, Maps
from models.graphs.text import text
from models.spec.cards import read_all

Array = NDArray[Any]
KINDS = ("uint8", "float32")
CARD = next(card for card in read_all() if card.id == "bodypix")
WIDE = Input(49, 65, "letterbox")  # a grid of 4 x 5, one point in 16
PARTS = Maps((49, 65), (4, 5))
PERSON = np.ones((1, 1, 49, 65), np.float32)


def run(maps: Maps, into: Input, rgba: Array, **given: Array) -> Array:
    model = cutout.graph(maps, into, str(rgba.dtype))
    cut = Session(model.SerializeToString(), threads=1).run_now({"rgba": rgba, **given})["cut"]
    assert cut.dtype == rgba.dtype
    assert cut.shape == rgba.shape
    assert (cut[..., 3] == 255).all()
    return cut


def picture(kind: str = "uint8") -> Array:
    """Noise without the grey itself, opaque."""
    rgba = np.random.default_rng(7).integers(0, 100, (1, SIDE, SIDE, 4)).astype(kind)
    rgba[..., 3] = 255
    return rgba


def shown(cut: Array, rgba: Array) -> Array:
    """[224,224]: how much of the picture is in each pixel, 0 to 1."""
    part = (cut[0, ..., :3].astype(float) - GREY) / (rgba[0, ..., :3].astype(float) - GREY)
    return np.asarray(part.mean(2))


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_of_the_squares_own_size_keeps_what_it_covers(kind: str) -> None:
    mask = np.zeros((1, 1, SIDE, SIDE), np.float32)
    mask[..., 40:120, 60:200] = 1
    rgba = picture(kind)
    part = shown(run(Maps((SIDE, SIDE)), Input(SIDE, SIDE, "stretch"), rgba, mask=mask), rgba)
    assert part[42:118, 62:198] == pytest.approx(1, abs=0.02)
    outside = part.copy()
    outside[38:122, 58:202] = 0
    assert outside == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(144, 256), (143, 255), (256, 256), (100, 60)])
def test_the_middle_square_of_a_mask_is_taken(size: tuple[int, int], kind: str) -> None:
    """An ellipse in the RotatedRect lies in the square where the RotatedRect's geometry says."""
    high, wide = size
    y, x = ((np.arange(n) + 0.5 - n / 2) / high for n in size)  # in heights from the middle
    mask = ((y[:, None] - 0.1) ** 2 / 0.3**2 + (x - 0.05) ** 2 / 0.22**2 < 1).astype(np.float32)
    rgba = picture(kind)
    part = shown(run(Maps(size), Input(high, wide, "stretch"), rgba, mask=mask[None, None]), rgba)
    line = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    expected = (line[:, None] - 0.1) ** 2 / 0.3**2 + (line - 0.05) ** 2 / 0.22**2 < 1
    assert np.abs(part - expected).mean() < 0.015
    middle = [(part * expected).sum(n) @ line / (part * expected).sum() for n in (1, 0)]
    assert middle == pytest.approx([0.1, 0.05], abs=0.003)


def test_points_of_parts_lie_on_the_corners() -> None:
    """A point of the grid is a pixel of the input: (g - 1) * 16 + 1 pixels, as BodyPix is published."""
    parts = np.zeros((1, 24, 4, 5), np.float32)
    parts[0, 0, :, :3] = 1  # the half on the left of the picture
    rgba = picture()
    part = shown(run(PARTS, WIDE, rgba, parts=parts, mask=PERSON), rgba)
    # Half way from pixel 32 to 48 of 65, of which the square has 8 to 57: 32.5 of its 49.
    edge = (40.5 - 8) / 49 * SIDE
    assert part[:, : int(edge) - 38] == pytest.approx(1, abs=0.02)
    assert part[:, int(edge) + 38 :] == pytest.approx(0, abs=0.02)
    assert part.sum(1) == pytest.approx(edge, abs=1)


def test_what_is_not_the_person_is_no_face_however_likely_the_part() -> None:
    """As BodyPix gives it: every part is likely behind the person, the face by a hair."""
    parts = np.full((1, 24, 4, 5), 0.998, np.float32)
    parts[:, 1] = 0.999
    mask = np.zeros((1, 1, 49, 65), np.float32)
    mask[..., 20:33] = 1
    rgba = picture()
    part = shown(run(PARTS, WIDE, rgba, parts=parts, mask=mask), rgba)
    left, right = ((x + 0.5 - 8) / 49 * SIDE for x in (19.5, 32.5))  # between the last and the next pixel
    assert part[:, int(left) + 8 : int(right) - 8] == pytest.approx(1, abs=0.02)
    assert part[:, : int(left) - 8] == pytest.approx(0, abs=0.02)
    assert part[:, int(right) + 8 :] == pytest.approx(0, abs=0.02)


def test_the_likeliest_part_counts() -> None:
    parts = np.full((1, 24, 4, 5), 0.7, np.float32)
    parts[0, 0, :, :3] = 0.71
    parts[0, 9] = 0.705
    rgba = picture()
    part = shown(run(PARTS, WIDE, rgba, parts=parts, mask=PERSON), rgba)
    assert part[:, :100] == pytest.approx(1, abs=0.02)
    assert part[:, 186:] == pytest.approx(0, abs=0.02)


def test_both_halves_of_a_face_are_one() -> None:
    parts = np.zeros((1, 24, 4, 5), np.float32)
    parts[0, 0, :, :3] = 1
    parts[0, 1, :, 3:] = 1
    rgba = picture()
    assert shown(run(PARTS, WIDE, rgba, parts=parts, mask=PERSON), rgba) == pytest.approx(1, abs=0.02)
    parts = np.roll(parts, 1, axis=1)  # the right half, and the left upper arm
    assert shown(run(PARTS, WIDE, rgba, parts=parts, mask=PERSON), rgba)[:, 186:] == pytest.approx(
        0, abs=0.02
    )


@pytest.mark.parametrize("share", [0.0, 0.03, 0.1])
def test_where_almost_nothing_is_found_nothing_is_cut(share: float) -> None:
    mask = np.zeros((1, 1, 128, 128), np.float32)
    mask[..., : round(128 * share), :] = 1
    rgba = picture()
    cut = run(Maps((128, 128)), Input(128, 128, "stretch"), rgba, mask=mask)
    assert (cut == rgba).all() == (share < cutout.LEAST)


def test_bytes_and_floats_are_the_same() -> None:
    rng = np.random.default_rng(1)
    parts, mask = rng.random((1, 24, 4, 5), np.float32), rng.random((1, 1, 49, 65), np.float32)
    parts[:, 1] += 0.5  # a face here and there
    given = picture()
    whole, exact = (run(PARTS, WIDE, given.astype(kind), parts=parts, mask=mask) for kind in KINDS)
    assert 0.1 < shown(exact, given).mean() < 0.9
    assert np.abs(whole - exact).max() <= 0.5001


def network(parts: int, rows: int, columns: int) -> onnx.ModelProto:
    """A network of which the cutout graph uses only the size of its parts."""
    size = f"float[1,{parts},{rows},{columns}]"
    return text(f"net ({size} heat) => ({size} parts) {{ parts = Relu(heat) }}")


def test_what_is_no_grid_of_24_parts_is_cut_by_its_mask() -> None:
    card = replace(CARD, input=WIDE, mask=(49, 65), sizes=())
    assert cutout.segmenter_maps(card, network(24, 4, 5)) == PARTS
    assert cutout.segmenter_maps(card, network(7, 4, 5)) == Maps((49, 65))
    assert cutout.segmenter_maps(card, network(24, 6, 5)) == Maps((49, 65))
    assert cutout.segmenter_maps(replace(card, mask=(46, 61)), network(24, 4, 5)) == Maps((46, 61), (4, 5))
