"""Settings: every setting's way into the query and back. Does not test what a browser can honour."""

from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from app.core.settings import COVER_COLOR, DETAILS, RESOLUTIONS, Settings, pairs, rgb, to_query
from app.panel.controls import BACKGROUNDS, SOURCES
from app.panel.validate import from_query
from tests.support.fakes import CAPS

# For each field all values worth trying: every choice, both ends of every range.
VALUES: dict[str, tuple[Any, ...]] = {
    "task": ("background",),
    "source": tuple(option.value for option in SOURCES),
    "camera": ("", "abc123", "a&b=c #é/+%", "x" * 200),
    "model": ("selfie-landscape", "blazeface"),
    "detail": DETAILS,
    "backend": ("auto", "wasm", "webgpu"),
    "gallery": ("characters",),
    "background": tuple(option.value for option in BACKGROUNDS),
    "colour": ("#000000", "#ffffff", "#2f6f5e"),
    "image": ("study", "dunes"),
    "blur": tuple(range(101)),
    "softness": (0, 1, 99, 100),
    "smoothing": (0, 1, 99, 100),
    "overlay": ("none", "facemesh"),
    "mirror": (False, True),
    "resolution": tuple(RESOLUTIONS),
    "threads": tuple(range(9)),
}


def test_every_field_is_tried() -> None:
    assert [f.name for f in fields(Settings)] == list(VALUES)


@pytest.mark.parametrize("name", VALUES)
def test_every_value_survives_the_query(name: str) -> None:
    for value in VALUES[name]:
        settings = replace(Settings(), **{name: value})
        assert from_query("?" + to_query(settings), CAPS) == (settings, [])


def test_values_survive_together() -> None:
    most = max(map(len, VALUES.values()))
    for turn in range(most):
        settings = Settings(**{name: v[turn % len(v)] for name, v in VALUES.items()})
        assert from_query(to_query(settings), CAPS) == (settings, [])


def test_a_camera_is_mirrored_unless_the_query_says_otherwise() -> None:
    assert from_query("source=camera", CAPS)[0].mirror
    assert not from_query("mirror=0&source=camera", CAPS)[0].mirror
    assert not from_query("source=file", CAPS)[0].mirror


@pytest.mark.parametrize("query", ["", "?", "&&&", "=", "blur", "%ff=%00", "unknown=1&x=2", "\ud800=1"])
def test_a_query_that_says_nothing_is_a_first_visit(query: str) -> None:
    settings, notes = from_query(query, CAPS)
    assert settings == Settings()
    assert all("blur" in note for note in notes)  # "blur" alone is an empty value


@pytest.mark.parametrize("values", [VALUES["blur"] * 50, ["x" * 100_000]])
def test_a_query_is_bounded(values: list[object]) -> None:
    text = urlencode([("blur", v) for v in values])
    assert sum(map(len, pairs(text).values())) <= 4096


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    assert from_query("blur=1&blur=2", CAPS)[0].blur == 2


def test_figures_of_a_look() -> None:
    settings = Settings(smoothing=100, colour="#ff0080", resolution="720")
    assert settings.memory_weight == pytest.approx(0.95)  # at 1 the Mask would freeze
    assert replace(settings, smoothing=0).memory_weight == 0
    assert rgb(settings.colour) == (1.0, 0.0, 128 / 255)
    assert replace(settings, background="colour").cover_color == "#ff0080"
    assert settings.cover_color == COVER_COLOR  # a blurred room has nothing to blur then
    for height in (48, 360, 480, 720, 2048):  # the blur is never wider than soften.frag reaches
        size = replace(settings, blur=100).blur_size(height, height)
        assert min(size) >= 1
        assert replace(settings, blur=100).sigma(size[1]) <= 3
    assert (settings.max_size.width, settings.max_size.height) == (1280, 720)
