"""The backgrounds' declarations: each is whole, and what hides the room.

Does not draw: tests/native and tests/page do.
"""

from pathlib import Path
from typing import Any

import pytest

from app import backgrounds
from app.backgrounds import BACKGROUNDS, PARAMETERS, backdrop, cover_color
from app.backgrounds.base import COVER_COLOR, Background
from app.backgrounds.blur import STRENGTH, blur_size, sigma
from app.backgrounds.colour import COLOUR
from app.backgrounds.image import IMAGE, USER_IMAGE
from app.core.parameter import KINDS
from app.core.settings import Settings
from app.tasks import TASKS

FOLDER = Path(backgrounds.__file__).parent


def test_every_file_of_the_folder_is_a_background_in_the_stated_order() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "base"}
    assert set(BACKGROUNDS) == files
    orders = [each.order for each in BACKGROUNDS.values()]
    assert orders == sorted(set(orders))


@pytest.mark.parametrize("background", BACKGROUNDS.values(), ids=lambda background: background.id)
def test_a_background_is_whole(background: Background) -> None:
    assert BACKGROUNDS[background.id] is background
    assert background.title
    assert all(PARAMETERS[each.name] is each for each in background.parameters)  # no two have one name


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


def test_only_a_background_with_an_image_shows_a_backdrop() -> None:
    settings = Settings().with_parameter(IMAGE, USER_IMAGE)
    shown = {id: backdrop(Settings(background=id, parameters=settings.parameters)) for id in BACKGROUNDS}
    with_image = [each.id for each in BACKGROUNDS.values() if any(p.kind == "image" for p in each.parameters)]
    assert [id for id, image in shown.items() if image] == with_image
    assert shown["image"] == USER_IMAGE


def test_the_blur_is_never_wider_than_its_shader_reaches() -> None:
    settings = Settings().with_parameter(STRENGTH, 100)
    for height in (48, 360, 480, 720, 2048):
        size = blur_size(settings, height, height)
        assert min(size) >= 1
        assert sigma(settings, size[1]) <= 3
