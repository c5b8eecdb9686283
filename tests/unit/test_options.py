"""Tasks and galleries in the panel: what can be chosen, what cannot and why, what goes with the choice.

Does not run them.
"""

from dataclasses import replace

import pytest

from app.backgrounds import BACKGROUNDS
from app.panel.apply import apply, first
from app.panel.available import settled
from app.panel.panel import panel
from app.panel.query import from_query
from app.worker.handover import restarts
from tests.support.fakes import BODY, CAPS, CUT, GALLERY, LIKE, MINE, SELFIE
from tests.unit.test_panel import START, control, unavailable


def test_the_task_is_the_first_choice() -> None:
    row, *_ = panel(START, LIKE)
    assert (row.name, row.value) == ("task", "background")
    assert [(o.value, o.title, o.unavailable) for o in row.options] == [
        ("background", "Virtual background", ""),
        ("lookalike", "Look-alike", ""),
        ("people", "People", ""),
    ]


def test_a_task_that_this_build_lacks_something_for_says_so() -> None:
    cards = LIKE.cards
    uncut = tuple(replace(card, cutouts=()) for card in cards)
    untold = tuple(card for card in cards if card.kind != "classifier")
    faceless = tuple(card for card in cards if card.kind != "detector")
    for caps in (
        CAPS,
        replace(LIKE, cards=uncut),
        replace(LIKE, cards=untold),
        replace(LIKE, cards=faceless),
        replace(LIKE, galleries=(MINE,)),  # what holds the visitor's own is there for nobody to fill
        replace(LIKE, galleries=(replace(GALLERY, missing="no classifier"), MINE)),
        replace(LIKE, galleries=(replace(GALLERY, indexes={}), MINE)),
    ):
        missing = ["lookalike", "people"] if caps.cards == faceless else ["lookalike"]
        assert unavailable("task", caps=caps) == dict.fromkeys(missing, "not in this build")
        settings, notes = from_query("task=lookalike", caps)
        assert settings == first(caps)
        assert notes == [
            "task: Look-alike cannot be chosen here (not in this build). Using background instead."
        ]
    on_webgl = unavailable("task", replace(START, backend="webgl"), LIKE)
    assert on_webgl == {"lookalike": "not on WebGL", "people": "not on WebGL"}


LOOKALIKE = from_query("task=lookalike", LIKE)[0]


def test_a_tasks_own_defaults_are_a_first_visits() -> None:
    assert (LOOKALIKE.task, LOOKALIKE.background, LOOKALIKE.model) == ("lookalike", "none", "bodypix")
    assert LOOKALIKE.gallery == "characters"
    settings, notes = from_query("background=blur&task=lookalike&model=selfie-landscape", LIKE)
    assert (settings.background, settings.model, notes) == ("blur", "selfie-landscape", [])
    plain = replace(LIKE, cards=tuple(card for card in LIKE.cards if card.id != "bodypix"))
    assert from_query("task=lookalike", plain)[0].model == "selfie-landscape"
    other = replace(LIKE, galleries=(replace(GALLERY, id="pets"), MINE))
    assert from_query("task=lookalike", other) == (replace(LOOKALIKE, gallery="pets"), [])


def test_who_switches_tasks_keeps_the_background() -> None:
    for background in BACKGROUNDS:
        settings = replace(START, background=background)
        switched = apply(settings, "task", "lookalike", LIKE)
        assert (switched.task, switched.background) == ("lookalike", background)
        assert apply(switched, "task", "background", LIKE) == settings
        assert restarts(settings, switched, SELFIE)


def test_who_switches_tasks_keeps_a_model_that_was_chosen_and_fits() -> None:
    assert apply(START, "task", "lookalike", LIKE).model == "bodypix"  # nobody has chosen selfie-landscape
    assert apply(replace(START, model="bodypix"), "task", "lookalike", LIKE).model == "bodypix"
    assert apply(replace(START, model="blazeface"), "task", "lookalike", LIKE).model == "bodypix"
    chosen = replace(LOOKALIKE, model="selfie-landscape")
    assert apply(chosen, "task", "background", LIKE).model == "selfie-landscape"
    third = replace(LIKE, cards=(*LIKE.cards, replace(BODY, id="bodypix-075")))
    assert apply(replace(START, model="bodypix-075"), "task", "lookalike", third).model == "bodypix-075"


def test_the_models_of_the_look_alike_task_can_cut_out() -> None:
    uncut = replace(LIKE, cards=(*LIKE.cards, replace(SELFIE, id="plain", title="Plain")))
    assert [o.value for o in control("model", LOOKALIKE, uncut).options] == [
        "selfie-landscape", "bodypix", "absent", "plain",
    ]  # fmt: skip
    assert unavailable("model", LOOKALIKE, uncut) == {
        "absent": "not in this build",
        "plain": "not available for Look-alike",
    }
    assert "webgl" in unavailable("backend", LOOKALIKE, LIKE)  # no card tells characters apart there
    assert unavailable("backend", replace(START, model="bodypix"), LIKE) == {}


