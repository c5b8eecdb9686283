"""The panel made from the Settings and an Capabilities, and apply(). Does not test how the page draws it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.core.backend import Probe
from app.core.card import Input, Size, Variant
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.controls import Control, panel
from app.panel.validate import CHECKS, apply, first, from_query
from tests.support.fakes import ABSENT, CAPS, FACES, GPU, GRAPH, MESH, POSE, SELFIE

SETTINGS = Settings()
BARE = replace(CAPS, probe=Probe(cores=4))  # no GPU interface, not isolated


def control(name: str, settings: Settings = SETTINGS, caps: Capabilities = CAPS) -> Control:
    return next(row for row in panel(settings, caps) if row.name == name)


def cannot(name: str, settings: Settings = SETTINGS, caps: Capabilities = CAPS) -> dict[str, str]:
    return {option.value: option.cannot for option in control(name, settings, caps).options if option.cannot}


def looks() -> Iterator[Settings]:
    for background in ("none", "blur", "colour", "image", "transparent"):
        for source in ("sample", "camera", "file"):
            yield Settings(background=background, source=source)


@pytest.mark.parametrize("caps", [CAPS, BARE, replace(CAPS, cards=())])
def test_every_control_is_labelled_and_shows_its_looks_value(caps: Capabilities) -> None:
    for settings in looks():
        rows = panel(settings, caps)
        assert len({row.name for row in rows}) == len(rows)
        assert all(row.label and row.group for row in rows)
        for row in rows:
            if row.kind != "file":
                assert str(row.value) == str(getattr(settings, row.name)), row.name
                assert row.name in CHECKS


@pytest.mark.parametrize("caps", [CAPS, BARE])
def test_every_selectable_option_can_be_applied_and_no_other(caps: Capabilities) -> None:
    for settings in looks():
        for row in panel(settings, caps):
            for option in row.options:
                if option.cannot:
                    with pytest.raises(ValueError, match=r"\.$"):
                        apply(settings, row.name, option.value, caps)
                else:
                    assert (
                        str(getattr(apply(settings, row.name, option.value, caps), row.name)) == option.value
                    )


def test_only_the_controls_that_make_sense_are_shown() -> None:
    def names(background: str, source: str = "sample") -> set[str]:
        return {row.name for row in panel(Settings(background=background, source=source), CAPS)}

    always = names(background="none")
    assert names(background="blur") - always == {"blur"}
    assert names(background="colour") - always == {"colour"}
    assert names(background="image") - always == {"image", "image-file"}
    assert names(background="none", source="camera") - always == {"camera"}
    assert names(background="none", source="file") - always == {"file"}


def test_what_cannot_be_chosen_says_why() -> None:
    assert cannot("backend") == {}
    assert cannot("backend", caps=BARE) == {
        "webgpu": "this browser has no WebGPU",
        "webgl": "this browser has no WebGL",
    }
    assert cannot("backend", Settings(model="blazeface")) == {"webgl": "BlazeFace is not offered on it"}
    assert cannot("model") == {"absent": "not in this build"}
    assert cannot("model", Settings(backend="webgl")) == {
        "blazeface": "not on WebGL",
        "absent": "not in this build",
    }
    assert cannot("image", Settings(background="image")) == {"own": "choose a file below"}
    assert cannot("image", Settings(background="image"), replace(CAPS, user_image=True)) == {}
    broken = replace(CAPS, broken={"webgpu": "it lost its context"})
    assert cannot("backend", caps=broken) == {"webgpu": "it lost its context"}


def test_threads_that_cannot_run_say_why() -> None:
    assert cannot("threads") == {}
    assert len(control("threads").options) == 9  # Auto, and one for each core
    assert cannot("threads", caps=BARE) == {"2": "not isolated"}
    assert "isolated" in control("threads", caps=BARE).hint
    single = replace(CAPS, probe=Probe(cores=1, isolated=True))
    assert cannot("threads", caps=single) == {"2": "this machine has 1 core"}


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
        apply(Settings(), name, value, CAPS)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("name", [*CHECKS, "no such setting"])
def test_no_sentence_is_long(name: str) -> None:
    with pytest.raises(ValueError) as raised:
        apply(Settings(), name if name in CHECKS else "x" * 5000, "9" * 5000, CAPS)
        raise ValueError  # the camera takes any id, cut to a bounded length
    assert len(str(raised.value)) < 330


def test_threads_without_isolation_say_so() -> None:
    with pytest.raises(ValueError, match="1 at most: the page is not cross-origin isolated"):
        apply(Settings(), "threads", "2", BARE)


def test_values_come_as_the_page_sends_them() -> None:
    assert apply(Settings(), "mirror", True, CAPS).mirror
    assert not apply(Settings(mirror=True), "mirror", "false", CAPS).mirror
    assert apply(Settings(), "blur", 12.0, CAPS).blur == 12
    assert apply(Settings(), "colour", "#ABCDEF", CAPS).colour == "#abcdef"
    assert apply(Settings(), "threads", 3, CAPS).threads == 3


def test_a_bad_query_falls_back_with_a_note_for_each() -> None:
    settings, notes = from_query("blur=900&background=colour&colour=blue&backend=webgl", BARE)
    assert settings == Settings(background="colour")
    assert notes == [
        "backend: WebGL cannot be chosen here (this browser has no WebGL). Using auto instead.",
        "colour takes a colour such as #2f6f5e, not “blue”. Using #2f6f5e instead.",
        "blur takes a whole number from 0 to 100, not 900. Using 55 instead.",
    ]


def test_the_backend_of_a_query_is_judged_by_the_querys_model() -> None:
    webgl_only_for_faces = replace(
        CAPS,
        cards=(replace(SELFIE, variants=SELFIE.variants[:1]), replace(FACES, variants=SELFIE.variants)),
    )
    settings, notes = from_query("backend=webgl&model=blazeface", webgl_only_for_faces)
    assert (settings.backend, settings.model, notes) == ("webgl", "blazeface", [])
    settings, notes = from_query("backend=webgl&model=blazeface", CAPS)
    assert (settings.backend, settings.model, len(notes)) == ("auto", "blazeface", 1)


def test_a_first_visit_has_what_this_build_has() -> None:
    assert first(CAPS) == Settings()
    small = Capabilities(probe=GPU, cards=(ABSENT, FACES), backdrops=(("dunes", "Dunes"),))
    assert (first(small).model, first(small).image) == ("blazeface", "dunes")
    assert first(Capabilities()) == Settings()


SIZES = tuple(
    Size(id, Input(h, w, "letterbox"), (h, w)) for id, h, w in (("low", 113, 161), ("high", 353, 481))
)
SIZED = replace(SELFIE, id="bodypix", title="BodyPix", input=SIZES[1].input, sizes=SIZES)


def test_internal_resolution_is_shown_for_a_model_that_has_sizes() -> None:
    caps = replace(CAPS, cards=(*CAPS.cards, SIZED))
    assert "detail" not in {row.name for row in panel(SETTINGS, caps)}
    shown = control("detail", replace(SETTINGS, model="bodypix"), caps)
    assert shown.label == "Internal resolution"
    assert [(o.value, o.title) for o in shown.options] == [("low", "Low"), ("high", "High")]
    assert shown.hint == "The network sees 481 × 353 pixels."
    low = control("detail", replace(SETTINGS, model="bodypix", detail="low"), caps)
    assert (low.value, low.hint) == ("low", "The network sees 161 × 113 pixels.")
    assert shown.value == "high"  # there is no "medium": the size it is published with
    assert from_query("model=bodypix&detail=tiny", caps)[1] == [
        "detail takes one of low, high, not “tiny”. Using medium instead."
    ]


def test_internal_resolution_is_shown_for_an_overlay_that_has_sizes() -> None:
    net = replace(POSE, id="posenet", title="PoseNet", input=SIZES[1].input, sizes=SIZES)
    caps = replace(CAPS, cards=(*CAPS.cards, net))
    shown = control("detail", replace(SETTINGS, overlay="posenet", detail="low"), caps)
    assert ([option.value for option in shown.options], shown.value) == (["low", "high"], "low")
    assert "detail" not in {row.name for row in panel(replace(SETTINGS, overlay="movenet"), caps)}


def test_overlays_are_this_builds_landmarks_and_poses() -> None:
    shown = control("overlay")
    assert [option.title for option in shown.options] == ["None", "Face mesh", "Pose (MoveNet)"]
    assert cannot("overlay") == {}
    assert cannot("overlay", replace(SETTINGS, backend="webgl")) == {
        "facemesh": "not on WebGL",
        "movenet": "not on WebGL",
    }
    alone = replace(CAPS, cards=(SELFIE, MESH))
    assert cannot("overlay", caps=alone) == {"facemesh": "needs a detector, which is not in this build"}
    gone = replace(CAPS, cards=(SELFIE, FACES, replace(MESH, variants=(), missing="no source answered")))
    assert cannot("overlay", caps=gone) == {"facemesh": "not in this build"}
    assert "overlay" not in {row.name for row in panel(SETTINGS, replace(CAPS, cards=(SELFIE,)))}


def test_body_parts_are_offered_where_the_model_tells_them_apart() -> None:
    caps = replace(CAPS, cards=(SELFIE, replace(SIZED, tint=GRAPH)))
    assert [option.title for option in control("overlay", caps=caps).options] == [
        "None",
        "Body parts",
    ]
    assert cannot("overlay", caps=caps) == {"parts": "the model does not tell them apart"}
    chosen = replace(SETTINGS, model="bodypix")
    assert cannot("overlay", chosen, caps) == {}
    assert apply(chosen, "overlay", "parts", caps).overlay == "parts"
    assert cannot("overlay", replace(chosen, backend="webgl"), caps) == {"parts": "not on WebGL"}
    assert from_query("model=selfie-landscape&overlay=parts", caps)[1] == [
        "overlay: Body parts cannot be chosen here (the model does not tell them apart). Using none instead."
    ]


def test_with_auto_an_overlay_is_judged_by_the_backend_that_runs() -> None:
    faceless = {"facemesh": "not on WebGL", "movenet": "not on WebGL"}
    assert cannot("overlay", caps=replace(CAPS, backend="webgl")) == faceless
    assert cannot("overlay", caps=replace(CAPS, backend="wasm")) == {}
    assert cannot("overlay", replace(SETTINGS, backend="wasm"), replace(CAPS, backend="webgl")) == {}


def test_the_detector_beside_an_overlay_is_the_chosen_one_if_it_is_one() -> None:
    other = replace(FACES, id="blazeface-full", input=Input(192, 192, "letterbox"))
    for cards in ((other, FACES), (FACES, other)):  # whatever the order, the smaller input
        caps = replace(CAPS, cards=(*cards, SELFIE, MESH))
        assert caps.resolve(("detector",), SETTINGS, "wasm") == {"detector": FACES}
    assert caps.resolve(("detector",), replace(SETTINGS, model=other.id), "wasm") == {"detector": other}
    with pytest.raises(ValueError, match="needs a detector"):
        caps.resolve(("detector",), SETTINGS, "webgl")


def test_the_models_of_a_task_are_those_it_takes() -> None:
    assert [o.value for o in control("model").options] == ["selfie-landscape", "blazeface", "absent"]
    with pytest.raises(ValueError, match="model takes one of"):
        apply(SETTINGS, "model", "facemesh", CAPS)


def test_a_variant_that_needs_more_than_the_browser_has_is_not_offered() -> None:
    half = replace(SELFIE, id="half", variants=(Variant("half", ("webgpu",), (GRAPH,), needs="shader-f16"),))
    caps = replace(CAPS, cards=(half,))
    assert cannot("model", Settings(backend="webgpu"), caps) == {"half": "not on WebGPU"}
    able = replace(caps, probe=replace(GPU, features=("shader-f16",)))
    assert cannot("model", Settings(backend="webgpu"), able) == {}
