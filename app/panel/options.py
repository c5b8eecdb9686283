"""The options of each setting in this build and browser, and why some of them are unavailable.

Does not set one and does not lay out the panel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.backgrounds import BACKGROUNDS
from app.backgrounds.image import USER_IMAGE
from app.core.backend import BACKENDS, Backend, cannot, most_threads
from app.core.card import ModelCard
from app.core.gallery import ALL, OWN
from app.core.settings import DETAILS, RESOLUTIONS, Settings
from app.overlays import OVERLAYS, PARTS, overlay
from app.panel.capabilities import Capabilities
from app.tasks import TASKS

ABSENT = "not in this build"


@dataclass(frozen=True)
class Option:
    """One option. `unavailable` says in a few words why it cannot be selected; "" when it can."""

    value: str
    title: str
    unavailable: str = ""


Options = tuple[Option, ...]


def tasks(settings: Settings, caps: Capabilities) -> Options:
    """The tasks. One is unavailable where this build lacks a model or a gallery that it needs."""

    def why(task: str) -> str:
        if any(caps.supports(card, task, settings.backend) for card in caps.cards):
            return ""
        elsewhere = any(caps.supports(card, task, "auto") for card in caps.cards)
        return _not_on(settings.backend) if elsewhere else ABSENT

    return tuple(Option(id, task.title, "" if id == settings.task else why(id)) for id, task in TASKS.items())


def galleries(settings: Settings, caps: Capabilities) -> Options:
    """The galleries to compare faces with: those of this build, the visitor's own pictures, and all of
    them.
    """
    on = caps.backend if settings.backend == "auto" else settings.backend

    def option(id: str, title: str, lacking: str) -> Option:
        missing = on in BACKENDS and _index_missing(replace(settings, gallery=id), caps, on)
        return Option(id, title, lacking or (_not_on(on) if missing else ""))

    built = (each for each in caps.galleries if each.id != OWN)
    several = len(caps.built_galleries) + bool(caps.user_pictures) > 1
    own = "" if caps.user_pictures else "add pictures first"
    return (
        *(option(each.id, each.title, ABSENT if each.missing else "") for each in built),
        option(OWN, "Your own pictures", own if caps.gallery(OWN) else ABSENT),
        option(ALL, "All galleries", "" if several else "add pictures first"),
    )


def sources(settings: Settings, caps: Capabilities) -> Options:
    """Where the picture comes from."""
    return (
        Option("sample", "Built-in sample"),
        Option("camera", "Camera"),
        Option("file", "Photo or video"),
    )


def cameras(settings: Settings, caps: Capabilities) -> Options:
    """The browser's default camera, and the cameras known so far."""
    return (Option("", "Default camera"), *(Option(id, label) for id, label in caps.cameras))


def resolutions(settings: Settings, caps: Capabilities) -> Options:
    """The sizes of the live picture."""
    return tuple(Option(name, f"{box.width} × {box.height}") for name, box in RESOLUTIONS.items())


def backgrounds(settings: Settings, caps: Capabilities) -> Options:
    """The backgrounds, in their order."""
    return tuple(Option(each.id, each.title) for each in BACKGROUNDS.values())


def images(settings: Settings, caps: Capabilities) -> Options:
    """The backdrops of this build, and the visitor's own picture."""
    own = Option(USER_IMAGE, "Your own picture", "" if caps.user_image else "choose a file below")
    return (*(Option(id, title) for id, title in caps.backdrops), own)


def overlays(settings: Settings, caps: Capabilities) -> Options:
    """The overlays of this build on the chosen backend, or with "auto" on the running backend."""
    backend = caps.backend or "auto" if settings.backend == "auto" else settings.backend
    cards = (card for card in caps.cards if card.kind in OVERLAYS)
    known = [(card.id, overlay(card.id, card).title.format(card=card.title)) for card in cards]
    if any(card.tint for card in caps.cards):
        known.append((PARTS, OVERLAYS[PARTS].title))
    able = (Option(id, title, overlay_unavailable(id, settings, caps, backend)) for id, title in known)
    return (Option("none", "None"), *able)


def overlay_unavailable(id: str, settings: Settings, caps: Capabilities, backend: str) -> str:
    """Why an overlay cannot be drawn on `backend`, which may be "auto"; "" when it can."""
    card = caps.overlay_card(settings, id)
    if card is None:
        return "not supported by this model"
    if card.missing:
        return ABSENT
    if not caps.runnable(card, backend):
        return _not_on(backend) if backend in BACKENDS else "not available here"
    try:
        caps.resolve(overlay(id, card).auxiliary, settings, backend)
    except ValueError as error:
        return str(error)
    return ""


def backends(settings: Settings, caps: Capabilities) -> Options:
    """The backends that can run the chosen model, task and gallery."""
    card, task = caps.card(settings.model), TASKS[settings.task]

    def why(backend: Backend) -> str:
        if reason := caps.broken.get(backend.id, "") or cannot(backend, caps.probe, card):
            return reason
        if card and not card.missing and not caps.supports(card, settings.task, backend.id):
            return f"not available for {task.title}"
        missing = task.requires.galleries and _index_missing(settings, caps, backend.id)
        return "not available with this gallery" if missing else ""

    return (Option("auto", "Auto"), *(Option(b.id, b.title, why(b)) for b in BACKENDS.values()))


def models(settings: Settings, caps: Capabilities) -> Options:
    """The models of the kinds that the chosen task takes."""
    task, on = TASKS[settings.task], settings.backend

    def why(card: ModelCard) -> str:
        if card.missing:
            return ABSENT
        if on != "auto" and not caps.runnable(card, on):
            return _not_on(on)
        return "" if caps.supports(card, settings.task, on) else f"not available for {task.title}"

    cards = (card for card in caps.cards if card.kind in task.requires.model)
    return tuple(Option(card.id, card.title, why(card)) for card in cards)


def sized_card(settings: Settings, caps: Capabilities) -> ModelCard | None:
    """The card whose sizes can be chosen: the chosen model's, else the overlay's; None without sizes."""
    cards = caps.card(settings.model), caps.overlay_card(settings, settings.overlay)
    return next((card.sized(settings.detail) for card in cards if card and card.sizes), None)


def details(settings: Settings, caps: Capabilities) -> Options:
    """The sizes of the chosen model or overlay; where neither has sizes, all possible ones."""
    card = sized_card(settings, caps)
    known = [size.id for size in card.sizes] if card else DETAILS
    return tuple(Option(id, id.title()) for id in DETAILS if id in known)


def threads(settings: Settings, caps: Capabilities) -> Options:
    """Auto, and each number of WebAssembly threads that can run, at least up to 2."""
    most = most_threads(caps.probe)
    few = "this machine has 1 core" if caps.probe.isolated else "page is not cross-origin isolated"
    counts = range(1, max(2, most) + 1)
    return (Option("0", "Auto"), *(Option(str(n), str(n), "" if n <= most else few) for n in counts))


def _index_missing(settings: Settings, caps: Capabilities, backend: str) -> bool:
    """Whether a selected gallery has no index for a backend; WebGL's indexes hold fewer characters."""
    cards = [card.id for card in caps.cards if card.kind == "classifier"]
    selected = caps.selected_galleries(settings)
    return any(not any(each.index(card, backend) for card in cards) for each in selected)


def _not_on(backend: str) -> str:
    return f"not on {BACKENDS[backend].title}"
