"""Start: what one worker does from its first message to its last; `main()` is called by worker.js.

Does not draw the panel, open the camera or replace itself: it tells page.js to.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from statistics import median
from typing import Any

from js import Object, createImageBitmap
from pyodide.ffi import JsException, create_proxy, to_js

from app import trouble
from app.backend import BACKENDS, choose, draws_with_shaders
from app.card import from_dict
from app.controls import Offer, apply, from_query
from app.frame import Frame
from app.look import Look, to_query
from app.loop import Loop
from app.meter import Meter
from app.page.camera import Slot
from app.page.canvas import CanvasCompositor
from app.page.compositor import Compositor
from app.page.engine import load_ort, open_matte, open_model
from app.page.panel import Panel
from app.page.probe import options, probe
from app.page.session import now
from app.pipeline import Pipeline
from app.succession import Start, successor

RESTART = ("task", "backend", "model", "threads")  # settings that need a new worker
SOURCE = ("source", "camera", "resolution")  # settings that page.js opens the source by
STARTING = 60_000  # ms; a first WebGPU run on a slow driver compiles its shaders for tens of seconds
RUNNING = 5_000  # ms without a finished frame after which the worker counts as stopped
TRIAL_AFTER = 45  # frames: the backend in use has shown its speed
GAIN = 0.9  # a trial must take this share of the time at most, or the change is not worth its flicker


class Worker:
    """One backend, one card, one canvas. Replaced as a whole."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.panel = Panel(page)
        self.manifest: dict[str, Any] = json.loads(page.manifest)
        self.begun = Start.from_dict(json.loads(page.start))
        self.run = self.begun.run
        self.asked = self.begun.asked
        self.threads = 1
        self.meter = Meter(now)
        self.slot = Slot()
        self.saving = False
        self.pipeline: Pipeline | None = None

    async def start(self) -> None:
        """Everything up to the first frame, then frames until the page ends the worker."""
        manifest, begun = self.manifest, self.begun
        self.offer = Offer(
            probe=await probe(),
            cards=tuple(from_dict(card) for card in manifest["models"]),
            backdrops=tuple((row["id"], row["title"]) for row in manifest["backdrops"]),
            cameras=begun.cameras,
            own_image=hasattr(self.page.own, "width"),
            broken=begun.broken,
        )
        self.look, notes = from_query(begun.query, self.offer)
        for note in (*begun.notes, *notes):
            self.panel.note(note)
        card = self.offer.card(self.look.model)
        if card is None or card.missing:
            self.panel.post("last", text=trouble.NO_MODEL)
            return
        self.card = card
        auto = self.look.backend == "auto"
        choice = choose(self.offer.probe, card)
        self.run = begun.run or (choice.first if auto else self.look.backend)
        self.trials = begun.trials if begun.trials is not None else choice.trials if auto else ()
        self.page.hear = create_proxy(self.hear)
        self.page.take = create_proxy(self.slot.put)
        self.panel.look(self.look, self.offer, self.asked)
        self.plan(STARTING)
        try:
            self.pipeline = await self.load()
            if begun.beat and median([await self.blank() for _ in range(9)]) > begun.beat * GAIN:
                self.panel.post("stay", trials=self.trials)
                return
            self.panel.post("ready")
            self.plan(RUNNING)
            self.ticker = asyncio.create_task(self.tick())
            await Loop(self.slot, self.pipeline, self.compositor, self.done).run(lambda: self.look)
        except Exception as error:  # whatever it was, the visitor's picture goes on with the next backend
            self.fail(error)

    async def load(self) -> Pipeline:
        """Runtime, model, canvas and backdrop; then one blank run, which compiles and allocates."""
        backend, card = BACKENDS[self.run], self.card
        variant = card.variant(self.run)
        if variant is None:
            raise RuntimeError(f"{card.title} is not offered on {backend.title}")
        self.variant = variant
        js_ort, self.threads = await load_ort(self.page, self.manifest, backend, self.offer.probe, self.look)
        self.page.ort = js_ort
        self.session = await open_model(self.page, js_ort, backend, card, variant)

        def make_tensor(kind: str, js_array: Any, shape: tuple[int, ...]) -> Any:
            return js_ort.Tensor.new(kind, js_array, to_js(list(shape)))

        if draws_with_shaders(self.offer.probe, backend):
            self.compositor: Compositor | CanvasCompositor = Compositor(
                self.page.canvas, options(), card, variant.rgba, make_tensor
            )
        else:
            matte = await open_matte(self.page, js_ort, card)
            self.compositor = CanvasCompositor(self.page.canvas, card, variant.rgba, make_tensor, matte)
        await self.show_image()
        pipeline = Pipeline(self.look.task, card, self.session, self.compositor, self.meter)
        self.feeds = pipeline.task.feeds(self.compositor.rgba, Frame(None, 1, 1, still=True), self.look)
        await self.blank()
        return pipeline

    async def blank(self) -> float:
        """One run on a black picture; ms."""
        begin = now()
        await self.session.run(self.feeds)
        return now() - begin

    def done(self) -> None:
        """After each frame."""
        if self.saving:
            self.saving = False
            self.page.save()
        self.page.done()
        if self.trials and self.meter.frames == TRIAL_AFTER:
            self.try_next(self.trials)

    def try_next(self, trials: tuple[str, ...]) -> None:
        """Have the next backend measured beside this one."""
        self.trials = ()
        beat = self.meter.stats()["ms"]["infer"]
        if trials and beat and self.look.backend == "auto":
            self.begin(run=trials[0], trials=trials[1:], beat=beat)

    async def tick(self) -> None:
        """Stats, twice a second."""
        while True:
            self.panel.post(
                "stats",
                **self.meter.stats(),
                backend=self.run,
                model=self.card.id,
                variant=self.variant.id,
                threads=self.threads,
                dropped=self.slot.dropped,
                textures=self.compositor.textures,
                picture=[self.page.canvas.width, self.page.canvas.height],
                memory={"python": self.page.heap()},
            )
            await asyncio.sleep(0.5)

    def plan(self, limit: int) -> None:
        """Leave with page.js what is to be done when this worker can no longer speak."""
        image = next((r["path"] for r in self.manifest["backdrops"] if r["id"] == self.look.image), "")
        self.panel.plan(limit, self.look, image, self.run, self.next_start(trouble.SILENT))

    def next_start(self, why: str) -> Start | None:
        """The worker that follows this one when it fails."""
        begun = replace(self.begun, broken=self.offer.broken, cameras=self.offer.cameras)
        return successor(begun, self.look, self.run, why, self.offer.probe, self.card)

    def begin(self, **fields: Any) -> None:
        """Have page.js start a worker beside this one; it takes over once it is warm."""
        known = {"broken": self.offer.broken, "cameras": self.offer.cameras, "asked": True}
        start = Start(query=to_query(self.look), **known, **fields)  # type: ignore[arg-type]
        self.panel.post("begin", start=start.to_dict())

    def fail(self, error: Exception) -> None:
        """Hand over to the next backend, or say that there is none."""
        why = str(error).split("\n")[0][:200] or type(error).__name__
        if self.begun.beat:  # a trial that fails was only a trial
            self.panel.post("stay", trials=self.trials, broken={self.run: why})
        elif start := self.next_start(why):
            self.panel.post("begin", start=start.to_dict())
        else:
            self.panel.post("last", text=trouble.LAST.format(title=BACKENDS[self.run].title, why=why))

    def change(self, look: Look) -> None:
        """Take a new Look."""
        old, self.look = self.look, look
        if any(getattr(old, name) != getattr(look, name) for name in RESTART):
            self.trials = ()
            self.begin()
        if any(getattr(old, name) != getattr(look, name) for name in SOURCE):
            self.asked = True
            if self.pipeline:
                self.pipeline.task.forget()
        if self.pipeline:
            self.showing = asyncio.ensure_future(self.show_image())
            self.plan(RUNNING)
        self.panel.look(look, self.offer, self.asked)
        self.panel.post("again")

    async def show_image(self) -> None:
        """Bring the backdrop's picture to the compositor, when it is wanted and not there yet."""
        wanted = self.look.image if self.look.background == "image" else ""
        if not wanted or wanted == self.compositor.image:
            return
        row = next((r for r in self.manifest["backdrops"] if r["id"] == wanted), None)
        try:
            js_picture = self.page.own
            if row is not None:
                js_blob = await self.page.blob(row["path"], row["title"], row["bytes"])
                js_picture = await createImageBitmap(js_blob)
            self.compositor.backdrop(js_picture, wanted)
            self.panel.post("again")
        except JsException as error:
            self.panel.note(f"That backdrop could not be loaded ({error}).")

    def hear(self, js_message: Any) -> None:
        """A message from page.js: `type` names the method below, the rest are its arguments."""
        message = js_message.to_py()
        getattr(self, f"hear_{message.pop('type')}")(**message)

    def hear_set(self, name: str, value: Any) -> None:
        """The visitor changed a setting."""
        try:
            self.change(apply(self.look, name, value, self.offer))
        except ValueError as error:
            self.panel.note(str(error))
            self.panel.look(self.look, self.offer, self.asked)

    def hear_cameras(self, cameras: list[list[str]]) -> None:
        """page.js learned which cameras there are."""
        self.offer = replace(self.offer, cameras=tuple((id, label) for id, label in cameras))
        self.panel.look(self.look, self.offer, self.asked)

    def hear_own(self) -> None:
        """The visitor chose a backdrop of their own; worker.js put it at `page.own`."""
        self.offer = replace(self.offer, own_image=True)
        if self.pipeline:
            self.compositor.image = ""
        self.change(replace(self.look, image="own"))

    def hear_trouble(self, kind: str, name: str, **figures: Any) -> None:
        """A source failed, or was bounded."""
        self.panel.note(trouble.source(kind, name, **figures))
        if kind == "camera":
            self.change(replace(self.look, source="sample", mirror=False))

    def hear_stay(
        self, trials: list[str] | None = None, broken: dict[str, str] | None = None, text: str = ""
    ) -> None:
        """The worker begun beside this one gave up: this one stays."""
        self.offer = replace(self.offer, broken={**self.offer.broken, **(broken or {})})
        if text:
            self.panel.note(text)
            backend = "auto" if self.look.backend == "auto" else self.run
            self.look = replace(self.look, backend=backend, model=self.card.id)
        self.try_next(tuple(trials or ()))
        self.panel.look(self.look, self.offer, self.asked)

    def hear_save(self) -> None:
        """The visitor wants the picture: the next one drawn is saved."""
        self.saving = True
        self.panel.post("again")


async def main() -> None:
    """Called once by worker.js, after it registered the module `page`."""
    import page  # registered by worker.js; not there when the snapshot is made

    worker = Worker(page)
    Object.assign(page, Object.fromEntries([["python", create_proxy(worker)]]))
    await worker.start()