def test_the_gallery_is_chosen_in_its_task_only() -> None:
    assert "gallery" not in {row.name for row in panel(START, LIKE)}
    assert {row.name for row in panel(LOOKALIKE, LIKE)} >= {"gallery", "background", "softness", "model"}
    shown = control("gallery", LOOKALIKE, LIKE)
    assert [(o.value, o.title) for o in shown.options] == [
        ("characters", "Characters"), ("own", "Your own pictures"), ("all", "All galleries"),
    ]  # fmt: skip


def test_own_pictures_are_compared_with_once_there_are_some() -> None:
    few = {"own": "add pictures first", "all": "add pictures first"}
    assert unavailable("gallery", LOOKALIKE, LIKE) == few
    assert unavailable("gallery", LOOKALIKE, replace(LIKE, user_pictures=1)) == {}
    pets = replace(GALLERY, id="pets", title="Pets")
    assert unavailable("gallery", LOOKALIKE, replace(LIKE, galleries=(GALLERY, pets, MINE))) == {
        "own": few["own"]
    }
    with pytest.raises(
        ValueError, match=r"gallery: Your own pictures cannot be chosen here \(add pictures first\)"
    ):
        apply(LOOKALIKE, "gallery", "own", LIKE)
    settings = apply(LOOKALIKE, "gallery", "all", replace(LIKE, user_pictures=3))
    assert not restarts(LOOKALIKE, settings, BODY)
    assert settled(settings, replace(LIKE, user_pictures=3)) == settings
    assert settled(settings, LIKE) == LOOKALIKE  # the last one was removed
    assert from_query("task=lookalike&gallery=own", LIKE)[1] == [
        "gallery: Your own pictures cannot be chosen here (add pictures first). Using characters instead."
    ]


def test_a_gallery_that_a_backend_cannot_hold_says_so() -> None:
    everywhere = (*GALLERY.indexes["mobilenet-v2"], replace(CUT[1], id="index-webgl"))
    small = replace(GALLERY, id="small", title="Small", indexes={"mobilenet-v2": everywhere})
    cards = tuple(replace(card, variants=SELFIE.variants) for card in LIKE.cards)
    caps = replace(LIKE, cards=cards, galleries=(GALLERY, small, MINE))
    assert unavailable("gallery", replace(LOOKALIKE, backend="webgl"), caps)["characters"] == "not on WebGL"
    assert "small" not in unavailable("gallery", replace(LOOKALIKE, backend="webgl"), caps)
    assert unavailable("backend", LOOKALIKE, caps) == {"webgl": "not available with this gallery"}
    assert unavailable("backend", replace(LOOKALIKE, gallery="small"), caps) == {}
    assert "characters" not in unavailable("gallery", LOOKALIKE, replace(caps, backend="wasm"))
    assert unavailable("gallery", LOOKALIKE, replace(caps, backend="webgl"))["characters"] == "not on WebGL"


def test_all_together_needs_each_of_them_on_the_backend() -> None:
    everywhere = (*GALLERY.indexes["mobilenet-v2"], replace(CUT[1], id="index-webgl"))
    small = replace(GALLERY, id="small", title="Small", indexes={"mobilenet-v2": everywhere})
    mine = replace(MINE, indexes=small.indexes)
    cards = tuple(replace(card, variants=SELFIE.variants) for card in LIKE.cards)
    caps = replace(
        LIKE,
        cards=cards,
        galleries=(small, replace(GALLERY, id="large", title="Large"), mine),
        user_pictures=1,
    )
    both = replace(LOOKALIKE, gallery="all")
    assert unavailable("backend", both, caps) == {"webgl": "not available with this gallery"}
    on = replace(LOOKALIKE, gallery="small", backend="webgl")
    assert unavailable("gallery", on, caps) == {"large": "not on WebGL", "all": "not on WebGL"}
    assert unavailable("gallery", on, replace(caps, galleries=(small, mine))) == {}
    assert unavailable("gallery", on, replace(caps, galleries=(small, MINE))) == {
        "own": "not on WebGL",
        "all": "not on WebGL",
    }
    settings, notes = from_query("task=lookalike&backend=webgl&gallery=all", caps)
    assert (settings.backend, settings.gallery, len(notes)) == ("webgl", "small", 1)


def test_own_pictures_cannot_be_chosen_where_nothing_holds_them() -> None:
    caps = replace(LIKE, galleries=(GALLERY,), user_pictures=3)
    assert unavailable("gallery", LOOKALIKE, caps)["own"] == "not in this build"
