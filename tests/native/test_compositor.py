"""The NumPy compositor on the clip: who is kept, what is replaced, and that it is the shaders' arithmetic.

Does not run a model: the Mask is the clip's own truth, blurred as a model's would be.
"""

import asyncio
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.backgrounds import BACKGROUNDS
from app.backgrounds.image import SPILL
from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.ports import Mask
from app.core.settings import MAX_PHOTO_SIZE, Settings
from app.native import compositor as native
from app.native.compositor import Compositor
from app.panel.apply import changed
from tests.support import clip
from tests.support.built import ROOT
from tests.support.fakes import FACES, SELFIE

Pixels = NDArray[np.uint8]
INDEX = 15
MASKED = [id for id in BACKGROUNDS if id != "none"]
PLAIN = changed(Settings(), softness=0, blur=100)


def frame_of(picture: Pixels, is_photo: bool = False) -> Frame:
    return Frame(picture, picture.shape[1], picture.shape[0], is_photo=is_photo)


@cache
def mask(index: int = INDEX, soft: float = 3.0, card: str = "selfie") -> NDArray[np.float32]:
    """The person of a frame as a model would give it: at the Mask's size, its edge washed out."""
    height, width = {"selfie": SELFIE, "faces": FACES}[card].mask
    person = Image.fromarray(clip.person(index).astype(np.uint8) * 255)
    if card == "faces":  # letterboxed: 640x480 in a square
        small = Image.new("L", (width, height))
        small.paste(person.resize((width, height * 3 // 4), Image.Resampling.BOX), (0, height // 8))
    else:
        small = person.resize((width, height), Image.Resampling.BOX)
    soft_edge = small.filter(ImageFilter.GaussianBlur(soft * width / 256))
    return np.asarray(soft_edge, np.float32)[None, None] / np.float32(255)


def compose(
    settings: Settings, picture: Pixels | None = None, card: str = "selfie", soft: float = 3.0
) -> Pixels:
    """The clip's frame, composed."""
    house = Compositor({"selfie": SELFIE, "faces": FACES}[card])
    house.backdrop(backdrop())
    frame = frame_of(clip.frame(INDEX) if picture is None else picture)
    sample = house.sample(frame, SELFIE.input if card == "selfie" else FACES.input)
    asyncio.run(house.compose(frame, Mask(mask(INDEX, soft, card), sample), settings))
    return house.picture


@cache
def backdrop() -> Pixels:
    """A slope from dark to light to the right, green below."""
    y, x = np.mgrid[0:360, 0:640]
    return np.stack([x * 255 // 639, y * 255 // 359, np.full_like(x, 40)], 2).astype(np.uint8)


def far(a: Pixels, b: Pixels) -> float:
    """Mean difference of two pictures' colours, 0 to 255."""
    return float(np.abs(a[..., :3].astype(float) - b[..., :3].astype(float)).mean())


# ---- sample ----


def test_a_sample_is_bytes_of_the_inputs_size() -> None:
    rgba = Compositor(SELFIE).sample(frame_of(clip.frame(0)), SELFIE.input).tensor
    assert rgba.shape == (1, 144, 256, 4)
    assert rgba.dtype == np.uint8
    assert (rgba[..., 3] == 255).all()
    area = Image.fromarray(clip.frame(0)).resize((256, 144), Image.Resampling.BOX)
    assert far(rgba[0], np.asarray(area)) < 3.5


def test_a_sample_for_webgl_is_the_same_numbers_as_floats() -> None:
    frame = frame_of(clip.frame(0))
    floats = Compositor(SELFIE).sample(frame, SELFIE.input, rgba="float32").tensor
    assert floats.dtype == np.float32
    assert (floats == Compositor(SELFIE).sample(frame, SELFIE.input).tensor).all()


@pytest.mark.parametrize("channels", [3, 4])
def test_a_letterboxed_sample_is_black_beside_the_frame(channels: int) -> None:
    white = np.full((480, 640, channels), 255, np.uint8)
    rgba = Compositor(FACES).sample(frame_of(white), FACES.input).tensor[0, ..., 0]
    assert (rgba[:16] == 0).all()
    assert (rgba[-16:] == 0).all()
    assert (rgba[16:-16] == 255).all()
    high = Compositor(FACES).sample(frame_of(white.transpose(1, 0, 2)), FACES.input).tensor[0, ..., 0]
    assert (high == rgba.T).all()


def test_a_sample_keeps_up_and_left() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[:50, :100] = 255
    rgba = Compositor(SELFIE).sample(frame_of(picture), Input(10, 20, "stretch")).tensor[0, ..., 0]
    assert (rgba[:5, :10] == 255).all()
    assert rgba.sum() == 255 * 50


# ---- compose ----


def test_none_is_the_frame_as_it_is() -> None:
    house = Compositor(SELFIE)
    asyncio.run(house.compose(frame_of(clip.frame(3)), None, Settings(background="none")))
    assert (house.picture[..., :3] == clip.frame(3)).all()
    assert (house.picture[..., 3] == 255).all()


def test_a_mirror_turns_the_frame() -> None:
    house = Compositor(SELFIE)
    asyncio.run(house.compose(frame_of(clip.frame(3)), None, Settings(background="none", mirror=True)))
    assert (house.picture[..., :3] == clip.frame(3)[:, ::-1]).all()


@pytest.mark.parametrize(
    ("size", "is_photo", "shown"),
    [
        ((720, 1280), False, (360, 640)),
        ((720, 1280), True, (720, 1280)),
        ((240, 320), False, (240, 320)),
        ((100, 4096), True, (50, MAX_PHOTO_SIZE.width)),
    ],
)
def test_a_picture_is_bounded(size: tuple[int, int], is_photo: bool, shown: tuple[int, int]) -> None:
    house = Compositor(SELFIE)
    frame = frame_of(np.zeros((*size, 3), np.uint8), is_photo)
    asyncio.run(house.compose(frame, None, Settings(background="none")))
    assert house.picture.shape == (*shown, 4)


@pytest.mark.parametrize("card", ["selfie", "faces"])
@pytest.mark.parametrize("background", MASKED)
def test_the_person_is_kept_and_the_room_replaced(background: str, card: str) -> None:
    seen = clip.frame(INDEX)
    picture = compose(replace(PLAIN, background=background), card=card)
    for part in clip.PERSON:
        assert far(part.cut(picture), part.cut(seen)) < 1
        assert (part.cut(picture)[..., 3] == 255).all()
    for part in clip.ROOM:
        assert far(part.cut(picture), part.cut(seen)) > 20


@pytest.mark.parametrize("background", MASKED)
def test_what_is_sampled_between_a_mask_and_its_picture_changes_nothing(background: str) -> None:
    settings = replace(PLAIN, background=background)
    house, frame = Compositor(SELFIE), frame_of(clip.frame(INDEX))
    house.backdrop(backdrop())
    found = Mask(mask(), house.sample(frame, SELFIE.input))
    later = frame_of(clip.frame(INDEX + 20)[:, ::-1])
    house.sample(later, SELFIE.input)  # another frame
    house.sample(frame, FACES.input)  # another card
    house.sample(frame, SELFIE.input, RotatedRect(320, 240, 100, 80, 0.5))
    asyncio.run(house.compose(later, None, Settings(background="none")))
    asyncio.run(house.compose(frame, found, settings))
    assert (house.picture == compose(settings)).all()


def test_a_mask_of_a_region_or_of_another_card_is_refused() -> None:
    house, frame = Compositor(SELFIE), frame_of(clip.frame(INDEX))
    face = house.sample(frame, SELFIE.input, RotatedRect(320, 240, 100, 80))
    with pytest.raises(ValueError, match="region cannot be composed"):
        asyncio.run(house.compose(frame, Mask(mask(), face), PLAIN))
    with pytest.raises(ValueError, match="another model"):
        asyncio.run(house.compose(frame, Mask(mask(), house.sample(frame, FACES.input)), PLAIN))


def test_a_colour_is_that_colour_and_transparent_is_nothing() -> None:
    for part in clip.ROOM:
        colour = part.cut(compose(changed(PLAIN, background="colour", colour="#2f6f5e")))
        assert (colour == (0x2F, 0x6F, 0x5E, 255)).all()
        assert (part.cut(compose(replace(PLAIN, background="transparent"))) == 0).all()


def test_a_blurred_room_has_the_rooms_colours_and_no_books() -> None:
    seen, picture = clip.frame(INDEX), compose(replace(PLAIN, background="blur"))
    for part in clip.ROOM:
        before, after = part.cut(seen).astype(float), part.cut(picture)[..., :3].astype(float)
        assert np.abs(before.mean((0, 1)) - after.mean((0, 1))).max() < 12
        assert np.abs(np.diff(after, axis=1)).mean() < 0.1 * np.abs(np.diff(before, axis=1)).mean()


def test_blur_grows_with_its_strength() -> None:
    def sharpness(blur: int) -> float:
        picture = compose(changed(PLAIN, background="blur", blur=blur))
        return float(np.abs(np.diff(clip.ROOM[0].cut(picture)[..., :3].astype(float), axis=1)).mean())

    steps = [sharpness(blur) for blur in (0, 20, 55, 100)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 3 * steps[-1]


def test_a_blurred_room_does_not_glow_around_the_person() -> None:
    person = clip.person(INDEX)
    picture = np.where(person[..., None], (255, 0, 0), (60, 60, 60)).astype(np.uint8)
    around = np.asarray(Image.fromarray(person.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(41))) > 0
    near = np.asarray(Image.fromarray(person.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(17))) > 0
    rim = compose(replace(PLAIN, background="blur"), picture)[around & ~near][:, 0].astype(float)
    whole = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(34)))[around & ~near][:, 0]
    assert rim.mean() < 75  # 60 is the room
    assert whole.mean() > 110  # what a blur of everything would leave


def test_a_backdrop_fills_and_is_not_mirrored_with_the_person() -> None:
    settings = replace(PLAIN, background="image")
    there, turned = compose(settings), compose(replace(settings, mirror=True))
    room = clip.ROOM[0]
    other = clip.Rectangle(640 - room.x1, room.y0, 640 - room.x0, room.y1)  # room in both
    assert far(room.cut(there), room.cut(turned)) < 1
    assert far(other.cut(there), other.cut(turned)) < 1
    assert far(there[:, ::-1], turned) > 20
    face = clip.PERSON[0]
    assert far(face.cut(there), face.cut(turned[:, ::-1])) < 1
    row = there[5, :, 0].astype(int)
    assert row[-1] > row[0] + 150  # left to right as in the picture
    assert abs(int(there[5, 320, 0]) - 127) < 4  # its middle in the middle


def test_a_large_backdrop_is_averaged_not_picked() -> None:
    house = Compositor(SELFIE)
    checks = np.indices((1440, 1920)).sum(0) % 2 * 255
    house.backdrop(np.repeat(checks[..., None], 3, 2).astype(np.uint8))
    house.picture = np.zeros((480, 640, 4), np.uint8)
    house.cover(Settings(background="image"))
    assert np.abs(house.picture[..., 0].astype(int) - 127).max() <= 1


def test_the_edge_follows_the_frame_closer_than_the_mask_does() -> None:
    picture = np.where(clip.person(INDEX)[..., None], 200, 60).astype(np.uint8).repeat(3, 2)
    alpha = compose(Settings(background="transparent", softness=0), picture, soft=4.0)[..., 3] > 127
    plain = np.asarray(Image.fromarray(mask(INDEX, 4.0)[0, 0]).resize((640, 480), Image.Resampling.BILINEAR))
    truth = clip.person(INDEX)
    wrong, coarse = (alpha != truth).mean(), ((plain > 0.5) != truth).mean()
    assert wrong < 0.6 * coarse


def test_softness_widens_the_edge() -> None:
    def band(softness: int) -> int:
        alpha = compose(Settings(background="transparent", softness=softness))[..., 3]
        return int(((alpha > 12) & (alpha < 243)).sum())

    assert band(0) < 0.6 * band(50) < 0.6 * band(100)


@pytest.mark.parametrize(
    ("settings", "colour"),
    [
        (changed(Settings(), background="colour", colour="#102030"), (16, 32, 48)),
        (Settings(background="blur"), (23, 28, 31)),
        (Settings(background="transparent"), (23, 28, 31)),
    ],
)
def test_a_cover_shows_nothing_of_the_room(settings: Settings, colour: tuple[int, ...]) -> None:
    house = Compositor(SELFIE)
    asyncio.run(house.compose(frame_of(clip.frame(0)), None, Settings(background="none")))
    house.cover(settings)
    assert house.picture.shape == (480, 640, 4)
    assert (house.picture == (*colour, 255)).all()


def test_a_cover_of_an_image_is_the_image() -> None:
    house = Compositor(SELFIE)
    house.backdrop(backdrop())
    house.picture = np.zeros((360, 640, 4), np.uint8)
    house.cover(Settings(background="image"))
    assert (house.picture[..., :3] == backdrop()).all()


# ---- the shaders ----

SHADERS = ROOT / "app" / "page" / "shaders"


@pytest.mark.parametrize(
    ("file", "pattern", "value"),
    [
        ("moments.frag", r"REACH = (\d+);", native.REACH),
        ("slope.frag", r"REACH = (\d+);", native.REACH),
        ("slope.frag", r"FLAT = ([\d.]+);", native.FLAT),
        ("gaussian.frag", r"TAPS = (\d+);", native.TAPS),
        ("masked_background.frag", r"person\(uv, rgb\), ([\d.]+)\)", native.LEAST),
        ("../../backgrounds/image.frag", r"textureLod\(backdrop, at, ([\d.]+)\)", SPILL),
    ],
)
def test_the_numbers_are_the_shaders(file: str, pattern: str, value: float) -> None:
    found = re.search(pattern, (SHADERS / file).read_text())
    assert found, f"{file} no longer has {pattern}: bring app/native/compositor.py in line with it"
    assert float(found[1]) == value
