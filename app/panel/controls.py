"""The panel as data made from a Look: what can be set, and what of it cannot be chosen here and why.

Does not draw: page.js turns each Control into a native element. Does not set: app.panel.validate does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.backend import BACKENDS, most_threads
from app.core.card import ModelCard
from app.core.settings import DETAILS, RESOLUTIONS, Look
from app.overlays import OVERLAYS, PARTS, overlay
from app.panel.capabilities import Offer
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


def sized(look: Look, offer: Offer) -> ModelCard | None:
    """The card whose sizes there are to choose from: the chosen model, else the overlay's."""
    cards = offer.card(look.model), offer.over(look, look.overlay)
    return next((card for card in cards if card and card.sizes), None)


def details(look: Look, offer: Offer) -> tuple[Option, ...]:
    """The sizes of the chosen model or overlay; without sizes whatever may be asked of another."""
    card = sized(look, offer)
    known = [size.id for size in card.sizes] if card else DETAILS
    return tuple(Option(id, id.title()) for id in DETAILS if id in known)


def cannot_overlay(id: str, look: Look, offer: Offer, backend: str) -> str:
    """Why an overlay cannot be drawn where `backend` runs, which may be "auto"; "" when it can."""
    card = offer.over(look, id)
    if card is None:
        return "the model does not tell them apart"
    if card.missing:
        return "not in this build"
    if not offer.offered(card, backend) or (id == PARTS and backend == "webgl"):  # its runtime has no WASM
        return f"not on {BACKENDS[backend].title}" if backend in BACKENDS else "not offered here"
    try:
        offer.beside(overlay(id, card).beside, look, backend)
    except ValueError as error:
        return str(error)
    return ""


def overlays(look: Look, offer: Offer) -> tuple[Option, ...]:
    """The overlays of this build, judged by the backend chosen; with "auto" by the one that runs."""
    backend = offer.run or "auto" if look.backend == "auto" else look.backend

    cards = (card for card in offer.cards if card.kind in OVERLAYS)
    rows = [(card.id, overlay(card.id, card).title.format(card=card.title)) for card in cards]
    if any(card.tint for card in offer.cards):
        rows.append((PARTS, OVERLAYS[PARTS].title))
    able = (Option(id, title, cannot_overlay(id, look, offer, backend)) for id, title in rows)
    return (Option("none", "None"), *able)


def images(offer: Offer) -> tuple[Option, ...]:
    own = Option("own", "Your own picture", "" if offer.own_image else "choose a file below")
    return (*(Option(id, title) for id, title in offer.backdrops), own)


def _cameras(offer: Offer) -> tuple[Option, ...]:
    known = tuple(Option(id, label) for id, label in offer.cameras)
    return (Option("", "Default camera"), *known)


def _detail(look: Look, offer: Offer) -> Control | None:
    card = sized(look, offer)
    size = card.sized(look.detail).size if card else None
    if size is None:
        return None
    seen = f"The network sees {size.input.width} × {size.input.height} pixels."
    return Control("detail", "Internal resolution", "choice", size.id, "", seen, details(look, offer))


def panel(look: Look, offer: Offer) -> tuple[Control, ...]:
    """The controls that make sense for this Look, in the order they are shown."""
    most = most_threads(offer.probe)
    isolated = offer.probe.isolated
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

    image, on = look.background == "image", look.background
    compares = "gallery" in TASKS[look.task].wants
    drawn = overlays(look, offer)
    over = len(drawn) > 1
    return (
        *group(
            "Task",
            choice("task", "Task", look.task, tasks(look, offer)),
            choice("gallery", "Gallery", look.gallery, galleries(look, offer)) if compares else None,
        ),
        *group(
            "Picture",
            choice("source", "Source", look.source, SOURCES),
            choice("camera", "Camera", look.camera, _cameras(offer)) if look.source == "camera" else None,
            Control("file", "Photo or video", "file", "", accept=FILES) if look.source == "file" else None,
            choice("resolution", "Resolution", look.resolution, sizes),
            Control("mirror", "Mirror", "toggle", look.mirror),
        ),
        *group(
            "Background",
            choice("background", "Background", look.background, BACKGROUNDS),
            choice("image", "Image", look.image, images(offer)) if image else None,
            Control("image-file", "Your own picture", "file", "", accept=PICTURES) if image else None,
            Control("colour", "Colour", "colour", look.colour) if on == "colour" else None,
            percent("blur", "Blur strength", look.blur) if on == "blur" else None,
            percent("softness", "Edge softness", look.softness),
            percent("smoothing", "Smoothing", look.smoothing, steady),
            choice("overlay", "Overlay", look.overlay, drawn) if over else None,
        ),
        *group(
            "Inference",
            choice("backend", "Backend", look.backend, backends(look, offer)),
            choice("model", "Model", look.model, models(look, offer)),
            _detail(look, offer),
            choice("threads", "Threads", str(look.threads), (Option("0", "Auto"), *counts), one),
        ),
    )
