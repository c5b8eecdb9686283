"""Model: a loaded card, run on a frame or on a region of one; Outputs: what its graph gave.

Does not load itself and does not know what its outputs are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from app.core.card import MASKED, ModelCard
from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.meter import Meter
from app.core.ports import Compositor, Mask, Sample, Session, Tensor


class Outputs(dict[str, Tensor]):
    """A graph's outputs by name, and the Sample that they were made from."""

    def __init__(self, tensors: Mapping[str, Tensor], sample: Sample) -> None:
        super().__init__(tensors)
        self.sample = sample

    @property
    def mask(self) -> Mask:
        """The output "mask". Raises KeyError when the graph has none."""
        return Mask(self["mask"], self.sample)


class Model:
    """A card with its session. Runs must not overlap.

    `rgba` is its variant's element type; `stages` are the Meter's names of sampling and of inferring;
    `tint` is the session of the card's tint graph, where an overlay has asked for it; `cutout` that of its
    cutout graph, where a task requires it.
    """

    def __init__(
        self,
        card: ModelCard,
        session: Session,
        compositor: Compositor,
        meter: Meter,
        rgba: str = "uint8",
        stages: tuple[str, str] = ("sample", "infer"),
        tint: Session | None = None,
    ) -> None:
        self.card = card
        self.session = session
        self.compositor = compositor
        self.meter = meter
        self.rgba = rgba
        self.stages = stages
        self.tint = tint
        self.cutout: Session | None = None

    async def infer(
        self, frame: Frame, roi: RotatedRect | None = None, feeds: dict[str, Tensor] | None = None
    ) -> Outputs:
        """The graph's outputs for a frame, or for a region of it that fills the input.

        `feeds` are the inputs besides rgba, `default_feeds` when left out. What a port raises goes through.
        """
        sample = self.sample(frame, roi)
        others = self.default_feeds if feeds is None else feeds
        with self.meter.stage(self.stages[1]):
            return Outputs(await self.session.run({"rgba": sample.tensor, **others}), sample)

    def sample(self, frame: Frame, roi: RotatedRect | None = None) -> Sample:
        """A frame, or a region of it that fills the input, as the graph's input rgba."""
        with self.meter.stage(self.stages[0]):
            return self.compositor.sample(frame, self.card.input, roi, self.rgba)

    @cached_property
    def default_feeds(self) -> dict[str, Tensor]:
        """The inputs besides rgba for a picture that has nothing to do with any before it."""
        if self.card.kind not in MASKED:
            return {}
        return {
            "memory": self.session.blank((1, 1, *self.card.mask)),
            "keep": self.session.tensor([0.0], (1,)),
        }
