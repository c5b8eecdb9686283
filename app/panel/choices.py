"""What can be run in this build and browser, and why the rest cannot: tasks, models, backends, galleries.

Does not lay out the panel: app.panel.controls does. Does not set: app.panel.validate does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.backend import BACKENDS, Backend, cannot
from app.core.card import ModelCard
from app.core.gallery import ALL, OWN, Gallery
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.tasks import TASKS


@dataclass(frozen=True)
class Option:
    """One choice. `cannot` says why it is not selectable; "" when it is."""

    value: str
    title: str
    cannot: str = ""


def backends(settings: Settings, caps: Capabilities) -> tuple[Option, ...]:
    card = caps.card(settings.model)

    def why(backend: Backend) -> str:
        if reason := caps.broken.get(backend.id, "") or cannot(backend, caps.probe, card):
            return reason
        if card and not card.missing and not caps.supports(card, settings.task, backend.id):
            return f"{TASKS[settings.task].title} is not offered on it"
        gallery = _unheld(settings, caps, backend.id) if "gallery" in TASKS[settings.task].requires else None
        return f"{gallery.title} cannot be compared with on it" if gallery else ""

    return (Option("auto", "Auto"), *(Option(b.id, b.title, why(b)) for b in BACKENDS.values()))


def models(settings: Settings, caps: Capabilities) -> tuple[Option, ...]:
    def why(card: ModelCard) -> str:
        if card.missing:
            return "not in this build"
        on = settings.backend
        if on != "auto" and not caps.runnable(card, on):
            return f"not on {BACKENDS[on].title}"
        return "" if caps.supports(card, settings.task, on) else f"not for {TASKS[settings.task].title}"

    model_kinds = TASKS[settings.task].model_kinds
    return tuple(Option(card.id, card.title, why(card)) for card in caps.cards if card.kind in model_kinds)


def tasks(settings: Settings, caps: Capabilities) -> tuple[Option, ...]:
    """The tasks; one that this build lacks a card or a gallery for cannot be chosen."""

    def why(task: str) -> str:
        if any(caps.supports(card, task, settings.backend) for card in caps.cards):
            return ""
        if any(caps.supports(card, task, "auto") for card in caps.cards):
            return f"not on {BACKENDS[settings.backend].title}"
        return "not in this build"

    return tuple(Option(id, task.title, "" if id == settings.task else why(id)) for id, task in TASKS.items())


def galleries(settings: Settings, caps: Capabilities) -> tuple[Option, ...]:
    """What faces can be compared with: a gallery of this build, the visitor's own pictures, all together."""
    on = caps.backend if settings.backend == "auto" else settings.backend

    def row(id: str, title: str, lacks: str) -> Option:
        unheld = on in BACKENDS and _unheld(replace(settings, gallery=id), caps, on)
        return Option(id, title, lacks or (f"not on {BACKENDS[on].title}" if unheld else ""))

    absent, mine, several = (
        "not in this build",
        caps.gallery(OWN),
        len(caps.built_galleries) + bool(caps.user_pictures) > 1,
    )
    lacks = "" if caps.user_pictures and mine else "add some first" if mine else absent
    built = (each for each in caps.galleries if each.id != OWN)
    return (
        *(row(each.id, each.title, absent if each.missing else "") for each in built),
        row(OWN, "Your own pictures", lacks),
        row(ALL, "All together", "" if several else "add pictures of your own first"),
    )


def _unheld(settings: Settings, caps: Capabilities, backend: str) -> Gallery | None:
    """A gallery the Settings compares with that has no index for a backend: WebGL's hold fewer characters."""
    cards = [card for card in caps.cards if card.kind == "classifier"]
    compared = caps.selected_galleries(settings)
    return next((each for each in compared if not any(each.index(card.id, backend) for card in cards)), None)
