"""The rows of test_update.py: for each message and event a State, what it changes, and what is to be done.

Does not call update().
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from app.core import messages
from app.core.card import ModelCard
from app.core.events import Answer, Answers, Caption, FaceAnswers
from app.core.gallery import ALL, OWN
from app.core.settings import Settings
from app.panel.apply import changed
from app.panel.query import from_query, to_query
from app.worker import views
from app.worker.effects import (
    BackdropFailed,
    BusyChanged,
    ChangePictures,
    Cover,
    EngineLoaded,
    EngineReady,
    ExportPictures,
    GalleriesFailed,
    LoadBackdrop,
    LoadGalleries,
    LoadOverlay,
    MeasureTrial,
    OverlayFailed,
    PicturesChanged,
    PublishPictures,
    SaveFrame,
    TaskReported,
    TrialDue,
    TrialLost,
    TrialMeasured,
    WorkerFailed,
)  # fmt: skip
from app.worker.handover import RETRIES, Handover
from app.worker.protocol.to_page import Begin, Declined, Note, Ready, Redraw, ShareCard, Stopped
from app.worker.protocol.to_worker import (
    BackdropChosen,
    CameraRequested,
    CamerasFound,
    ExportRequested,
    Picked,
    PictureAdded,
    PictureRemoved,
    PicturesImported,
    SaveRequested,
    SetSetting,
    ShareRequested,
    Shown,
    SourceFailed,
    SuccessorFailed,
)  # fmt: skip
from app.worker.state import State
from tests.support.fakes import BODY, GALLERY, GPU, LIKE, MESH, MINE, SELFIE

P, S, L, V = views.panel, views.source, views.plan, views.backdrop_video
LOOKALIKE = from_query("task=lookalike", LIKE)[0]
PETS = replace(GALLERY, id="pets", title="Pets")
NO_OVERLAY, NO_BACKDROP, CHARACTERS = LoadOverlay(), LoadBackdrop(), LoadGalleries("characters")
AFTER = (P, S, L, V, NO_OVERLAY, CHARACTERS, NO_BACKDROP)  # what follows from changed settings


def state(settings: Settings = LOOKALIKE, card: ModelCard = BODY, **values: Any) -> State:
    """A worker that shows pictures on WASM."""
    caps = replace(LIKE, backend="wasm", galleries=(GALLERY, PETS, MINE))
    whole: dict[str, Any] = {"caps": caps, "phase": "running", "handover": Handover(), **values}
    return State(settings=settings, initial=settings, card=card, backend="wasm", **whole)


def looks(**values: Any) -> State:
    """The same with other settings than it began with."""
    before = state()
    return replace(before, settings=changed(before.settings, **values))


def answers(source: int, *ids: int, together: tuple[Answer, ...] = ()) -> Answers:
    faces = tuple(FaceAnswers(id, (0.1 * id, 0, 1, 1), (ANSWER, OTHER)) for id in ids)
    return Answers(faces, together, "", source, (640, 480))


ANSWER = Answer("characters/7", "Ada", "Set", "", 50)
OTHER = replace(ANSWER, key="characters/8", name="Bo")
TWO = answers(0, 1, 2)
TOLD = {"caption": Caption("One face is visible."), "answers": TWO}
BACKGROUND = state(Settings(), SELFIE)
STARTING_STATE = state(phase="starting")
TRIAL = state(handover=Handover(target_ms=5.0), trials=("webgpu",))
BACKDROPS = {"study": "study.jpg"}
WHY = "out of memory"
AGAIN = messages.AGAIN.format(title="WASM (onnxruntime)", why=WHY)
LAST = messages.LAST.format(title="WASM (onnxruntime)", why=WHY)


@dataclass(frozen=True)
class Row:
    """`changes`: what of the State is other than in `before`. A view stands for what it gives after."""

    id: str
    before: State
    event: Any
    changes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    wanted: tuple[Any, ...] = ()


def begun(before: State, **values: Any) -> Begin:
    """A worker that begins with the settings of this State."""
    return Begin(views.handover(before, **values))


def with_caps(before: State = BACKGROUND, **values: Any) -> Any:
    return replace(before.caps, **values)


MORE = with_caps(state(), user_pictures=3)
BLURRED = changed(LOOKALIKE, background="blur")
OWN_IMAGE = changed(LOOKALIKE, background="image", image="own")
WITHOUT_OWN = state(replace(LOOKALIKE, gallery=OWN), caps=MORE)
LOST = {"wasm": "it was lost"}

ROWS = (
    # ---- settings ----
    Row("a setting", state(), SetSetting("smoothing", 3),
        {"settings": changed(LOOKALIKE, smoothing=3)}, (Redraw(), *AFTER)),
    Row("a background covers the picture that has no mask", state(), SetSetting("background", "blur"),
        {"settings": BLURRED}, (Cover(BLURRED), Redraw(), *AFTER)),
    Row("another background covers nothing", state(BLURRED), SetSetting("background", "colour"),
        {"settings": changed(LOOKALIKE, background="colour")}, (Redraw(), *AFTER)),
    Row("before the models are there nothing is covered or loaded",
        STARTING_STATE, SetSetting("background", "blur"), {"settings": BLURRED}, (Redraw(), P, S, L, V)),
    Row("another backend is another worker", state(trials=("webgl",)), SetSetting("backend", "webgpu"),
        {"settings": replace(LOOKALIKE, backend="webgpu"), "trials": ()},
        (begun(state(replace(LOOKALIKE, backend="webgpu"))), Redraw(), *AFTER)),
    Row("another gallery", state(), SetSetting("gallery", "pets"),
        {"settings": replace(LOOKALIKE, gallery="pets")},
        (Redraw(), P, S, L, V, NO_OVERLAY, LoadGalleries("pets"), NO_BACKDROP)),
    Row("an overlay", state(), SetSetting("overlay", MESH.id),
        {"settings": replace(LOOKALIKE, overlay=MESH.id)},
        (Redraw(), P, S, L, V, LoadOverlay(MESH.id, MESH.id, MESH.input), CHARACTERS, NO_BACKDROP)),
    Row("a value that cannot be", state(), SetSetting("smoothing", 999), {},
        (Note("smoothing must be a whole number from 0 to 100, not 999."), P)),
    Row("an overlay that a trial cannot draw", TRIAL, SetSetting("overlay", "none at all"), {},
        (Declined(SuccessorFailed(("webgpu",))),)),
    # ---- what the page found or was asked ----
    Row("this worker is shown", state(last_events=TOLD), Shown(), {},
        (P, S, V, *TOLD.values(), PublishPictures(True))),
    Row("the camera is asked for", BACKGROUND, CameraRequested(), {"camera_requested": True}, (S, L)),
    Row("cameras", state(), CamerasFound((("id", "A"),)),
        {"caps": with_caps(state(), cameras=(("id", "A"),))}, (P, L, NO_OVERLAY)),
    Row("a backdrop of the visitor's own", state(), BackdropChosen("bitmap"),
        {"settings": OWN_IMAGE, "caps": with_caps(state(), user_image=True), "user_images": 1},
        (Cover(OWN_IMAGE), Redraw(), P, S, L, V, NO_OVERLAY, CHARACTERS, LoadBackdrop("own", 1))),
    Row("a second one", state(OWN_IMAGE, user_images=1, caps=with_caps(state(), user_image=True)),
        BackdropChosen("bitmap"), {"user_images": 2},
        (Redraw(), P, S, L, V, NO_OVERLAY, CHARACTERS, LoadBackdrop("own", 2))),
    Row("the camera fails", looks(source="camera", mirror=True), SourceFailed("camera", "ended", {}),
        {"settings": LOOKALIKE}, (Note(messages.CAMERA["ended"]), Redraw(), *AFTER)),
    Row("a file is too large", state(), SourceFailed("file", "large", {"size": 99, "most": 20}), {},
        (Note(messages.FILE["large"].format(size=99, most=20)),)),
    Row("the next picture is saved", state(), SaveRequested(), {}, (SaveFrame(), Redraw())),
    # ---- the worker that was to follow ----
    Row("a trial gave up", state(), SuccessorFailed(("webgpu",), LOST),
        {"trials": ("webgpu",), "caps": with_caps(state(), broken=LOST)}, (Redraw(), P, L, NO_OVERLAY)),
    Row("the last trial gave up", state(), SuccessorFailed((), LOST),
        {"caps": with_caps(state(), broken=LOST)}, (P, L, NO_OVERLAY)),
    Row("another model could not be begun",
        looks(model=SELFIE.id, smoothing=3), SuccessorFailed(text="WASM stopped."),
        {"settings": changed(LOOKALIKE, smoothing=3)}, (Note("WASM stopped."), *AFTER)),
    # ---- answers ----
    Row("a caption", state(), TaskReported(Caption("Two.")), {"last_events": {"caption": Caption("Two.")}},
        (Caption("Two."),)),
    Row("answers keep the picks that hold",
        state(last_events={"answers": TWO}, picks={1: "characters/8", 2: "x", 0: "y"}),
        TaskReported(answers(0, 1)),
        {"last_events": {"answers": replace(answers(0, 1), picked={1: "characters/8", 0: "y"})},
         "picks": {1: "characters/8", 0: "y"}},
        (replace(answers(0, 1), picked={1: "characters/8", 0: "y"}), L)),
    Row("another source has other faces", state(last_events={"answers": TWO}, picks={1: "characters/8"}),
        TaskReported(answers(1, 1)), {"last_events": {"answers": answers(1, 1)}, "picks": {}},
        (answers(1, 1), L)),
    Row("a pick", state(last_events={"answers": TWO}), Picked(1, "characters/8"),
        {"last_events": {"answers": replace(TWO, picked={1: "characters/8"})}, "picks": {1: "characters/8"}},
        (replace(TWO, picked={1: "characters/8"}), L)),
    Row("a pick of what another worker told", state(), Picked(2, "characters/7"),
        {"picks": {2: "characters/7"}}, (L,)),
    Row("a face is shared with the answer picked", state(last_events={"answers": TWO}, picks={2: OTHER.key}),
        ShareRequested(2), {},
        (ShareCard(OTHER, ((0.2, 0, 1, 1),), messages.SHARE, messages.SHARED_FILE),)),
    Row("all are shared with the first",
        state(last_events={"answers": answers(0, 1, 2, together=(ANSWER, OTHER))}),
        ShareRequested(0), {},
        (ShareCard(ANSWER, ((0.1, 0, 1, 1), (0.2, 0, 1, 1)), messages.SHARE, messages.SHARED_FILE),)),
    Row("nothing is shared before there are answers", state(), ShareRequested(1)),
    Row("nothing is shared without a face", state(last_events={"answers": answers(0)}), ShareRequested(0)),
    Row("nobody together", state(last_events={"answers": answers(0, 1)}), ShareRequested(0)),
    # ---- the visitor's pictures ----
    *(Row(message.type, state(), message, {}, (ChangePictures(message),))
      for message in (PictureAdded("Ada", "bitmap"), PictureRemoved("id"),
                      PicturesImported("file"))),
    Row("pictures are exported", state(), ExportRequested(), {}, (ExportPictures(),)),
    Row("there are more pictures", state(), PicturesChanged(3), {"caps": MORE, "pictures": 1},
        (P, L, NO_OVERLAY, LoadGalleries("characters", 1))),
    Row("the last picture is gone", WITHOUT_OWN, PicturesChanged(0),
        {"caps": with_caps(state(), user_pictures=0), "pictures": 1, "settings": LOOKALIKE},
        (Redraw(), P, S, L, V, NO_OVERLAY, LoadGalleries("characters", 1), NO_BACKDROP)),
    # ---- what is loaded ----
    Row("the models are there", STARTING_STATE, EngineLoaded(), {"phase": "loaded"},
        (L, CHARACTERS, NO_BACKDROP)),
    Row("the models are warm", state(phase="loaded", handover=Handover("q", target_ms=5.0)), EngineReady(),
        {"phase": "running", "handover": Handover("q")},
        (Ready(), PublishPictures(False), L, NO_OVERLAY, CHARACTERS, NO_BACKDROP)),
    Row("something begins that takes long", state(), BusyChanged(1), {"busy": 1}, (L,)),
    Row("it has ended", state(busy=1), BusyChanged(-1), {"busy": 0}, (L,)),
    Row("an overlay cannot be had", looks(overlay=MESH.id), OverlayFailed(WHY), {"settings": LOOKALIKE},
        (Note(messages.OVERLAY.format(why=WHY)), *AFTER)),
    Row("a gallery cannot be had", looks(gallery=ALL), GalleriesFailed(WHY, "characters"),
        {"settings": LOOKALIKE}, (Note(messages.GALLERY.format(why=WHY)), *AFTER)),
    Row("a backdrop cannot be had", state(), BackdropFailed(WHY), {},
        (Note(messages.BACKDROP.format(why=WHY)),)),
    # ---- trials ----
    Row("a trial", state(Settings(), SELFIE, trials=("webgl", "webgpu")), TrialDue(500.0), {"trials": ()},
        (begun(BACKGROUND, backend="webgl", trials=("webgpu",), target_ms=500.0), L)),
    Row("of several models the trial is measured", state(trials=("webgl", "webgpu")), TrialDue(500.0),
        {"trials": ()}, (MeasureTrial(("webgpu",), LOOKALIKE), L)),  # WebGL has no index of the gallery
    Row("no trial on a chosen backend", state(replace(LOOKALIKE, backend="wasm"), trials=("webgpu",)),
        TrialDue(500.0), {"trials": ()}, (L,)),
    Row("no trial of what cannot draw the overlay",
        state(replace(Settings(), overlay="facemesh", model=BODY.id), BODY, trials=("webgl",),
              caps=with_caps(cards=(BODY, MESH), probe=GPU)),
        TrialDue(500.0), {"trials": ()}, (L,)),
    Row("no trial before anything was inferred", state(trials=("webgpu",)), TrialDue(0.0)),
    Row("it is measured", state(), TrialMeasured(7.0, ("webgpu",), LOOKALIKE), {},
        (begun(state(), backend="webgpu", trials=(), target_ms=7.0),)),
    Row("measured with other looks", looks(smoothing=2), TrialMeasured(7.0, ("webgpu",), LOOKALIKE), {},
        (begun(looks(smoothing=2), backend="webgpu", trials=(), target_ms=7.0),)),
    Row("for another model a worker is begun already", looks(model=SELFIE.id),
        TrialMeasured(7.0, ("webgpu",), LOOKALIKE)),
    Row("this trial is not faster", TRIAL, TrialLost(), {}, (Declined(SuccessorFailed(("webgpu",))),)),
    # ---- the end ----
    Row("a trial fails", TRIAL, WorkerFailed(WHY), {},
        (Declined(SuccessorFailed(("webgpu",), {"wasm": WHY})),)),
    Row("the same is started again", replace(BACKGROUND, backend="wasm-ort"), WorkerFailed(WHY), {},
        (Begin(Handover(to_query(Settings()), "wasm-ort", (), retries=1, notes=(AGAIN,)), failed=True),)),
    Row("the next of the ladder follows",
        replace(BACKGROUND, backend="webgpu", caps=with_caps(probe=GPU, broken={"webgl": "lost"})),
        WorkerFailed(WHY, again=False), {},
        (Begin(Handover(to_query(Settings()), "wasm", (), failed={"webgl": "lost", "webgpu": WHY},
                        notes=("WebGPU stopped (out of memory). Continuing with WASM.",)), failed=True),)),
    Row("a damaged file is not tried twice", replace(BACKGROUND, backend="wasm-ort"),
        WorkerFailed(WHY, again=False), {}, (Stopped(LAST),)),
    Row("nothing is left to try",
        replace(state(Settings(), SELFIE, handover=Handover(retries=RETRIES)), backend="wasm-ort"),
        WorkerFailed(WHY), {}, (Stopped(LAST),)),
)  # fmt: skip
