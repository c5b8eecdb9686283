"""Engine: a task's cards, loaded on one backend, and what is loaded beside them while the picture goes on.

Does not decide which backend or variant: app.core.backend and the card do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from app.core.backend import Backend, Probe, draws_with_shaders
from app.core.card import Input, ModelCard, Variant
from app.core.gallery import Gallery, Index
from app.core.meter import OVERLAY, Meter
from app.core.model import Model
from app.core.ports import Session as AnySession
from app.core.settings import Settings
from app.overlays import OVERLAYS, PARTS, Overlay
from app.page.canvas import CanvasCompositor
from app.page.compositor import Compositor
from app.page.probe import options
from app.page.runtime import Runtime
from app.run.pipeline import Pipeline
from app.tasks import TASKS
from app.tasks.base import ComparingTask

Key = tuple[str, Input]  # a card at one of its sizes
# Runs until the browser has compiled a module's functions for speed.
REHEARSALS = 9


def key(card: ModelCard) -> Key:
    """The key of a loaded card."""
    return card.id, card.input


@dataclass(frozen=True)
class Engine:
    """A task's cards, loaded on a backend, with the Compositor that draws its pictures."""

    runtime: Runtime
    variant: Variant
    session: AnySession
    compositor: Compositor | CanvasCompositor
    pipeline: Pipeline
    model: Model
    auxiliary: Mapping[str, Model] = field(default_factory=dict)  # the task's other cards, by kind
    over: dict[Key, Model] = field(default_factory=dict)  # what was loaded for overlays
    tints: dict[Key, AnySession] = field(default_factory=dict)  # their cards' tint graphs

    @classmethod
    async def load(
        cls,
        page: Any,
        manifest: dict[str, Any],
        card: ModelCard,
        backend: Backend,
        settings: Settings,
        probe: Probe,
        meter: Meter,
        auxiliary: Mapping[str, ModelCard],
    ) -> Engine:
        """`auxiliary` are the task's other cards, by kind.

        Raises CorruptFileError or RuntimeError, with the reason in a few words.
        """
        runtime = Runtime(page, manifest, backend, probe, settings)
        variant = runtime.variant(card)
        session = await runtime.open(card, await runtime.fetch(variant.graphs, card.title))
        compositor: Compositor | CanvasCompositor
        if draws_with_shaders(probe):
            compositor = Compositor(page.canvas, options(), card, runtime.wrap)
        else:
            matte = await open_matte(runtime, card)
            compositor = CanvasCompositor(page.canvas, card, runtime.wrap, matte, await page.openPixels())
        model = Model(card, session, compositor, meter, variant.rgba)
        if TASKS[settings.task].requires.cutout:
            model.cutout = await open_cutout(runtime, card)
        others = {}
        for kind, other in auxiliary.items():
            its = runtime.variant(other)
            opened = await runtime.open(other, await runtime.fetch(its.graphs, other.title))
            others[kind] = Model(other, opened, compositor, meter, its.rgba)
        pipeline = Pipeline(settings.task, model, others)
        return cls(runtime, variant, session, compositor, pipeline, model, others)

    async def warm(self) -> None:
        """Run each of the task's models once on a black picture, so that the first frame is fast."""
        for model in (self.model, *self.auxiliary.values()):
            await self._run(model)

    async def rehearse(self, go_on: Callable[[], bool]) -> None:
        """Run the compiled graphs some times on nothing while `go_on`, so that the first frames are fast."""
        for session in REHEARSALS * self.runtime.compiled:
            await asyncio.sleep(0)  # messages come first
            async with self.pipeline.runtime_lock:
                if not go_on():
                    return
                session.idle()

    @property
    def threads(self) -> int:
        """How many WebAssembly threads run the models."""
        return self.runtime.threads

    @property
    def comparing(self) -> ComparingTask | None:
        """The task, if it compares with galleries."""
        return cast(ComparingTask, self.pipeline.task) if "classifier" in self.auxiliary else None

    async def index(self, gallery: Gallery) -> Index:
        """A gallery's index for the task's classifier, loaded while the picture goes on.

        Raises CorruptFileError or RuntimeError.
        """
        card, runtime = self.auxiliary["classifier"].card, self.runtime
        variant = gallery.index(card.id, runtime.backend.id, runtime.features)
        if variant is None:
            raise RuntimeError(f"{gallery.title} cannot be searched on {runtime.backend.title}")
        files = await runtime.fetch(variant.graphs, gallery.title)
        async with self.pipeline.runtime_lock:
            return Index(gallery.id, gallery.count, await runtime.small(files))

    async def overlay(
        self, kind: type[Overlay], card: ModelCard, auxiliary: Mapping[str, ModelCard]
    ) -> Overlay:
        """An overlay of a card, loaded while the picture goes on; it stands for the runtime's own part only.

        What is loaded already, for the task or an overlay before, is used again.
        Raises CorruptFileError or RuntimeError.
        """
        own = await self._model(card)
        own.tint = await self._tint(card) if kind is OVERLAYS[PARTS] else None
        others = {kind: await self._model(other) for kind, other in auxiliary.items()}
        return kind(own, others)

    async def keep(self, cards: Iterable[ModelCard]) -> None:
        """Free the models loaded for overlays, except those of `cards`."""
        needed = {key(card) for card in cards}
        async with self.pipeline.runtime_lock:
            for gone in self.over.keys() - needed:
                await self.over.pop(gone).session.close()
            for gone in self.tints.keys() - needed:
                await self.tints.pop(gone).close()

    async def _model(self, card: ModelCard) -> Model:
        if key(card) == key(self.model.card):
            model = self.model
            return Model(
                model.card, model.session, model.compositor, model.meter, model.rgba, (OVERLAY, OVERLAY)
            )
        if key(card) not in self.over:
            variant = self.runtime.variant(card)
            files = await self.runtime.fetch(variant.graphs, card.title)
            async with self.pipeline.runtime_lock:  # the runtime does one thing at a time
                session = await self.runtime.open(card, files)
                stages = OVERLAY, OVERLAY
                model = Model(card, session, self.compositor, self.model.meter, variant.rgba, stages)
                try:
                    await self._run(model)
                except Exception:
                    await session.close()
                    raise
            self.over[key(card)] = model
        return self.over[key(card)]

    async def _tint(self, card: ModelCard) -> AnySession | None:
        """The session of the card's tint graph; None where the card has none."""
        if card.tint is not None and key(card) not in self.tints:
            files = await self.runtime.fetch([card.tint], "Body parts")
            async with self.pipeline.runtime_lock:
                self.tints[key(card)] = await self.runtime.small(files)
        return self.tints.get(key(card))

    async def _run(self, model: Model) -> None:
        rgba = self.compositor.inputs.at(model.card.input, model.rgba).tensor
        await model.session.run({"rgba": rgba, **model.default_feeds})


async def open_cutout(runtime: Runtime, card: ModelCard) -> AnySession:
    """The card's cutout graph. Raises CorruptFileError or RuntimeError."""
    variant = card.cutout(runtime.backend.id, runtime.features)
    if variant is None:
        raise RuntimeError(f"{card.title} cannot cut out a face on {runtime.backend.title}")
    return await runtime.small(await runtime.fetch(variant.graphs, "Cutout"))


async def open_matte(runtime: Runtime, card: ModelCard) -> AnySession:
    """The card's matte graph, which is compiled on every backend.

    Raises CorruptFileError or RuntimeError.
    """
    if card.matte is None:
        raise RuntimeError(f"{card.title} has no matte graph in this build, and this browser has no WebGL2")
    return await runtime.small(await runtime.fetch([card.matte], "Edge"))
