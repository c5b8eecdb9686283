"""The panel as data made from a Look, and apply(): one setting changed, checked.

Does not draw: page.js turns each Control into a native element.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from app.backend import BACKENDS, Backend, Probe, cannot, most_threads
from app.card import ModelCard
from app.look import RESOLUTIONS, Look, pairs
from app.tasks import TITLES


@dataclass(frozen=True)
class Option:
    """One choice. `cannot` says why it is not selectable; "" when it is."""

    value: str
    title: str
    cannot: str = ""


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


@dataclass(frozen=True)
class Offer:
    """What there is to choose from: this build's models and backdrops, this browser's abilities."""

    probe: Probe = field(default_factory=Probe)
    cards: tuple[ModelCard, ...] = ()
    backdrops: tuple[tuple[str, str], ...] = ()  # (id, title)
    cameras: tuple[tuple[str, str], ...] = ()  # (device id, label)
    own_image: bool = False  # the visitor has given a picture of their own
    broken: dict[str, str] = field(default_factory=dict)  # backend -> why it failed in this visit

    def card(self, model: str) -> ModelCard | None:
        """The card with this id."""
        return next((card for card in self.cards if card.id == model), None)


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


def _backends(look: Look, offer: Offer) -> tuple[Option, ...]:
    card = offer.card(look.model)

    def why(backend: Backend) -> str:
        return offer.broken.get(backend.id, "") or cannot(backend, offer.probe, card)

    return (Option("auto", "Auto"), *(Option(b.id, b.title, why(b)) for b in BACKENDS.values()))


def _models(look: Look, offer: Offer) -> tuple[Option, ...]:
    def why(card: ModelCard) -> str:
        if card.missing:
            return "not in this build"
        on = look.backend
        return "" if on == "auto" or card.variant(on) else f"not on {BACKENDS[on].title}"

    return tuple(Option(card.id, card.title, why(card)) for card in offer.cards)


def _images(offer: Offer) -> tuple[Option, ...]:
    own = Option("own", "Your own picture", "" if offer.own_image else "choose a file below")
    return (*(Option(id, title) for id, title in offer.backdrops), own)


def _cameras(offer: Offer) -> tuple[Option, ...]:
    known = tuple(Option(id, label) for id, label in offer.cameras)
    return (Option("", "Default camera"), *known)


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
    return (
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
            choice("image", "Image", look.image, _images(offer)) if image else None,
            Control("image-file", "Your own picture", "file", "", accept=PICTURES) if image else None,
            Control("colour", "Colour", "colour", look.colour) if on == "colour" else None,
            percent("blur", "Blur strength", look.blur) if on == "blur" else None,
            percent("softness", "Edge softness", look.softness),
            percent("smoothing", "Smoothing", look.smoothing, steady),
        ),
        *group(
            "Inference",
            choice("backend", "Backend", look.backend, _backends(look, offer)),
            choice("model", "Model", look.model, _models(look, offer)),
            choice("threads", "Threads", str(look.threads), (Option("0", "Auto"), *counts), one),
        ),
    )


def _percent(name: str, value: Any) -> int:
    try:
        number = round(float(value))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} takes a whole number from 0 to 100, not “{value}”.") from None
    if not 0 <= number <= 100:
        raise ValueError(f"{name} takes a whole number from 0 to 100, not {value}.")
    return number


def _toggle(name: str, value: Any) -> bool:
    known = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
    if str(value).lower() not in known:
        raise ValueError(f"{name} takes 1 or 0, not “{value}”.")
    return known[str(value).lower()]


def _colour(name: str, value: Any) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(value)):
        raise ValueError(f"{name} takes a colour such as #2f6f5e, not “{value}”.")
    return str(value).lower()


def _option(name: str, value: Any, options: Iterable[Option]) -> str:
    rows = tuple(options)
    option = next((o for o in rows if o.value == str(value)), None)
    if option is None:
        names = ", ".join(o.value for o in rows if o.value)
        raise ValueError(f"{name} takes one of {names}, not “{value}”.")
    if option.cannot:
        raise ValueError(f"{name}: {option.title} cannot be chosen here ({option.cannot}).")
    return option.value


def _threads(name: str, value: Any, offer: Offer) -> int:
    most = most_threads(offer.probe)
    if not re.fullmatch(r"\d{1,3}", str(value)):
        raise ValueError(f"{name} takes a whole number from 0 (automatic) to {most}, not “{value}”.")
    if int(value) > most:
        why = "" if offer.probe.isolated else ": the page is not cross-origin isolated"
        raise ValueError(f"{name}: {value} cannot run here, {most} at most{why}.")
    return int(value)


CHECKS: dict[str, Any] = {
    "task": lambda n, v, look, offer: _option(n, v, (Option(id, title) for id, title in TITLES.items())),
    "source": lambda n, v, look, offer: _option(n, v, SOURCES),
    # Device ids are the browser's own; one it does not know makes it take the default camera.
    "camera": lambda n, v, look, offer: str(v),
    "backend": lambda n, v, look, offer: _option(n, v, _backends(look, offer)),
    "model": lambda n, v, look, offer: _option(n, v, _models(look, offer)),
    "background": lambda n, v, look, offer: _option(n, v, BACKGROUNDS),
    "colour": lambda n, v, look, offer: _colour(n, v),
    "image": lambda n, v, look, offer: _option(n, v, _images(offer)),
    "blur": lambda n, v, look, offer: _percent(n, v),
    "softness": lambda n, v, look, offer: _percent(n, v),
    "smoothing": lambda n, v, look, offer: _percent(n, v),
    "mirror": lambda n, v, look, offer: _toggle(n, v),
    "resolution": lambda n, v, look, offer: _option(n, v, (Option(r, r) for r in RESOLUTIONS)),
    "threads": lambda n, v, look, offer: _threads(n, v, offer),
}


def apply(look: Look, name: str, value: Any, offer: Offer) -> Look:
    """The Look with one setting changed.

    Raises ValueError, with a sentence for the visitor, for a name or value that cannot be.
    """
    if name not in CHECKS:
        raise ValueError(f"There is no setting “{name[:80]}”. Settings: {', '.join(CHECKS)}.")
    # A value may come from the address bar; the sentence about a bad one has to stay readable.
    given = value if isinstance(value, bool | int | float) else str(value)[:200]
    changed = replace(look, **{name: CHECKS[name](name, given, look, offer)})
    if name == "source":
        # One looks at oneself as in a mirror, and at anything else as it is.
        changed = replace(changed, mirror=changed.source == "camera")
    return changed


def from_query(query: str, offer: Offer) -> tuple[Look, list[str]]:
    """The Look a URL query asks for, and a sentence for every value that could not be honoured."""
    given, look, notes = pairs(query), first(offer), []
    # In the order of the fields: source comes before mirror, model before backend.
    for name in (f.name for f in fields(Look)):
        if name in given:
            try:
                look = apply(look, name, given[name], offer)
            except ValueError as error:
                notes.append(f"{error} Using {_shown(getattr(look, name))} instead.")
    return look, notes


def _shown(value: str | int | bool) -> str:
    """A setting's value as the query writes it."""
    return str(int(value) if isinstance(value, bool) else value)


def first(offer: Offer) -> Look:
    """The Look of a first visit: the defaults, with a model and a backdrop that this build has."""
    look = Look()
    models = [card.id for card in offer.cards if not card.missing]
    images = [id for id, _ in offer.backdrops]
    if models and look.model not in models:
        look = replace(look, model=models[0])
    if images and look.image not in images:
        look = replace(look, image=images[0])
    return look
