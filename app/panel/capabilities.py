"""Capabilities: the contents of this build and the abilities of this browser.

Does not choose a setting and does not load or run anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.core.backend import BACKENDS, Probe
from app.core.card import ModelCard
from app.core.gallery import ALL, OWN, Gallery
from app.core.settings import Settings
from app.overlays import PARTS
from app.tasks import TASKS


@dataclass(frozen=True)
class Capabilities:
    """The contents of this build, and the abilities of this browser."""

    probe: Probe = field(default_factory=Probe)
    cards: tuple[ModelCard, ...] = ()
    backdrops: tuple[tuple[str, str], ...] = ()  # (id, title)
    cameras: tuple[tuple[str, str], ...] = ()  # (device id, label)
    user_image: bool = False  # the visitor has chosen a file as background
    broken: dict[str, str] = field(default_factory=dict)  # backend -> why it failed in this visit
    backend: str = ""  # the backend that runs; "" before one does
    galleries: tuple[Gallery, ...] = ()  # the manifest's; the one with id "own" holds the visitor's pictures
    user_pictures: int = 0  # the number of the visitor's own pictures in this browser

    def card(self, model: str) -> ModelCard | None:
        """The card with this id."""
        return next((card for card in self.cards if card.id == model), None)

    def overlay_card(self, settings: Settings, id: str) -> ModelCard | None:
        """The card whose outputs the overlay `id` draws; for body parts the chosen model's card."""
        card = self.card(settings.model if id == PARTS else id)
        return card if card and (id != PARTS or card.tint) else None

    def runnable(self, card: ModelCard, backend: str) -> bool:
        """Whether a card can run on a backend; for "auto", on any backend."""
        features = self.probe.features
        return any(card.variant(b, features) for b in ([backend] if backend != "auto" else BACKENDS))

    def resolve(self, model_kinds: Iterable[str], settings: Settings, backend: str) -> dict[str, ModelCard]:
        """One card for each of these kinds.

        That is the chosen model, else a card that the task prefers, else the card with the smallest input,
        which is the fastest. For BlazeFace that is the short-range model, made for a face in front of a
        screen. A classifier counts only if a gallery has an index for it.

        Raises ValueError, with the reason in a few words, where no card of a kind can run.
        """
        own = self.card(settings.model)
        preferred = TASKS[settings.task].preferred

        def order(card: ModelCard) -> tuple[int, int]:
            rank = preferred.index(card.id) if card.id in preferred else len(preferred)
            return rank, card.input.height * card.input.width

        ordered = sorted(self.cards, key=order)
        cards = [card for card in (own, *ordered) if card and self.runnable(card, backend)]
        cards = [card for card in cards if card.kind != "classifier" or self.indexed(card, backend)]
        resolved = {}
        for kind in model_kinds:
            card = next((card for card in cards if card.kind == kind), None)
            if card is None:
                raise ValueError(f"this build has no {kind} for it")
            resolved[kind] = card
        return resolved

    def indexed(self, card: ModelCard, backend: str) -> bool:
        """Whether a gallery has an index for a classifier on a backend; for "auto", on any backend."""
        backends = [backend] if backend != "auto" else list(BACKENDS)
        return any(each.index(card.id, b) for each in self.built_galleries for b in backends)

    def supports(self, card: ModelCard, task: str, backend: str) -> bool:
        """Whether a task can run with a card as its model on a backend; for "auto", on any backend."""
        if backend == "auto":
            return any(self.supports(card, task, each) for each in BACKENDS)
        kind = TASKS[task]
        if card.missing or card.kind not in kind.requires.model or not self.runnable(card, backend):
            return False
        if kind.requires.cutout and card.cutout(backend) is None:
            return False
        try:
            self.resolve(kind.requires.auxiliary, Settings(task=task, model=card.id), backend)
        except ValueError:
            return False
        return True

    def preferred_model(self, task: str, backend: str = "auto") -> str:
        """The id of the card that is a task's model unless the visitor chooses; "" where there is none."""
        able = [card.id for card in self.cards if self.supports(card, task, backend)]
        return next((id for id in (*TASKS[task].preferred, *able) if id in able), "")

    @property
    def built_galleries(self) -> tuple[Gallery, ...]:
        """The galleries of this build, without the visitor's own pictures."""
        return tuple(each for each in self.galleries if each.id != OWN and not each.missing)

    def gallery(self, id: str) -> Gallery | None:
        """The gallery with this id."""
        return next((each for each in self.galleries if each.id == id), None)

    def selected_galleries(self, settings: Settings) -> tuple[Gallery, ...]:
        """The galleries that these Settings compare faces with."""
        selected = [each for each in self.built_galleries if settings.gallery in (each.id, ALL)]
        own = self.gallery(OWN) if self.user_pictures and settings.gallery in (OWN, ALL) else None
        return (*selected, own) if own else tuple(selected)
