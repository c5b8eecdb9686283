"""Start: what one worker does from its first message to its last; `main()` is called by worker.js.

Does not draw the panel, open the camera or replace itself: it tells page.js to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from js import Object, createImageBitmap
from pyodide.ffi import JsException, create_proxy

from app.backgrounds import backdrop
from app.backgrounds.image import IMAGE
from app.core import gallery, messages
from app.core.backend import BACKENDS, choose
from app.core.card import from_dict
from app.core.meter import Meter
from app.core.settings import Settings
from app.page.camera import LatestFrame
from app.page.compare import Comparison, answer, compares, prepare, show_galleries
from app.page.engine import Engine
from app.page.hearing import hear
from app.page.keeping import Keeping, describe, work
from app.page.over import NOTHING, Wish, no_overlay, show_overlay
from app.page.panel import Panel
from app.page.probe import probe
from app.page.runtime import Corrupt
from app.page.session import now
from app.page.trial import TRIAL_AFTER, blank, declines, try_next
from app.panel.capabilities import Capabilities
from app.panel.options import backends
from app.panel.query import from_query, to_query
from app.run.loop import Loop
from app.tasks import TASKS
from app.tasks.lookalike.user_gallery import UserGallery
from app.worker.handover import RUNNING, STARTING, Handover, restarts, successor


class Worker:
    """One backend, one card, one canvas. Replaced as a whole."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.panel = Panel(page)
        self.manifest: dict[str, Any] = json.loads(page.manifest)
        self.begun = Handover.from_dict(json.loads(page.start))
        self.run = self.begun.run
        self.asked = self.begun.asked
        self.meter = Meter(now)
        self.meter.beat = partial(self.panel.post, "beat")
        self.slot = LatestFrame()
        self.saving = False
        self.patient = 1  # how much is under way that may take long: at first the start
        self.loading = ""  # the backdrop that is under way, or could not be had
        self.overlay: Wish | None = None  # what is shown or under way; None before there may be one
        self.bringing: asyncio.Future[None] | None = None
        self.engine: Engine | None = None
        self.trying: asyncio.Future[None] | None = None
        self.comparison = Comparison(UserGallery(page.kept.to_py()), dict(self.begun.picks))
        self.keeping = Keeping()

    async def start(self) -> None:
        """Everything up to the first frame, then frames until the page ends the worker."""
        manifest, begun = self.manifest, self.begun
        self.caps = Capabilities(
            probe=await probe(),
            cards=tuple(from_dict(card) for card in manifest["models"]),
            backdrops=tuple((row["id"], row["title"]) for row in manifest["backdrops"]),
            cameras=begun.cameras,
            user_image=hasattr(self.page.own, "width"),
            galleries=tuple(map(gallery.from_dict, manifest["galleries"])),
            user_pictures=len(self.comparison.own.pictures),
            broken=begun.broken,
            backend=begun.run,
        )
        self.settings, notes = from_query(begun.query, self.caps)
        for note in (*begun.notes, *notes):
            self.panel.note(note)
        card = self.caps.card(self.settings.model)
        if card is None or card.missing:
            self.panel.post("last", text=messages.NO_MODEL)
            return
        self.card = card = card.sized(self.settings.detail)
        auto = self.settings.backend == "auto"
        choice = choose(self.caps.probe, card, begun.broken)
        self.run = begun.run or (choice.first if auto else self.settings.backend)
        self.trials = begun.trials if begun.trials is not None else choice.trials if auto else ()
        self.caps = replace(self.caps, backend=self.run)
        self.page.hear = create_proxy(lambda js_message: hear(self, js_message))
        self.page.take = create_proxy(self.slot.put)
        self.own = self.settings  # what this worker was begun with
        self.tell()
        self.plan()
        try:
            auxiliary = self.caps.resolve(TASKS[self.settings.task].auxiliary, self.settings, self.run)
            here, settings, probed = BACKENDS[self.run], self.settings, self.caps.probe
            engine = self.engine = await Engine.load(
                self.page, manifest, card, here, settings, probed, self.meter, auxiliary
            )
            engine.pipeline.failed = partial(no_overlay, self)
            await self.show_image()
            await prepare(self, engine)
            await blank(engine)  # compiles and allocates
            if await declines(engine, begun.beat):
                self.panel.post("stay", trials=self.trials)
                return
            self.begun = replace(begun, beat=0.0)  # no trial any more: what fails now is replaced
            self.patient -= 1
            self.panel.post("ready")
            self.plan()
            self.overlay = NOTHING
            show_overlay(self)
            describe(self)
            work(self)
            self.ticker = asyncio.create_task(self.tick(engine))
            loop = Loop(self.slot, engine.pipeline, engine.compositor, self.done)
            await loop.run(lambda: self.settings)
        except Exception as error:  # whatever it was, the visitor's picture goes on with the next backend
            self.fail(error)

    def done(self) -> None:
        """After each frame."""
        answer(self)
        if self.saving:
            self.saving = False
            self.page.save()
        self.page.done()
        if self.trials and self.meter.frames >= TRIAL_AFTER and self.meter.stats()["ms"]["infer"]:
            try_next(self, self.trials)

    async def tick(self, engine: Engine) -> None:
        """Stats, twice a second."""
        while True:
            self.panel.post(
                "stats",
                **self.meter.stats(),
                backend=self.run,
                model=self.card.id,
                variant=engine.variant.id,
                threads=engine.threads,
                dropped=self.slot.dropped,
                textures=engine.compositor.textures,
                picture=[self.page.canvas.width, self.page.canvas.height],
                memory={"python": self.page.heap()},
            )
            await asyncio.sleep(0.5)

    def tell(self) -> None:
        """Panel, query and source, as they are now."""
        self.panel.settings(self.settings, self.caps, self.asked)

    def plan(self) -> None:
        """Leave with page.js what is to be done when this worker can no longer speak."""
        shown = backdrop(self.settings)
        image = next((r["path"] for r in self.manifest["backdrops"] if r["id"] == shown), "")
        stay = {"trials": self.trials, "broken": {self.run: messages.SILENT}} if self.begun.beat else None
        start = None if stay else self.next_start(messages.SILENT)
        limit = STARTING if self.patient else RUNNING
        self.panel.plan(limit, self.settings, image, self.run, start, stay)

    @contextmanager
    def patience(self) -> Iterator[None]:
        """While something is loaded that holds a frame up: making a session, its first run."""
        self.patient += 1
        self.plan()
        try:
            yield
        finally:
            self.patient -= 1
            self.plan()

    def known(self) -> dict[str, Any]:
        """What every worker that follows this one is begun with."""
        picks = tuple(self.comparison.picks.items()) if compares(self.settings.task) else ()
        caps = self.caps
        return {
            "broken": caps.broken,
            "cameras": caps.cameras,
            "asked": self.asked,
            "picks": picks,
        }

    def next_start(self, why: str, again: bool = True) -> Handover | None:
        """The worker that follows this one when it fails; `again`: where it is the last, itself once more."""
        begun = replace(self.begun, **self.known())
        unable = {row.value: row.unavailable for row in backends(self.settings, self.caps) if row.unavailable}
        return successor(begun, self.settings, self.run, why, self.caps.probe, self.card, again, unable)

    def begin(self, **fields: Any) -> None:
        """Have page.js start a worker beside this one; it takes over once it is warm."""
        start = Handover(query=to_query(self.settings), **self.known(), **fields)
        self.panel.post("begin", start=start.to_dict())

    def fail(self, error: Exception) -> None:
        """Hand over to the next backend, or say that there is none."""
        why = messages.brief(error)
        if self.begun.beat:  # a trial that fails was only a trial
            self.panel.post("stay", trials=self.trials, broken={self.run: why})
        elif start := self.next_start(why, again=not isinstance(error, Corrupt)):
            self.panel.post("begin", start=start.to_dict(), failed=True)
        else:
            self.panel.post("last", text=messages.LAST.format(title=BACKENDS[self.run].title, why=why))

    def change(self, settings: Settings) -> None:
        """Take a new Settings."""
        old, self.settings = self.settings, settings
        if self.engine and old.background == "none" != settings.background:
            self.engine.compositor.cover(
                settings
            )  # what is seen has no mask, and the next picture may take long
        if restarts(old, settings, self.card):
            self.trials = ()
            self.begin()
        if self.engine:
            self.showing = asyncio.ensure_future(self.show_image())
            show_overlay(self)
            if old.gallery != settings.gallery:
                show_galleries(self)
        self.plan()
        self.tell()
        self.panel.post("again")

    async def show_image(self) -> None:
        """Bring the backdrop's picture to the compositor, when it is wanted and not there yet."""
        wanted = backdrop(self.settings)
        if self.engine is None or not wanted or wanted in (self.engine.compositor.image, self.loading):
            return
        self.loading = wanted
        row = next((r for r in self.manifest["backdrops"] if r["id"] == wanted), None)
        try:
            js_picture = self.page.own
            if row is not None:
                js_blob = await self.page.blob(row["path"], row["title"], row["bytes"])
                js_picture = await createImageBitmap(js_blob)
            if wanted == self.settings.get(IMAGE):  # else the visitor has chosen another meanwhile
                self.engine.compositor.backdrop(js_picture, wanted)
            self.panel.post("again")
        except JsException as error:
            self.panel.note(f"That backdrop could not be loaded ({error}).")


async def main() -> None:
    """Called once by worker.js, after it registered the module `page`."""
    import page  # registered by worker.js; not there when the snapshot is made

    worker = Worker(page)
    Object.assign(page, Object.fromEntries([["python", create_proxy(worker)]]))
    await worker.start()
