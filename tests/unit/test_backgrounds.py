"""The backgrounds' declarations: each is whole, and what hides the room.

Does not draw: tests/native and tests/page do.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from app import backgrounds
from app.backgrounds import BACKGROUNDS, PARAMETERS, SHADERS, backdrop, cover_color
from app.backgrounds.base import COVER_COLOR, USER_VIDEO, Background, blur_size, nothing
from app.backgrounds.colour import COLOUR
from app.backgrounds.image import IMAGE, USER_IMAGE
from app.core.parameter import KINDS
from app.core.settings import Settings
from app.tasks import TASKS

FOLDER = Path(backgrounds.__file__).parent
EDGE = (FOLDER.parent / "page" / "shaders" / "edge.glsl").read_text("utf-8")


def test_every_file_of_the_folder_is_a_background_in_the_stated_order() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "base"}
    assert set(BACKGROUNDS) == files == {path.stem for path in FOLDER.glob("*.frag")}
    orders = [each.order for each in BACKGROUNDS.values()]
    assert orders == sorted(set(orders))


@pytest.mark.parametrize("background", BACKGROUNDS.values(), ids=lambda background: background.id)
def test_a_background_is_whole(background: Background) -> None:
    assert BACKGROUNDS[background.id] is background
    assert background.title
    assert all(PARAMETERS[each.name] is each for each in background.parameters)  # no two have one name
    assert callable(background.draw) and callable(background.reference)


# What app/page/compositor.py gives a background's shader beside textures and parameters.
TEXTURES = {"frame", "edge", "blurred", "backdrop"}
NUMBERS = {"crop", "edge_half_width", "letterbox", "turn"}


@pytest.mark.parametrize("background", BACKGROUNDS.values(), ids=lambda background: background.id)
def test_a_shader_uses_only_what_it_is_given(background: Background) -> None:
    text = SHADERS[background.id].replace("#include edge.glsl", EDGE)
    assert re.search(r"\bresult\s*=", text)
    samplers = set(re.findall(r"^uniform sampler2D (\w+);", text, re.MULTILINE))
    numbers = set(re.findall(r"^uniform (?:float|vec\d) (\w+);", text, re.MULTILINE))
    assert "frame" in samplers <= TEXTURES
    assert ("blurred" in samplers) == (background.sigma is not None)
    assert numbers <= NUMBERS | {each.name for each in background.parameters}
    shown = {each.name for each in background.parameters if each.kind == "colour"}
    assert shown <= numbers, "a colour that the shader does not use"
    assert background.id == "none" or "edge" in samplers, "the person is not told from the room"


def test_only_a_background_that_shows_nothing_draws_nothing() -> None:
    assert {each.id for each in BACKGROUNDS.values() if each.draw is nothing} == {"none", "transparent"}


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda parameter: parameter.name)
def test_a_parameter_is_whole(parameter: Any) -> None:
    assert parameter.label
    assert parameter.meaning.endswith(".")
    assert isinstance(parameter.default, KINDS[parameter.kind])
    if parameter.kind == "range":
        assert parameter.low <= parameter.default <= parameter.high
        assert (parameter.high - parameter.low) % parameter.step == 0


def test_the_default_background_hides_the_room_and_a_tasks_own_is_known() -> None:
    assert Settings().background in BACKGROUNDS.keys() - {"none"}
    assert {task.background for task in TASKS.values()} <= BACKGROUNDS.keys()


def test_what_hides_the_room() -> None:
    settings = Settings().with_parameter(COLOUR, "#ff0080")
    covers = {id: cover_color(Settings(background=id, parameters=settings.parameters)) for id in BACKGROUNDS}
    assert covers["colour"] == "#ff0080"
    assert covers["blur"] == COVER_COLOR  # a blurred room has nothing to blur then
    with_colour = [
        each.id for each in BACKGROUNDS.values() if any(p.kind == "colour" for p in each.parameters)
    ]
    assert [id for id, colour in covers.items() if colour != COVER_COLOR] == with_colour


def test_only_a_background_with_an_image_or_a_video_shows_a_backdrop() -> None:
    settings = Settings().with_parameter(IMAGE, USER_IMAGE)
    shown = {id: backdrop(Settings(background=id, parameters=settings.parameters)) for id in BACKGROUNDS}
    with_image = [each.id for each in BACKGROUNDS.values() if any(p.kind == "image" for p in each.parameters)]
    with_video = [each.id for each in BACKGROUNDS.values() if each.video_rate]
    assert {id for id, image in shown.items() if image} == {*with_image, *with_video}
    assert {id for id, image in shown.items() if image == USER_VIDEO} == {*with_video}
    assert shown["image"] == USER_IMAGE


BLURRED = [each for each in BACKGROUNDS.values() if each.sigma]


@pytest.mark.parametrize("background", BLURRED, ids=lambda background: background.id)
def test_a_blur_is_never_wider_than_its_shader_reaches(background: Background) -> None:
    assert background.sigma
    for end in ("low", "high"):
        settings = Settings()
        for each in background.parameters:
            settings = settings.with_parameter(each, getattr(each, end))
        for height in (48, 360, 480, 720, 2048):
            size = blur_size(background.sigma, settings, height, height)
            assert min(size) >= 1
            assert background.sigma(settings, size[1]) <= 3
