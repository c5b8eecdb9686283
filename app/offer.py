"""Offer: what there is to choose from, of this build and in this browser.

Does not choose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.backend import BACKENDS, Probe
from app.card import ModelCard
from app.look import Look
from app.overlays import PARTS


@dataclass(frozen=True)
class Offer:
    """What there is to choose from: this build's models and backdrops, this browser's abilities."""

    probe: Probe = field(default_factory=Probe)
    cards: tuple[ModelCard, ...] = ()
    backdrops: tuple[tuple[str, str], ...] = ()  # (id, title)
    cameras: tuple[tuple[str, str], ...] = ()  # (device id, label)
    own_image: bool = False  # the visitor has given a picture of their own
    broken: dict[str, str] = field(default_factory=dict)  # backend -> why it failed in this visit
    run: str = ""  # the backend that runs; "" before one does

    def card(self, model: str) -> ModelCard | None:
        """The card with this id."""
        return next((card for card in self.cards if card.id == model), None)

    def over(self, look: Look, id: str) -> ModelCard | None:
        """The card that the overlay `id` draws the findings of: of body parts the chosen model's own."""
        card = self.card(look.model if id == PARTS else id)
        return card if card and (id != PARTS or card.tint) else None

    def offered(self, card: ModelCard, backend: str) -> bool:
        """Whether a card can run on a backend; on "auto", whether on any."""
        features = self.probe.features
        return any(card.variant(b, features) for b in ([backend] if backend != "auto" else BACKENDS))

    def beside(self, kinds: Iterable[str], look: Look, backend: str) -> dict[str, ModelCard]:
        """A card of each of these kinds: the one chosen as the model, else that of the smallest input, which
        is the quickest. Of BlazeFace it is the short range, made for the face before a screen.

        Raises ValueError, with the reason in a few words, where there is none.
        """
        own = self.card(look.model)
        quickest = sorted(self.cards, key=lambda card: card.input.height * card.input.width)
        cards = [card for card in (own, *quickest) if card and self.offered(card, backend)]
        found = {}
        for kind in kinds:
            card = next((card for card in cards if card.kind == kind), None)
            if card is None:
                raise ValueError(f"needs a {kind}, which is not in this build")
            found[kind] = card
        return found
