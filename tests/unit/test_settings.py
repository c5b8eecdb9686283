"""Settings: the rows are whole, and every value's way into the query and back.

Does not test the panel: test_panel.py does.
"""

import re
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from app.backgrounds import PARAMETERS
from app.core.parameter import DEFAULTS
from app.core.settings import Settings, rgb
from app.panel.apply import apply, changed, first
from app.panel.available import switched
from app.panel.kinds import Value
from app.panel.query import from_query, pairs, to_query
from app.panel.rows import BY_DEPENDENCY, SETTINGS
from app.panel.setting import Setting
from tests.support.fakes import CAPS, LIKE

FULL = replace(LIKE, user_pictures=1, user_image=True, cameras=(("id", "A camera"),))

# What a kind's own description does not give: a colour is any of 16 million, a device id any text.
COLOURS, DEVICES = ("#000000", "#ffffff", "#2f6f5e"), ("abc123", "a&b=c #é/+%", "x" * 200)


def values(row: Setting, settings: Settings) -> list[Value]:
    """All values worth trying: every option that can be chosen, every number of a range."""
    control = row.kind.control(settings, FULL)
    options = [option.value for option in control.get("options", ()) if not option.unavailable]
    numbers = range(control["low"], control["high"] + 1) if row.kind.id == "range" else ()
    toggled = (False, True) if row.kind.id == "toggle" else ()
    more = COLOURS if row.kind.id == "colour" else DEVICES if row.name == "camera" else ()
    given = [*options, *numbers, *toggled, *more]
    return [row.kind.check(row.name, value, settings, FULL) for value in given]


# ---- the rows ----


def test_every_field_has_a_row_and_every_row_a_field_or_a_parameter() -> None:
    own = {row.name for row in SETTINGS.values() if not row.parameter}
    assert own == {f.name for f in fields(Settings)} - {"parameters"}
    assert {name: row.parameter for name, row in SETTINGS.items() if row.parameter} == PARAMETERS
    assert not own & PARAMETERS.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_a_row_is_whole(name: str) -> None:
    row = SETTINGS[name]
    assert row.name == name
    assert re.fullmatch(r"[a-z]+", name)  # as it stands in the URL
    assert row.label
    assert row.group
    assert row.kind.values
    assert re.fullmatch(r"[A-Z].*\.", row.meaning)
    assert row.depends_on == tuple(each for each in row.depends_on if each in SETTINGS and each != name)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_row_takes_its_default_and_every_value_that_can_be_chosen(name: str) -> None:
    row, settings = SETTINGS[name], first(FULL)
    assert row.kind.check(name, row.value(settings), settings, FULL) == row.value(settings)
    tried = values(row, settings)
    assert len(set(tried)) > 1
    for value in tried:
        assert row.value(apply(settings, name, value, FULL)) == value
        assert row.value(row.changed(settings, value)) == value


@pytest.mark.parametrize("name", sorted(SETTINGS.keys() - {"camera"}))  # which takes any id
@pytest.mark.parametrize("value", ["", "no such value", None, "9" * 5000, -1])
def test_a_row_refuses_other_values_with_a_sentence(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"(?s)^{name}\b.*\.$"):
        apply(first(FULL), name, value, FULL)


def test_the_task_is_set_first_and_each_setting_after_those_it_depends_on() -> None:
    names = [row.name for row in BY_DEPENDENCY]
    assert names[0] == "task"
    assert sorted(names) == sorted(SETTINGS)
    for row in BY_DEPENDENCY:
        assert all(names.index(each) < names.index(row.name) for each in row.depends_on)
    for earlier, later in (("source", "mirror"), ("model", "backend"), ("model", "detail")):
        assert names.index(earlier) < names.index(later)


# ---- the query ----


@pytest.mark.parametrize("name", SETTINGS)
def test_every_value_survives_the_query(name: str) -> None:
    for value in values(SETTINGS[name], Settings()):
        settings = changed(Settings(), **{name: value})
        if name == "task":
            settings = switched(Settings(), settings, FULL)  # with a model that it takes
        assert from_query("?" + to_query(settings), FULL) == (settings, [])


def test_values_survive_together() -> None:
    for turn in range(101):
        settings = first(FULL)
        for row in BY_DEPENDENCY:
            tried = values(row, settings)
            if tried:
                with suppress(ValueError):  # what another value of this turn excludes
                    settings = apply(settings, row.name, tried[turn % len(tried)], FULL)
        assert from_query(to_query(settings), FULL) == (settings, [])


def test_a_camera_is_mirrored_unless_the_query_says_otherwise() -> None:
    assert from_query("source=camera", CAPS)[0].mirror
    assert not from_query("mirror=0&source=camera", CAPS)[0].mirror
    assert not from_query("source=file", CAPS)[0].mirror


@pytest.mark.parametrize("query", ["", "?", "&&&", "=", "blur", "%ff=%00", "unknown=1&x=2", "\ud800=1"])
def test_a_query_that_says_nothing_is_a_first_visit(query: str) -> None:
    settings, notes = from_query(query, CAPS)
    assert settings == Settings()
    assert all("blur" in note for note in notes)  # "blur" alone is an empty value


@pytest.mark.parametrize("values", [[*range(101)] * 50, ["x" * 100_000]])
def test_a_query_is_bounded(values: list[object]) -> None:
    text = urlencode([("blur", v) for v in values])
    assert sum(map(len, pairs(text).values())) <= 4096


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    assert from_query("blur=1&blur=2", CAPS)[0] == changed(Settings(), blur=2)


# ---- values and figures ----


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda parameter: parameter.name)
def test_a_parameter_is_read_and_changed_and_equal_choices_are_equal(parameter: Any) -> None:
    assert Settings().get(parameter) == parameter.default
    other = next(
        value for value in values(SETTINGS[parameter.name], Settings()) if value != parameter.default
    )
    settings = Settings().with_parameter(parameter, other)
    assert settings.get(parameter) == other
    assert settings != Settings()
    assert settings.with_parameter(parameter, parameter.default) == Settings()
    assert {Settings(): 1}[settings.with_parameter(parameter, parameter.default)] == 1
    rest = {each.name: settings.get(each) for each in PARAMETERS.values() if each is not parameter}
    assert rest == {name: PARAMETERS[name].default for name in rest}


def test_the_order_of_changes_makes_no_difference() -> None:
    one, other = changed(Settings(), blur=1, colour="#000000"), changed(Settings(), colour="#000000", blur=1)
    assert one == other
    assert hash(one) == hash(other)
    assert one.parameters != DEFAULTS


def test_figures_of_settings() -> None:
    settings = Settings(smoothing=100, resolution="720")
    assert settings.memory_weight == pytest.approx(0.95)  # at 1 the Mask would freeze
    assert replace(settings, smoothing=0).memory_weight == 0
    assert rgb("#ff0080") == (1.0, 0.0, 128 / 255)
    assert (settings.max_size.width, settings.max_size.height) == (1280, 720)
