"""The background task: keep the person, replace what is behind.

Does not draw and does not know which model made the Mask.
"""

from __future__ import annotations

from app.card import ModelCard
from app.frame import Frame
from app.look import Look
from app.ports import Session, Tensor

KINDS = ("segmenter", "detector")


class Background:
    """Feeds a card's graph and takes the Mask out of it, which is also the next frame's Memory."""

    def __init__(self, card: ModelCard, session: Session) -> None:
        if card.kind not in KINDS:
            raise ValueError(f"{card.title} gives no Mask: the task takes a segmenter or a detector.")
        self._session = session
        self._blank = session.blank((1, 1, *card.mask))
        self._keeps: dict[float, Tensor] = {}
        self._memory = self._blank
        self._fresh = True
        self.faces: Tensor | None = None

    def idle(self, look: Look) -> bool:
        """Whether this Look shows the frame as it is, so that nothing has to be inferred."""
        return look.background == "none"

    def feeds(self, rgba: Tensor, frame: Frame, look: Look) -> dict[str, Tensor]:
        """The graph's inputs. A source's first frame and a photo are not smoothed with others: keep is 0."""
        keep = 0.0 if self._fresh or frame.still or frame.fresh else look.keep
        return {"rgba": rgba, "memory": self._memory, "keep": self._number(keep)}

    def take(self, outputs: dict[str, Tensor]) -> Tensor:
        """The Mask of the outputs, kept as Memory."""
        self._memory = outputs["mask"]
        self.faces = outputs.get("faces")
        self._fresh = False
        return self._memory

    def forget(self) -> None:
        """Start anew: the next frame has nothing to do with the last."""
        self._memory, self._fresh = self._blank, True

    def _number(self, value: float) -> Tensor:
        if value not in self._keeps:
            if len(self._keeps) > 100:  # one for each step of the smoothing control
                self._keeps.clear()
            self._keeps[value] = self._session.tensor([value], (1,))
        return self._keeps[value]
