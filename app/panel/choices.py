"""What can be run in this build and browser, and why the rest cannot: tasks, models, backends, galleries.

Does not lay out the panel: app.panel.controls does. Does not set: app.panel.validate does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.backend import BACKENDS, Backend, cannot
from app.core.card import ModelCard
from app.core.gallery import ALL, OWN, Gallery
from app.core.settings import Look
from app.panel.capabilities import Offer
from app.tasks import TASKS


@dataclass(frozen=True)
class Option:
    """One choice. `cannot` says why it is not selectable; "" when it is."""

    value: str
    title: str
    cannot: str = ""


def backends(look: Look, offer: Offer) -> tuple[Option, ...]:
    card = offer.card(look.model)

    def why(backend: Backend) -> str:
        if reason := offer.broken.get(backend.id, "") or cannot(backend, offer.probe, card):
            return reason
        if card and not card.missing and not offer.serves(card, look.task, backend.id):
            return f"{TASKS[look.task].title} is not offered on it"
        gallery = _unheld(look, offer, backend.id) if "gallery" in TASKS[look.task].wants else None
        return f"{gallery.title} cannot be compared with on it" if gallery else ""

    return (Option("auto", "Auto"), *(Option(b.id, b.title, why(b)) for b in BACKENDS.values()))


def models(look: Look, offer: Offer) -> tuple[Option, ...]:
    def why(card: ModelCard) -> str:
        if card.missing:
            return "not in this build"
        on = look.backend
        if on != "auto" and not offer.offered(card, on):
            return f"not on {BACKENDS[on].title}"
        return "" if offer.serves(card, look.task, on) else f"not for {TASKS[look.task].title}"

    kinds = TASKS[look.task].kinds
    return tuple(Option(card.id, card.title, why(card)) for card in offer.cards if card.kind in kinds)


def tasks(look: Look, offer: Offer) -> tuple[Option, ...]:
    """The tasks; one that this build lacks a card or a gallery for cannot be chosen."""

    def why(task: str) -> str:
        if any(offer.serves(card, task, look.backend) for card in offer.cards):
            return ""
        if any(offer.serves(card, task, "auto") for card in offer.cards):
            return f"not on {BACKENDS[look.backend].title}"
        return "not in this build"

    return tuple(Option(id, task.title, "" if id == look.task else why(id)) for id, task in TASKS.items())


def galleries(look: Look, offer: Offer) -> tuple[Option, ...]:
    """What faces can be compared with: a gallery of this build, the visitor's own pictures, all together."""
    on = offer.run if look.backend == "auto" else look.backend

    def row(id: str, title: str, lacks: str) -> Option:
        unheld = on in BACKENDS and _unheld(replace(look, gallery=id), offer, on)
        return Option(id, title, lacks or (f"not on {BACKENDS[on].title}" if unheld else ""))

    absent, mine, several = "not in this build", offer.gallery(OWN), len(offer.built) + bool(offer.own) > 1
    lacks = "" if offer.own and mine else "add some first" if mine else absent
    built = (each for each in offer.galleries if each.id != OWN)
    return (
        *(row(each.id, each.title, absent if each.missing else "") for each in built),
        row(OWN, "Your own pictures", lacks),
        row(ALL, "All together", "" if several else "add pictures of your own first"),
    )


def _unheld(look: Look, offer: Offer, backend: str) -> Gallery | None:
    """A gallery the Look compares with that has no index for a backend: WebGL's hold fewer characters."""
    cards = [card for card in offer.cards if card.kind == "classifier"]
    compared = offer.compared(look)
    return next((each for each in compared if not any(each.index(card.id, backend) for card in cards)), None)
