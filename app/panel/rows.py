"""SETTINGS: a row for each setting, in the order of the panel, declares everything about that setting.

Does not apply them: app.panel.apply does. Does not draw them: static/panel.js does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.backgrounds import BACKGROUNDS, video_rate
from app.backgrounds.base import Background
from app.core.parameter import Parameter
from app.core.settings import Settings
from app.panel import hints, options
from app.panel.available import switched
from app.panel.capabilities import Capabilities
from app.panel.kinds import CameraChoice, Choice, Colour, GalleryChoice, Kind, Range, ThreadCount, Toggle
from app.panel.setting import PICTURES, VIDEOS, FilePicker, Setting
from app.tasks import TASKS


def _first_image(parameter: Parameter[str]) -> Callable[[Settings, Capabilities], str]:
    """The default backdrop where the build has it, else its first one."""

    def first(settings: Settings, caps: Capabilities) -> str:
        ids = [id for id, _ in caps.backdrops]
        return parameter.default if parameter.default in ids or not ids else ids[0]

    return first


def _first_gallery(settings: Settings, caps: Capabilities) -> str:
    ids = [each.id for each in caps.built_galleries]
    return settings.gallery if settings.gallery in ids or not ids else ids[0]


def _first_model(settings: Settings, caps: Capabilities) -> str:
    return caps.preferred_model(settings.task) or settings.model


def _mirrored(old: Settings, new: Settings, caps: Capabilities) -> Settings:
    """The visitor sees themselves as in a mirror, and everything else as it is."""
    return replace(new, mirror=new.source == "camera")


def _of_background(background: Background, parameter: Parameter[Any]) -> Setting:
    """The row of a background's parameter: shown while that background is chosen."""
    kinds: dict[str, Kind] = {
        "range": Range(parameter.low, parameter.high, parameter.step, parameter.unit),
        "colour": Colour(),
        "image": Choice(options.images, "a built-in image, `own`"),
    }
    picked = FilePicker(f"{parameter.name}-file", "Your own picture", PICTURES)
    image = parameter.kind == "image"
    return Setting(
        parameter.name,
        parameter.label,
        "Background",
        kinds[parameter.kind],
        parameter.meaning,
        parameter=parameter,
        shown=lambda settings, caps: settings.background == background.id,
        hint=lambda settings, caps: parameter.hint,
        initial=_first_image(parameter) if image else None,
        picker=picked if image else None,
    )


SETTINGS: dict[str, Setting] = {
    row.name: row
    for row in (
        Setting(
            "task",
            "Task",
            "Task",
            Choice(options.tasks),
            "What the page does with the picture.",
            restarts=True,
            then=switched,
        ),
        Setting(
            "gallery",
            "Gallery",
            "Task",
            GalleryChoice(options.galleries, "the id of a gallery, `own`, `all`"),
            "The pictures that the look-alike task compares faces with.",
            depends_on=("task", "backend"),
            shown=lambda settings, caps: TASKS[settings.task].requires.galleries,
            initial=_first_gallery,
        ),
        Setting(
            "source",
            "Source",
            "Picture",
            Choice(options.sources),
            "Where the picture comes from. A camera is mirrored unless `mirror` says otherwise.",
            then=_mirrored,
            picker=FilePicker(
                "file", "Photo or video", f"{PICTURES},{VIDEOS}", lambda settings: settings.source == "file"
            ),
        ),
        Setting(
            "camera",
            "Camera",
            "Picture",
            CameraChoice(options.cameras, "a device id of the browser"),
            "The camera. An id that the browser does not know stands for its default camera.",
            shown=lambda settings, caps: settings.source == "camera",
        ),
        Setting(
            "resolution",
            "Resolution",
            "Picture",
            Choice(options.resolutions),
            "The largest size at which a live picture is shown, by its height.",
        ),
        Setting(
            "mirror",
            "Mirror",
            "Picture",
            Toggle(),
            "Whether the picture is shown as in a mirror.",
            depends_on=("source",),
        ),
        Setting(
            "background",
            "Background",
            "Background",
            Choice(options.backgrounds),
            "What is shown behind the person.",
            picker=FilePicker(
                "video-file",
                "Your own video",
                VIDEOS,
                lambda settings: video_rate(settings) > 0,
                "It plays in a loop without sound and stays on this machine."
                " Until you choose one, a dark colour is shown.",
            ),
        ),
        *(_of_background(each, parameter) for each in BACKGROUNDS.values() for parameter in each.parameters),
        Setting(
            "softness",
            "Edge softness",
            "Background",
            Range(unit="%"),
            "The width of the person's edge, in percent.",
        ),
        Setting(
            "smoothing",
            "Smoothing",
            "Background",
            Range(unit="%"),
            "How much the mask is smoothed over time, in percent.",
            hint=lambda settings, caps: "Steadies uncertain edges over time.",
        ),
        Setting(
            "overlay",
            "Overlay",
            "Background",
            Choice(options.overlays, "`none`, `parts`, the id of a model"),
            "What is drawn over the picture: a model's face mesh or pose, or the chosen model's body parts.",
            depends_on=("backend", "model", "detail"),
            shown=lambda settings, caps: len(options.overlays(settings, caps)) > 1,
        ),
        Setting(
            "backend",
            "Backend",
            "Inference",
            Choice(options.backends),
            "What runs the model. `wasm` is the model compiled to WebAssembly, `wasm-ort` is onnxruntime-web."
            " `auto` measures which one is the fastest.",
            depends_on=("task", "model"),
            restarts=True,
            hint=hints.backend,
        ),
        Setting(
            "model",
            "Model",
            "Inference",
            Choice(options.models, "the id of a model"),
            "The model that finds the person.",
            depends_on=("task",),
            restarts=True,
            initial=_first_model,
        ),
        Setting(
            "detail",
            "Internal resolution",
            "Inference",
            Choice(options.details),
            "The size at which the model runs, where it has several.",
            depends_on=("model",),
            restarts=True,
            shown=lambda settings, caps: bool(hints.size(settings, caps)),
            hint=hints.network_input,
            display=hints.size,
        ),
        Setting(
            "economy",
            "Save power",
            "Inference",
            Toggle(),
            "Whether a mask is used again while the picture rests or the machine is slow.",
        ),
        Setting(
            "threads",
            "Threads",
            "Inference",
            ThreadCount(options.threads, "`0` (automatic) to the number of cores"),
            "How many threads `wasm-ort` runs on. More than one needs a page that is cross-origin isolated.",
            restarts=True,
            shown=hints.threads_matter,
            hint=hints.threads,
        ),
    )
}


def _by_dependency() -> tuple[Setting, ...]:
    """The rows in their order, but each after those it depends on. Raises ValueError for a circle."""
    ordered: list[Setting] = []
    waiting = list(SETTINGS.values())
    while waiting:
        names = {row.name for row in ordered}
        row = next((row for row in waiting if names.issuperset(row.depends_on)), None)
        if row is None:
            raise ValueError(f"{', '.join(row.name for row in waiting)} depend on each other.")
        ordered.append(row)
        waiting.remove(row)
    return tuple(ordered)


BY_DEPENDENCY = _by_dependency()
RESTARTS = tuple(row.name for row in SETTINGS.values() if row.restarts)
