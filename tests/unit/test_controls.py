"""The panel made from a Look and an Offer, and apply(). Does not test how the page draws it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.backend import Probe
from app.card import Input, Size, Variant
from app.controls import Control, panel
from app.look import Look
from app.offer import Offer
from app.settings import CHECKS, apply, first, from_query, settled
from app.succession import restarts
from tests.fakes import ABSENT, BODY, CUT, FACES, GALLERY, GPU, GRAPH, LIKE, MESH, MINE, OFFER, POSE, SELFIE

LOOK = Look()
BARE = replace(OFFER, probe=Probe(cores=4))  # no GPU interface, not isolated


def control(name: str, look: Look = LOOK, offer: Offer = OFFER) -> Control:
    return next(row for row in panel(look, offer) if row.name == name)


def cannot(name: str, look: Look = LOOK, offer: Offer = OFFER) -> dict[str, str]:
    return {option.value: option.cannot for option in control(name, look, offer).options if option.cannot}


def looks() -> Iterator[Look]:
    for background in ("none", "blur", "colour", "image", "transparent"):
        for source in ("sample", "camera", "file"):
            yield Look(background=background, source=source)


@pytest.mark.parametrize("offer", [OFFER, BARE, replace(OFFER, cards=())])
def test_every_control_is_labelled_and_shows_its_looks_value(offer: Offer) -> None:
    for look in looks():
        rows = panel(look, offer)
        assert len({row.name for row in rows}) == len(rows)
        assert all(row.label and row.group for row in rows)
        for row in rows:
            if row.kind != "file":
                assert str(row.value) == str(getattr(look, row.name)), row.name
                assert row.name in CHECKS


@pytest.mark.parametrize("offer", [OFFER, BARE])
def test_every_selectable_option_can_be_applied_and_no_other(offer: Offer) -> None:
    for look in looks():
        for row in panel(look, offer):
            for option in row.options:
                if option.cannot:
                    with pytest.raises(ValueError, match=r"\.$"):
                        apply(look, row.name, option.value, offer)
                else:
                    assert str(getattr(apply(look, row.name, option.value, offer), row.name)) == option.value


def test_only_the_controls_that_make_sense_are_shown() -> None:
    def names(background: str, source: str = "sample") -> set[str]:
        return {row.name for row in panel(Look(background=background, source=source), OFFER)}

    always = names(background="none")
    assert names(background="blur") - always == {"blur"}
    assert names(background="colour") - always == {"colour"}
    assert names(background="image") - always == {"image", "image-file"}
    assert names(background="none", source="camera") - always == {"camera"}
    assert names(background="none", source="file") - always == {"file"}


def test_what_cannot_be_chosen_says_why() -> None:
    assert cannot("backend") == {}
    assert cannot("backend", offer=BARE) == {
        "webgpu": "this browser has no WebGPU",
        "webgl": "this browser has no WebGL",
    }
    assert cannot("backend", Look(model="blazeface")) == {"webgl": "BlazeFace is not offered on it"}
    assert cannot("model") == {"absent": "not in this build"}
    assert cannot("model", Look(backend="webgl")) == {
        "blazeface": "not on WebGL",
        "absent": "not in this build",
    }
    assert cannot("image", Look(background="image")) == {"own": "choose a file below"}
    assert cannot("image", Look(background="image"), replace(OFFER, own_image=True)) == {}
    broken = replace(OFFER, broken={"webgpu": "it lost its context"})
    assert cannot("backend", offer=broken) == {"webgpu": "it lost its context"}


def test_threads_that_cannot_run_say_why() -> None:
    assert cannot("threads") == {}
    assert len(control("threads").options) == 9  # Auto, and one for each core
    assert cannot("threads", offer=BARE) == {"2": "not isolated"}
    assert "isolated" in control("threads", offer=BARE).hint
    single = replace(OFFER, probe=Probe(cores=1, isolated=True))
    assert cannot("threads", offer=single) == {"2": "this machine has 1 core"}


BAD = [
    ("background", "fog", "background takes one of blur, image, colour, transparent, none, not “fog”."),
    ("blur", "101", "blur takes a whole number from 0 to 100, not 101."),
    ("blur", "-1", "blur takes a whole number from 0 to 100, not -1."),
    ("softness", "much", "softness takes a whole number from 0 to 100, not “much”."),
    ("smoothing", None, "smoothing takes a whole number from 0 to 100, not “None”."),
    ("blur", "nan", "blur takes a whole number from 0 to 100, not “nan”."),
    ("blur", "1e999", "blur takes a whole number from 0 to 100, not “1e999”."),
    ("colour", "red", "colour takes a colour such as #2f6f5e, not “red”."),
    ("colour", "#2f6f5e\n", "colour takes a colour such as #2f6f5e, not “#2f6f5e\n”."),
    ("mirror", "maybe", "mirror takes 1 or 0, not “maybe”."),
    ("resolution", 480.5, "resolution takes one of 360, 480, 720, 1080, not “480.5”."),
    ("threads", "-1", "threads takes a whole number from 0 (automatic) to 8, not “-1”."),
    ("threads", "9", "threads: 9 cannot run here, 8 at most."),
    ("model", "absent", "model: Absent cannot be chosen here (not in this build)."),
    ("image", "own", "image: Your own picture cannot be chosen here (choose a file below)."),
]


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_a_bad_value_is_one_sentence(name: str, value: object, sentence: str) -> None:
    with pytest.raises(ValueError) as raised:
        apply(Look(), name, value, OFFER)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("name", [*CHECKS, "no such setting"])
def test_no_sentence_is_long(name: str) -> None:
    with pytest.raises(ValueError) as raised:
        apply(Look(), name if name in CHECKS else "x" * 5000, "9" * 5000, OFFER)
        raise ValueError  # the camera takes any id, cut to a bounded length
    assert len(str(raised.value)) < 330


def test_threads_without_isolation_say_so() -> None:
    with pytest.raises(ValueError, match="1 at most: the page is not cross-origin isolated"):
        apply(Look(), "threads", "2", BARE)


def test_values_come_as_the_page_sends_them() -> None:
    assert apply(Look(), "mirror", True, OFFER).mirror
    assert not apply(Look(mirror=True), "mirror", "false", OFFER).mirror
    assert apply(Look(), "blur", 12.0, OFFER).blur == 12
    assert apply(Look(), "colour", "#ABCDEF", OFFER).colour == "#abcdef"
    assert apply(Look(), "threads", 3, OFFER).threads == 3


def test_a_bad_query_falls_back_with_a_note_for_each() -> None:
    look, notes = from_query("blur=900&background=colour&colour=blue&backend=webgl", BARE)
    assert look == Look(background="colour")
    assert notes == [
        "backend: WebGL cannot be chosen here (this browser has no WebGL). Using auto instead.",
        "colour takes a colour such as #2f6f5e, not “blue”. Using #2f6f5e instead.",
        "blur takes a whole number from 0 to 100, not 900. Using 55 instead.",
    ]


def test_the_backend_of_a_query_is_judged_by_the_querys_model() -> None:
    webgl_only_for_faces = replace(
        OFFER,
        cards=(replace(SELFIE, variants=SELFIE.variants[:1]), replace(FACES, variants=SELFIE.variants)),
    )
    look, notes = from_query("backend=webgl&model=blazeface", webgl_only_for_faces)
    assert (look.backend, look.model, notes) == ("webgl", "blazeface", [])
    look, notes = from_query("backend=webgl&model=blazeface", OFFER)
    assert (look.backend, look.model, len(notes)) == ("auto", "blazeface", 1)


def test_a_first_visit_has_what_this_build_has() -> None:
    assert first(OFFER) == Look()
    small = Offer(probe=GPU, cards=(ABSENT, FACES), backdrops=(("dunes", "Dunes"),))
    assert (first(small).model, first(small).image) == ("blazeface", "dunes")
    assert first(Offer()) == Look()


SIZES = tuple(
    Size(id, Input(h, w, "letterbox"), (h, w)) for id, h, w in (("low", 113, 161), ("high", 353, 481))
)
SIZED = replace(SELFIE, id="bodypix", title="BodyPix", input=SIZES[1].input, sizes=SIZES)


def test_internal_resolution_is_shown_for_a_model_that_has_sizes() -> None:
    offer = replace(OFFER, cards=(*OFFER.cards, SIZED))
    assert "detail" not in {row.name for row in panel(LOOK, offer)}
    shown = control("detail", replace(LOOK, model="bodypix"), offer)
    assert shown.label == "Internal resolution"
    assert [(o.value, o.title) for o in shown.options] == [("low", "Low"), ("high", "High")]
    assert shown.hint == "The network sees 481 × 353 pixels."
    low = control("detail", replace(LOOK, model="bodypix", detail="low"), offer)
    assert (low.value, low.hint) == ("low", "The network sees 161 × 113 pixels.")
    assert shown.value == "high"  # there is no "medium": the size it is published with
    assert from_query("model=bodypix&detail=tiny", offer)[1] == [
        "detail takes one of low, high, not “tiny”. Using medium instead."
    ]


def test_internal_resolution_is_shown_for_an_overlay_that_has_sizes() -> None:
    net = replace(POSE, id="posenet", title="PoseNet", input=SIZES[1].input, sizes=SIZES)
    offer = replace(OFFER, cards=(*OFFER.cards, net))
    shown = control("detail", replace(LOOK, overlay="posenet", detail="low"), offer)
    assert ([option.value for option in shown.options], shown.value) == (["low", "high"], "low")
    assert "detail" not in {row.name for row in panel(replace(LOOK, overlay="movenet"), offer)}


def test_overlays_are_this_builds_landmarks_and_poses() -> None:
    shown = control("overlay")
    assert [option.title for option in shown.options] == ["None", "Face mesh", "Pose (MoveNet)"]
    assert cannot("overlay") == {}
    assert cannot("overlay", replace(LOOK, backend="webgl")) == {
        "facemesh": "not on WebGL",
        "movenet": "not on WebGL",
    }
    alone = replace(OFFER, cards=(SELFIE, MESH))
    assert cannot("overlay", offer=alone) == {"facemesh": "needs a detector, which is not in this build"}
    gone = replace(OFFER, cards=(SELFIE, FACES, replace(MESH, variants=(), missing="no source answered")))
    assert cannot("overlay", offer=gone) == {"facemesh": "not in this build"}
    assert "overlay" not in {row.name for row in panel(LOOK, replace(OFFER, cards=(SELFIE,)))}


def test_body_parts_are_offered_where_the_model_tells_them_apart() -> None:
    offer = replace(OFFER, cards=(SELFIE, replace(SIZED, tint=GRAPH)))
    assert [option.title for option in control("overlay", offer=offer).options] == ["None", "Body parts"]
    assert cannot("overlay", offer=offer) == {"parts": "the model does not tell them apart"}
    chosen = replace(LOOK, model="bodypix")
    assert cannot("overlay", chosen, offer) == {}
    assert apply(chosen, "overlay", "parts", offer).overlay == "parts"
    assert cannot("overlay", replace(chosen, backend="webgl"), offer) == {"parts": "not on WebGL"}
    assert from_query("model=selfie-landscape&overlay=parts", offer)[1] == [
        "overlay: Body parts cannot be chosen here (the model does not tell them apart). Using none instead."
    ]


def test_with_auto_an_overlay_is_judged_by_the_backend_that_runs() -> None:
    faceless = {"facemesh": "not on WebGL", "movenet": "not on WebGL"}
    assert cannot("overlay", offer=replace(OFFER, run="webgl")) == faceless
    assert cannot("overlay", offer=replace(OFFER, run="wasm")) == {}
    assert cannot("overlay", replace(LOOK, backend="wasm"), replace(OFFER, run="webgl")) == {}


def test_the_detector_beside_an_overlay_is_the_chosen_one_if_it_is_one() -> None:
    other = replace(FACES, id="blazeface-full", input=Input(192, 192, "letterbox"))
    for cards in ((other, FACES), (FACES, other)):  # whatever the order, the smaller input
        offer = replace(OFFER, cards=(*cards, SELFIE, MESH))
        assert offer.beside(("detector",), LOOK, "wasm") == {"detector": FACES}
    assert offer.beside(("detector",), replace(LOOK, model=other.id), "wasm") == {"detector": other}
    with pytest.raises(ValueError, match="needs a detector"):
        offer.beside(("detector",), LOOK, "webgl")


def test_the_models_of_a_task_are_those_it_takes() -> None:
    assert [o.value for o in control("model").options] == ["selfie-landscape", "blazeface", "absent"]
    with pytest.raises(ValueError, match="model takes one of"):
        apply(LOOK, "model", "facemesh", OFFER)


def test_a_variant_that_needs_more_than_the_browser_has_is_not_offered() -> None:
    half = replace(SELFIE, id="half", variants=(Variant("half", ("webgpu",), (GRAPH,), needs="shader-f16"),))
    offer = replace(OFFER, cards=(half,))
    assert cannot("model", Look(backend="webgpu"), offer) == {"half": "not on WebGPU"}
    able = replace(offer, probe=replace(GPU, features=("shader-f16",)))
    assert cannot("model", Look(backend="webgpu"), able) == {}


def test_the_task_is_the_first_choice() -> None:
    row, *_ = panel(LOOK, LIKE)
    assert (row.name, row.value) == ("task", "background")
    assert [(o.value, o.title, o.cannot) for o in row.options] == [
        ("background", "Virtual background", ""),
        ("lookalike", "Look-alike", ""),
    ]


def test_a_task_that_this_build_lacks_something_for_says_so() -> None:
    cards = LIKE.cards
    uncut = tuple(replace(card, cutouts=()) for card in cards)
    untold = tuple(card for card in cards if card.kind != "classifier")
    faceless = tuple(card for card in cards if card.kind != "detector")
    for offer in (
        OFFER,
        replace(LIKE, cards=uncut),
        replace(LIKE, cards=untold),
        replace(LIKE, cards=faceless),
        replace(LIKE, galleries=(MINE,)),  # what holds the visitor's own is there for nobody to fill
        replace(LIKE, galleries=(replace(GALLERY, missing="no classifier"), MINE)),
        replace(LIKE, galleries=(replace(GALLERY, indexes={}), MINE)),
    ):
        assert cannot("task", offer=offer) == {"lookalike": "not in this build"}
        look, notes = from_query("task=lookalike", offer)
        assert look == first(offer)
        assert notes == [
            "task: Look-alike cannot be chosen here (not in this build). Using background instead."
        ]
    assert cannot("task", replace(LOOK, backend="webgl"), LIKE) == {"lookalike": "not on WebGL"}


LOOKALIKE = from_query("task=lookalike", LIKE)[0]


def test_a_tasks_own_defaults_are_a_first_visits() -> None:
    assert (LOOKALIKE.task, LOOKALIKE.background, LOOKALIKE.model) == ("lookalike", "none", "bodypix")
    assert LOOKALIKE.gallery == "characters"
    look, notes = from_query("background=blur&task=lookalike&model=selfie-landscape", LIKE)
    assert (look.background, look.model, notes) == ("blur", "selfie-landscape", [])
    plain = replace(LIKE, cards=tuple(card for card in LIKE.cards if card.id != "bodypix"))
    assert from_query("task=lookalike", plain)[0].model == "selfie-landscape"
    other = replace(LIKE, galleries=(replace(GALLERY, id="pets"), MINE))
    assert from_query("task=lookalike", other) == (replace(LOOKALIKE, gallery="pets"), [])


def test_who_switches_tasks_keeps_the_background() -> None:
    for background in ("none", "blur", "colour", "image", "transparent"):
        look = replace(LOOK, background=background)
        switched = apply(look, "task", "lookalike", LIKE)
        assert (switched.task, switched.background) == ("lookalike", background)
        assert apply(switched, "task", "background", LIKE) == look
        assert restarts(look, switched, SELFIE)


def test_who_switches_tasks_keeps_a_model_that_was_chosen_and_fits() -> None:
    assert apply(LOOK, "task", "lookalike", LIKE).model == "bodypix"  # nobody has chosen selfie-landscape
    assert apply(replace(LOOK, model="bodypix"), "task", "lookalike", LIKE).model == "bodypix"
    assert apply(replace(LOOK, model="blazeface"), "task", "lookalike", LIKE).model == "bodypix"
    chosen = replace(LOOKALIKE, model="selfie-landscape")
    assert apply(chosen, "task", "background", LIKE).model == "selfie-landscape"
    third = replace(LIKE, cards=(*LIKE.cards, replace(BODY, id="bodypix-075")))
    assert apply(replace(LOOK, model="bodypix-075"), "task", "lookalike", third).model == "bodypix-075"


def test_the_models_of_the_look_alike_task_can_cut_out() -> None:
    uncut = replace(LIKE, cards=(*LIKE.cards, replace(SELFIE, id="plain", title="Plain")))
    assert [o.value for o in control("model", LOOKALIKE, uncut).options] == [
        "selfie-landscape", "bodypix", "absent", "plain",
    ]  # fmt: skip
    assert cannot("model", LOOKALIKE, uncut) == {"absent": "not in this build", "plain": "not for Look-alike"}
    assert "webgl" in cannot("backend", LOOKALIKE, LIKE)  # no card tells characters apart there
    assert cannot("backend", replace(LOOK, model="bodypix"), LIKE) == {}


def test_the_gallery_is_chosen_in_its_task_only() -> None:
    assert "gallery" not in {row.name for row in panel(LOOK, LIKE)}
    assert {row.name for row in panel(LOOKALIKE, LIKE)} >= {"gallery", "background", "softness", "model"}
    shown = control("gallery", LOOKALIKE, LIKE)
    assert [(o.value, o.title) for o in shown.options] == [
        ("characters", "Characters"), ("own", "Your own pictures"), ("all", "All together"),
    ]  # fmt: skip


def test_own_pictures_are_compared_with_once_there_are_some() -> None:
    few = {"own": "add some first", "all": "add pictures of your own first"}
    assert cannot("gallery", LOOKALIKE, LIKE) == few
    assert cannot("gallery", LOOKALIKE, replace(LIKE, own=1)) == {}
    pets = replace(GALLERY, id="pets", title="Pets")
    assert cannot("gallery", LOOKALIKE, replace(LIKE, galleries=(GALLERY, pets, MINE))) == {"own": few["own"]}
    with pytest.raises(
        ValueError, match=r"gallery: Your own pictures cannot be chosen here \(add some first\)"
    ):
        apply(LOOKALIKE, "gallery", "own", LIKE)
    look = apply(LOOKALIKE, "gallery", "all", replace(LIKE, own=3))
    assert not restarts(LOOKALIKE, look, BODY)
    assert settled(look, replace(LIKE, own=3)) == look
    assert settled(look, LIKE) == LOOKALIKE  # the last one was removed
    assert from_query("task=lookalike&gallery=own", LIKE)[1] == [
        "gallery: Your own pictures cannot be chosen here (add some first). Using characters instead."
    ]


def test_what_is_compared_with() -> None:
    pets = replace(GALLERY, id="pets", title="Pets")
    gone = replace(GALLERY, id="gone", missing="no classifier")
    offer = replace(LIKE, galleries=(GALLERY, pets, gone, MINE), own=2)

    def ids(gallery: str, offer: Offer = offer) -> list[str]:
        return [each.id for each in offer.compared(replace(LOOKALIKE, gallery=gallery))]

    assert [ids(id) for id in ("characters", "pets", "own")] == [["characters"], ["pets"], ["own"]]
    assert ids("all") == ["characters", "pets", "own"]
    assert ids("all", replace(offer, own=0)) == ["characters", "pets"]
    assert ids("own", replace(offer, own=0)) == []
    assert ids("gone") == []


def test_a_gallery_that_a_backend_cannot_hold_says_so() -> None:
    everywhere = (*GALLERY.indexes["mobilenet-v2"], replace(CUT[1], id="index-webgl"))
    small = replace(GALLERY, id="small", title="Small", indexes={"mobilenet-v2": everywhere})
    cards = tuple(replace(card, variants=SELFIE.variants) for card in LIKE.cards)
    offer = replace(LIKE, cards=cards, galleries=(GALLERY, small, MINE))
    assert cannot("gallery", replace(LOOKALIKE, backend="webgl"), offer)["characters"] == "not on WebGL"
    assert "small" not in cannot("gallery", replace(LOOKALIKE, backend="webgl"), offer)
    assert cannot("backend", LOOKALIKE, offer) == {"webgl": "Characters cannot be compared with on it"}
    assert cannot("backend", replace(LOOKALIKE, gallery="small"), offer) == {}
    assert "characters" not in cannot("gallery", LOOKALIKE, replace(offer, run="wasm"))
    assert cannot("gallery", LOOKALIKE, replace(offer, run="webgl"))["characters"] == "not on WebGL"
