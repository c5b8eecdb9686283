"""Offer: what there is to choose from, of this build and in this browser.

Does not choose.
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
    """What there is to choose from: what this build holds, and what this browser can do."""

    probe: Probe = field(default_factory=Probe)
    cards: tuple[ModelCard, ...] = ()
    backdrops: tuple[tuple[str, str], ...] = ()  # (id, title)
    cameras: tuple[tuple[str, str], ...] = ()  # (device id, label)
    own_image: bool = False  # the visitor has given a picture of their own
    broken: dict[str, str] = field(default_factory=dict)  # backend -> why it failed in this visit
    run: str = ""  # the backend that runs; "" before one does
    galleries: tuple[Gallery, ...] = ()  # the manifest's; that of id "own" is what holds the visitor's
    own: int = 0  # pictures of their own that the visitor keeps in this browser

    def card(self, model: str) -> ModelCard | None:
        """The card with this id."""
        return next((card for card in self.cards if card.id == model), None)

    def over(self, settings: Settings, id: str) -> ModelCard | None:
        """The card that the overlay `id` draws the findings of: of body parts the chosen model's own."""
        card = self.card(settings.model if id == PARTS else id)
        return card if card and (id != PARTS or card.tint) else None

    def runnable(self, card: ModelCard, backend: str) -> bool:
        """Whether a card can run on a backend; on "auto", whether on any."""
        features = self.probe.features
        return any(card.variant(b, features) for b in ([backend] if backend != "auto" else BACKENDS))

    def resolve(self, model_kinds: Iterable[str], settings: Settings, backend: str) -> dict[str, ModelCard]:
        """A card of each of these kinds: the one chosen as the model, else what the task prefers, else
        that of the smallest input, which is the quickest. Of BlazeFace it is the short range, made for the
        face before a screen. A classifier serves others by telling a gallery's characters apart: one that no
        gallery has an index for does not.

        Raises ValueError, with the reason in a few words, where there is none.
        """
        own = self.card(settings.model)
        preferred = TASKS[settings.task].preferred

        def order(card: ModelCard) -> tuple[int, int]:
            rank = preferred.index(card.id) if card.id in preferred else len(preferred)
            return rank, card.input.height * card.input.width

        ordered = sorted(self.cards, key=order)
        cards = [card for card in (own, *ordered) if card and self.runnable(card, backend)]
        cards = [card for card in cards if card.kind != "classifier" or self.indexed(card, backend)]
        found = {}
        for kind in model_kinds:
            card = next((card for card in cards if card.kind == kind), None)
            if card is None:
                raise ValueError(f"needs a {kind}, which is not in this build")
            found[kind] = card
        return found

    def indexed(self, card: ModelCard, backend: str) -> bool:
        """Whether a gallery has an index for a classifier on a backend; on "auto", on any."""
        backends = [backend] if backend != "auto" else list(BACKENDS)
        return any(each.index(card.id, b) for each in self.built for b in backends)

    def supports(self, card: ModelCard, task: str, backend: str) -> bool:
        """Whether a task can be done with a card as its model on a backend; on "auto", on any."""
        if backend == "auto":
            return any(self.supports(card, task, each) for each in BACKENDS)
        kind = TASKS[task]
        if card.missing or card.kind not in kind.model_kinds or not self.runnable(card, backend):
            return False
        if "cutout" in kind.requires and card.cutout(backend) is None:
            return False
        try:
            self.resolve(kind.auxiliary, Settings(task=task, model=card.id), backend)
        except ValueError:
            return False
        return True

    @property
    def built(self) -> tuple[Gallery, ...]:
        """The galleries that this build has, without the visitor's."""
        return tuple(each for each in self.galleries if each.id != OWN and not each.missing)

    def gallery(self, id: str) -> Gallery | None:
        """The gallery with this id."""
        return next((each for each in self.galleries if each.id == id), None)

    def compared(self, settings: Settings) -> tuple[Gallery, ...]:
        """The galleries that the Settings has faces compared with."""
        wanted = [each for each in self.built if settings.gallery in (each.id, ALL)]
        own = self.gallery(OWN) if self.own and settings.gallery in (OWN, ALL) else None
        return (*wanted, own) if own else tuple(wanted)
