"""Model: a loaded card that runs on a frame or on a region of it; Outputs: the results of its graph.

Does not load itself and does not interpret its outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from app.core.card import MASKED, ModelCard
from app.core.economy import Economy
from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.meter import Meter
from app.core.ports import Compositor, Mask, Sample, Session, Tensor


class Outputs(dict[str, Tensor]):
    """A graph's outputs by name, and the Sample that the graph ran on."""

    def __init__(self, tensors: Mapping[str, Tensor], sample: Sample) -> None:
        super().__init__(tensors)
        self.sample = sample

    @property
    def mask(self) -> Mask:
        """The output "mask". Raises KeyError when the graph has no such output."""
        return Mask(self["mask"], self.sample)


class Model:
    """A card with its session. Runs must not overlap.

    `rgba`: the element type of the input, "uint8" or "float32". `stages`: the Meter's names for sampling and
    inference. `tint`: the session of the card's tint graph, loaded when an overlay needs it. `cutout`: the
    session of the card's cutout graph, loaded when a task requires it.
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
        self.economy = Economy(meter.clock)

    async def infer(
        self, frame: Frame, roi: RotatedRect | None = None, feeds: dict[str, Tensor] | None = None
    ) -> Outputs:
        """Run the graph on a frame, or on a region of it scaled to fill the input.

        `feeds`: the inputs other than rgba; None means `default_feeds`. Errors of the Compositor and of the
        Session propagate.
        """
        return await self.run(self.sample(frame, roi), feeds)

    async def run(self, sample: Sample, feeds: dict[str, Tensor] | None = None) -> Outputs:
        """Run the graph on a Sample; see `infer`."""
        feeds = self.default_feeds if feeds is None else feeds
        with self.meter.stage(self.stages[1]):
            return Outputs(await self.session.run({"rgba": sample.tensor, **feeds}), sample)

    def sample(self, frame: Frame, roi: RotatedRect | None = None) -> Sample:
        """Sample a frame, or a region of it scaled to fill the input, as the graph's input rgba."""
        with self.meter.stage(self.stages[0]):
            return self.compositor.sample(frame, self.card.input, roi, self.rgba)

    @cached_property
    def default_feeds(self) -> dict[str, Tensor]:
        """The inputs other than rgba for a picture that is not smoothed with earlier ones."""
        if self.card.kind not in MASKED:
            return {}
        return {
            "memory": self.session.blank((1, 1, *self.card.mask)),
            "keep": self.session.tensor([0.0], (1,)),
        }
