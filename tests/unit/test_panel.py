"""The panel made from the Settings and the Capabilities, and apply().

Does not test how the page draws it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.backgrounds import BACKGROUNDS
from app.core.backend import Probe
from app.core.card import Input, Size, Variant
from app.core.settings import Settings
from app.panel.apply import apply, changed, first
from app.panel.capabilities import Capabilities
from app.panel.options import sources
from app.panel.panel import panel
from app.panel.query import from_query
from app.panel.rows import SETTINGS
from app.panel.setting import Control
from tests.support.fakes import ABSENT, CAPS, FACES, GPU, GRAPH, MESH, POSE, SELFIE

START = Settings()
BARE = replace(CAPS, probe=Probe(cores=4))  # no GPU interface, not isolated


def control(name: str, settings: Settings = START, caps: Capabilities = CAPS) -> Control:
    return next(row for row in panel(settings, caps) if row.name == name)


def unavailable(name: str, settings: Settings = START, caps: Capabilities = CAPS) -> dict[str, str]:
    options = control(name, settings, caps).options
    return {option.value: option.unavailable for option in options if option.unavailable}


def choices() -> Iterator[Settings]:
    for background in BACKGROUNDS:
        for source in sources(START, CAPS):
            yield Settings(background=background, source=source.value)


@pytest.mark.parametrize("caps", [CAPS, BARE, replace(CAPS, cards=())])
def test_every_control_is_labelled_and_shows_its_settings_value(caps: Capabilities) -> None:
    for settings in choices():
        rows = panel(settings, caps)
        assert len({row.name for row in rows}) == len(rows)
        assert all(row.label and row.group for row in rows)
        for row in rows:
            if row.kind != "file":
                assert str(row.value) == str(SETTINGS[row.name].value(settings)), row.name


@pytest.mark.parametrize("caps", [CAPS, BARE])
def test_every_selectable_option_can_be_applied_and_no_other(caps: Capabilities) -> None:
    for settings in choices():
        for row in panel(settings, caps):
            for option in row.options:
                if option.unavailable:
                    with pytest.raises(ValueError, match=r"\.$"):
                        apply(settings, row.name, option.value, caps)
                else:
                    applied = apply(settings, row.name, option.value, caps)
                    assert str(SETTINGS[row.name].value(applied)) == option.value


def test_only_the_controls_that_make_sense_are_shown() -> None:
    def names(background: str, source: str = "sample") -> set[str]:
        return {row.name for row in panel(Settings(background=background, source=source), CAPS)}

    always = names(background="none")
    for background in BACKGROUNDS.values():
        own = {parameter.name for parameter in background.parameters}
        files = {f"{parameter.name}-file" for parameter in background.parameters if parameter.kind == "image"}
        files |= {"video-file"} if background.video_rate else set()
        assert names(background.id) - always == own | files
    assert names(background="image") - always == {"image", "image-file"}
    assert names(background="video") - always == {"video-file"}
    assert names(background="none", source="camera") - always == {"camera"}
    assert names(background="none", source="file") - always == {"file"}


def test_what_cannot_be_chosen_says_why() -> None:
    assert unavailable("backend") == {}
    assert unavailable("backend", caps=BARE) == {
        "webgpu": "this browser has no WebGPU",
        "webgl": "this browser has no WebGL",
    }
    assert unavailable("backend", Settings(model="blazeface")) == {"webgl": "not available for BlazeFace"}
    assert unavailable("model") == {"absent": "not in this build"}
    assert unavailable("model", Settings(backend="webgl")) == {
        "blazeface": "not on WebGL",
        "absent": "not in this build",
    }
    assert unavailable("image", Settings(background="image")) == {"own": "choose a file below"}
    assert unavailable("image", Settings(background="image"), replace(CAPS, user_image=True)) == {}
    broken = replace(CAPS, broken={"webgpu": "it lost its context"})
    assert unavailable("backend", caps=broken) == {"webgpu": "it lost its context"}


def test_threads_that_cannot_run_say_why() -> None:
    threaded = replace(START, backend="wasm-ort")
    assert unavailable("threads", threaded) == {}
    assert len(control("threads", threaded).options) == 9  # Auto, and one for each core
    assert unavailable("threads", threaded, BARE) == {"2": "page is not cross-origin isolated"}
    assert "isolated" in control("threads", threaded, BARE).hint
    single = replace(CAPS, probe=Probe(cores=1, isolated=True))
    assert unavailable("threads", threaded, single) == {"2": "this machine has 1 core"}


def test_threads_are_shown_where_they_matter() -> None:
    running = replace(CAPS, backend="wasm")
    names = [row.name for row in panel(START, running)]
    assert "threads" not in names and "backend" in names
    assert control("threads", caps=replace(CAPS, backend="wasm-ort")).hint == ""
    old = from_query("backend=wasm&threads=2", running)[0]  # an address from before models were compiled
    assert (old.backend, old.threads) == ("wasm", 2)
    hint = control("threads", old, running).hint
    assert hint == "Only WASM (onnxruntime) runs on threads. WASM runs now."


def test_a_model_that_is_not_compiled_says_why() -> None:
    assert control("backend").hint == ""
    odd = replace(SELFIE, variants=SELFIE.variants[1:], uncompiled="the operator Erf is not supported")
    caps = replace(CAPS, cards=(odd,))
    why = "Selfie landscape is not compiled: the operator Erf is not supported"
    assert unavailable("backend", caps=caps)["wasm"] == why
    assert control("backend", caps=caps).hint.endswith(
        "it is not compiled: the operator Erf is not supported."
    )
    assert from_query("backend=wasm", caps)[1] == [
        f"backend: WASM cannot be chosen here ({why}). Using auto instead."
    ]


BAD = [
    ("background", "fog", f"background must be one of {', '.join(BACKGROUNDS)}, not “fog”."),
    ("blur", "101", "blur must be a whole number from 0 to 100, not 101."),
    ("blur", "-1", "blur must be a whole number from 0 to 100, not -1."),
    ("softness", "much", "softness must be a whole number from 0 to 100, not “much”."),
    ("smoothing", None, "smoothing must be a whole number from 0 to 100, not “None”."),
    ("blur", "nan", "blur must be a whole number from 0 to 100, not “nan”."),
    ("blur", "1e999", "blur must be a whole number from 0 to 100, not “1e999”."),
    ("colour", "red", "colour must be a colour such as #2f6f5e, not “red”."),
    ("colour", "#2f6f5e\n", "colour must be a colour such as #2f6f5e, not “#2f6f5e\n”."),
    ("mirror", "maybe", "mirror must be 1 or 0, not “maybe”."),
    ("resolution", 480.5, "resolution must be one of 360, 480, 720, 1080, not “480.5”."),
    ("threads", "-1", "threads must be a whole number from 0 (automatic) to 8, not “-1”."),
    ("threads", "9", "threads can be at most 8 here, not 9."),
    ("model", "absent", "model: Absent cannot be chosen here (not in this build)."),
    ("image", "own", "image: Your own picture cannot be chosen here (choose a file below)."),
]


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_a_bad_value_is_one_sentence(name: str, value: object, sentence: str) -> None:
    with pytest.raises(ValueError) as raised:
        apply(Settings(), name, value, CAPS)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("name", [*SETTINGS, "no such setting"])
def test_no_sentence_is_long(name: str) -> None:
    with pytest.raises(ValueError) as raised:
        apply(Settings(), name if name in SETTINGS else "x" * 5000, "9" * 5000, CAPS)
        raise ValueError  # the camera takes any id, cut to a bounded length
    assert len(str(raised.value)) < 330


def test_threads_without_isolation_say_so() -> None:
    with pytest.raises(ValueError, match="1 here, not 2: the page is not cross-origin isolated"):
        apply(Settings(), "threads", "2", BARE)


def test_values_come_as_the_page_sends_them() -> None:
    assert apply(Settings(), "mirror", True, CAPS).mirror
    assert not apply(Settings(mirror=True), "mirror", "false", CAPS).mirror
    assert apply(Settings(), "blur", 12.0, CAPS) == changed(Settings(), blur=12)
    assert apply(Settings(), "colour", "#ABCDEF", CAPS) == changed(Settings(), colour="#abcdef")
    assert apply(Settings(), "threads", 3, CAPS).threads == 3


def test_a_bad_query_falls_back_with_a_note_for_each() -> None:
    settings, notes = from_query("blur=900&background=colour&colour=blue&backend=webgl", BARE)
    assert settings == Settings(background="colour")
    assert notes == [  # in the order of the panel
        "blur must be a whole number from 0 to 100, not 900. Using 55 instead.",
        "colour must be a colour such as #2f6f5e, not “blue”. Using #2f6f5e instead.",
        "backend: WebGL cannot be chosen here (this browser has no WebGL). Using auto instead.",
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
    assert first(small) == changed(Settings(), model="blazeface", image="dunes")
    assert first(Capabilities()) == Settings()


SIZES = tuple(
    Size(id, Input(h, w, "letterbox"), (h, w)) for id, h, w in (("low", 113, 161), ("high", 353, 481))
)
SIZED = replace(SELFIE, id="bodypix", title="BodyPix", input=SIZES[1].input, sizes=SIZES)


def test_internal_resolution_is_shown_for_a_model_that_has_sizes() -> None:
    caps = replace(CAPS, cards=(*CAPS.cards, SIZED))
    assert "detail" not in {row.name for row in panel(START, caps)}
    shown = control("detail", replace(START, model="bodypix"), caps)
    assert shown.label == "Internal resolution"
    assert [(o.value, o.title) for o in shown.options] == [("low", "Low"), ("high", "High")]
    assert shown.hint == "The network sees 481 × 353 pixels."
    low = control("detail", replace(START, model="bodypix", detail="low"), caps)
    assert (low.value, low.hint) == ("low", "The network sees 161 × 113 pixels.")
    assert shown.value == "high"  # there is no "medium": the size it is published with
    assert from_query("model=bodypix&detail=tiny", caps)[1] == [
        "detail must be one of low, high, not “tiny”. Using medium instead."
    ]


def test_internal_resolution_is_shown_for_an_overlay_that_has_sizes() -> None:
    net = replace(POSE, id="posenet", title="PoseNet", input=SIZES[1].input, sizes=SIZES)
    caps = replace(CAPS, cards=(*CAPS.cards, net))
    shown = control("detail", replace(START, overlay="posenet", detail="low"), caps)
    assert ([option.value for option in shown.options], shown.value) == (["low", "high"], "low")
    assert "detail" not in {row.name for row in panel(replace(START, overlay="movenet"), caps)}


def test_overlays_are_this_builds_landmarks_and_poses() -> None:
    shown = control("overlay")
    assert [option.title for option in shown.options] == ["None", "Face mesh", "Pose (MoveNet)"]
    assert unavailable("overlay") == {}
    assert unavailable("overlay", replace(START, backend="webgl")) == {
        "facemesh": "not on WebGL",
        "movenet": "not on WebGL",
    }
    alone = replace(CAPS, cards=(SELFIE, MESH))
    assert unavailable("overlay", caps=alone) == {"facemesh": "this build has no detector for it"}
    gone = replace(CAPS, cards=(SELFIE, FACES, replace(MESH, variants=(), missing="no source answered")))
    assert unavailable("overlay", caps=gone) == {"facemesh": "not in this build"}
    assert "overlay" not in {row.name for row in panel(START, replace(CAPS, cards=(SELFIE,)))}


def test_body_parts_are_offered_where_the_model_tells_them_apart() -> None:
    caps = replace(CAPS, cards=(SELFIE, replace(SIZED, tint=GRAPH)))
    assert [option.title for option in control("overlay", caps=caps).options] == [
        "None",
        "Body parts",
    ]
    assert unavailable("overlay", caps=caps) == {"parts": "not supported by this model"}
    chosen = replace(START, model="bodypix")
    assert unavailable("overlay", chosen, caps) == {}
    assert apply(chosen, "overlay", "parts", caps).overlay == "parts"
    assert unavailable("overlay", replace(chosen, backend="webgl"), caps) == {}
    assert from_query("model=selfie-landscape&overlay=parts", caps)[1] == [
        "overlay: Body parts cannot be chosen here (not supported by this model). Using none instead."
    ]


def test_with_auto_an_overlay_is_judged_by_the_backend_that_runs() -> None:
    faceless = {"facemesh": "not on WebGL", "movenet": "not on WebGL"}
    assert unavailable("overlay", caps=replace(CAPS, backend="webgl")) == faceless
    assert unavailable("overlay", caps=replace(CAPS, backend="wasm")) == {}
    assert unavailable("overlay", replace(START, backend="wasm"), replace(CAPS, backend="webgl")) == {}


def test_the_models_of_a_task_are_those_it_takes() -> None:
    assert [o.value for o in control("model").options] == ["selfie-landscape", "blazeface", "absent"]
    with pytest.raises(ValueError, match="model must be one of"):
        apply(START, "model", "facemesh", CAPS)


def test_a_variant_that_needs_more_than_the_browser_has_is_not_offered() -> None:
    half = replace(SELFIE, id="half", variants=(Variant("half", ("webgpu",), (GRAPH,), needs="shader-f16"),))
    caps = replace(CAPS, cards=(half,))
    assert unavailable("model", Settings(backend="webgpu"), caps) == {"half": "not on WebGPU"}
    able = replace(caps, probe=replace(GPU, features=("shader-f16",)))
    assert unavailable("model", Settings(backend="webgpu"), able) == {}
