"""The panel as data made from the Settings: what can be set, and what of it cannot be chosen here and why.

Does not draw: page.js turns each Control into a native element. Does not set: app.panel.validate does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.backend import BACKENDS, most_threads
from app.core.card import ModelCard
from app.core.settings import DETAILS, RESOLUTIONS, Settings
from app.overlays import OVERLAYS, PARTS, overlay
from app.panel.capabilities import Capabilities
from app.panel.choices import Option, backends, galleries, models, tasks
from app.tasks import TASKS


@dataclass(frozen=True)
class Control:
    """One setting as the panel shows it. `kind`: choice, range, toggle, colour or file."""

    name: str
    label: str
    kind: str
    value: str | int | bool
    group: str = ""
    hint: str = ""
    options: tuple[Option, ...] = ()
    low: int = 0
    high: int = 100
    step: int = 1
    unit: str = ""
    accept: str = ""  # kind file: the types the picker offers


SOURCES = (
    Option("sample", "Built-in sample"),
    Option("camera", "Camera"),
    Option("file", "Photo or video"),
)
BACKGROUNDS = (
    Option("blur", "Blur"),
    Option("image", "Image"),
    Option("colour", "Colour"),
    Option("transparent", "Transparent"),
    Option("none", "None (as it is)"),
)
PICTURES = "image/png,image/jpeg,image/webp,image/avif"
FILES = PICTURES + ",video/mp4,video/webm,video/quicktime"


def sized(settings: Settings, caps: Capabilities) -> ModelCard | None:
    """The card whose sizes there are to choose from: the chosen model, else the overlay's."""
    cards = caps.card(settings.model), caps.overlay_card(settings, settings.overlay)
    return next((card for card in cards if card and card.sizes), None)


def details(settings: Settings, caps: Capabilities) -> tuple[Option, ...]:
    """The sizes of the chosen model or overlay; without sizes whatever may be asked of another."""
    card = sized(settings, caps)
    known = [size.id for size in card.sizes] if card else DETAILS
    return tuple(Option(id, id.title()) for id in DETAILS if id in known)


def overlay_unavailable(id: str, settings: Settings, caps: Capabilities, backend: str) -> str:
    """Why an overlay cannot be drawn where `backend` runs, which may be "auto"; "" when it can."""
    card = caps.overlay_card(settings, id)
    if card is None:
        return "the model does not tell them apart"
    if card.missing:
        return "not in this build"
    if not caps.runnable(card, backend) or (id == PARTS and backend == "webgl"):  # its runtime has no WASM
        return f"not on {BACKENDS[backend].title}" if backend in BACKENDS else "not offered here"
    try:
        caps.resolve(overlay(id, card).auxiliary, settings, backend)
    except ValueError as error:
        return str(error)
    return ""


def overlays(settings: Settings, caps: Capabilities) -> tuple[Option, ...]:
    """The overlays of this build, judged by the backend chosen; with "auto" by the one that runs."""
    backend = caps.backend or "auto" if settings.backend == "auto" else settings.backend

    cards = (card for card in caps.cards if card.kind in OVERLAYS)
    rows = [(card.id, overlay(card.id, card).title.format(card=card.title)) for card in cards]
    if any(card.tint for card in caps.cards):
        rows.append((PARTS, OVERLAYS[PARTS].title))
    able = (Option(id, title, overlay_unavailable(id, settings, caps, backend)) for id, title in rows)
    return (Option("none", "None"), *able)


def images(caps: Capabilities) -> tuple[Option, ...]:
    own = Option("own", "Your own picture", "" if caps.user_image else "choose a file below")
    return (*(Option(id, title) for id, title in caps.backdrops), own)


def _cameras(caps: Capabilities) -> tuple[Option, ...]:
    known = tuple(Option(id, label) for id, label in caps.cameras)
    return (Option("", "Default camera"), *known)


def _detail(settings: Settings, caps: Capabilities) -> Control | None:
    card = sized(settings, caps)
    size = card.sized(settings.detail).size if card else None
    if size is None:
        return None
    seen = f"The network sees {size.input.width} × {size.input.height} pixels."
    return Control("detail", "Internal resolution", "choice", size.id, "", seen, details(settings, caps))


def panel(settings: Settings, caps: Capabilities) -> tuple[Control, ...]:
    """The controls that make sense for this Settings, in the order they are shown."""
    most = most_threads(caps.probe)
    isolated = caps.probe.isolated
    sizes = tuple(Option(name, f"{box.width} × {box.height}") for name, box in RESOLUTIONS.items())
    few = "this machine has 1 core" if isolated else "not isolated"
    counts = tuple(Option(str(n), str(n), "" if n <= most else few) for n in range(1, max(2, most) + 1))
    one = "" if isolated else "The page is not cross-origin isolated, so WASM runs on 1 thread."
    steady = "Steadies uncertain edges over time."

    def group(title: str, *rows: Control | None) -> list[Control]:
        return [replace(row, group=title) for row in rows if row is not None]

    def choice(name: str, label: str, value: str, options: tuple[Option, ...], hint: str = "") -> Control:
        return Control(name, label, "choice", value, options=options, hint=hint)

    def percent(name: str, label: str, value: int, hint: str = "") -> Control:
        return Control(name, label, "range", value, unit="%", hint=hint)

    image, on = settings.background == "image", settings.background
    compares = "gallery" in TASKS[settings.task].requires
    drawn = overlays(settings, caps)
    over = len(drawn) > 1
    return (
        *group(
            "Task",
            choice("task", "Task", settings.task, tasks(settings, caps)),
            choice("gallery", "Gallery", settings.gallery, galleries(settings, caps)) if compares else None,
        ),
        *group(
            "Picture",
            choice("source", "Source", settings.source, SOURCES),
            choice("camera", "Camera", settings.camera, _cameras(caps))
            if settings.source == "camera"
            else None,
            Control("file", "Photo or video", "file", "", accept=FILES)
            if settings.source == "file"
            else None,
            choice("resolution", "Resolution", settings.resolution, sizes),
            Control("mirror", "Mirror", "toggle", settings.mirror),
        ),
        *group(
            "Background",
            choice("background", "Background", settings.background, BACKGROUNDS),
            choice("image", "Image", settings.image, images(caps)) if image else None,
            Control("image-file", "Your own picture", "file", "", accept=PICTURES) if image else None,
            Control("colour", "Colour", "colour", settings.colour) if on == "colour" else None,
            percent("blur", "Blur strength", settings.blur) if on == "blur" else None,
            percent("softness", "Edge softness", settings.softness),
            percent("smoothing", "Smoothing", settings.smoothing, steady),
            choice("overlay", "Overlay", settings.overlay, drawn) if over else None,
        ),
        *group(
            "Inference",
            choice("backend", "Backend", settings.backend, backends(settings, caps)),
            choice("model", "Model", settings.model, models(settings, caps)),
            _detail(settings, caps),
            choice("threads", "Threads", str(settings.threads), (Option("0", "Auto"), *counts), one),
        ),
    )
