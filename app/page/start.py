"""Start: what one worker does from its first message to its last; `main()` is called by worker.js.

Does not draw the panel, open the camera or replace itself: it tells page.js to.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict, replace
from statistics import median
from typing import Any

from js import Object, createImageBitmap
from pyodide.ffi import JsException, create_proxy, to_js

from app import trouble
from app.backend import BACKENDS, after, choose
from app.card import from_dict
from app.controls import Offer, apply, from_query, panel
from app.frame import Frame
from app.look import FILE_MB, PHOTO, Look, to_query
from app.loop import Loop
from app.meter import Meter
from app.page.camera import Slot
from app.page.compositor import COVER, Compositor
from app.page.engine import load_ort, open_model
from app.page.probe import options, probe
from app.page.session import now
from app.pipeline import Pipeline

RESTART = ("task", "backend", "model", "threads")  # settings that need a new worker
SOURCE = ("source", "camera", "resolution")  # settings that page.js opens the source by
STARTING = 60_000  # ms; a first WebGPU run on a slow driver compiles its shaders for tens of seconds
RUNNING = 5_000  # ms without a finished frame after which the worker counts as stopped
RETRIES = 2  # restarts of the last backend of the ladder
TRIAL_AFTER = 45  # frames: the backend in use has shown its speed
GAIN = 0.9  # a trial must be this much faster, or the change is not worth its flicker


class Worker:
    """One backend, one card, one canvas. Replaced as a whole."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.manifest: dict[str, Any] = json.loads(page.manifest)
        # What this worker was begun with: query, and from a worker before it run, broken, beat, trials, notes, retries.
        self.begun: dict[str, Any] = json.loads(page.start)
        self.offer = Offer()
        self.look = Look()
        self.run = "wasm"
        self.threads = 1
        self.meter = Meter(now)
        self.slot = Slot()
        self.trials: list[str] = []
        self.saving = False

    def post(self, type: str, **fields: Any) -> None:
        """A message to page.js, as JSON."""
        self.page.post(json.dumps({"type": type, **fields}))

    async def start(self) -> None:
        """Everything up to the first frame, then frames until the page ends the worker."""
        begun = self.begun
        self.offer = Offer(
            probe=await probe(),
            cards=tuple(from_dict(card) for card in self.manifest["models"]),
            backdrops=tuple((row["id"], row["title"]) for row in self.manifest["backdrops"]),
            cameras=tuple((id, label) for id, label in begun.get("cameras", [])),
            own_image=self.page.own is not None and hasattr(self.page.own, "width"),
            broken=dict(begun.get("broken", {})),
        )
        self.look, notes = from_query(begun["query"], self.offer)
        for note in (*begun.get("notes", []), *notes):
            self.post("note", text=note)
        card = self.offer.card(self.look.model)
        if card is None or card.missing:
            self.post("last", text="This build holds no model that can run here. Build it again with a network.")
            return
        self.card = card
        choice = choose(self.offer.probe, card)
        auto = self.look.backend == "auto"
        self.run = begun.get("run") or (choice.first if auto else self.look.backend)
        self.trials = list(begun.get("trials", choice.trials if auto else ()))
        self.page.hear = create_proxy(self.hear)
        self.page.take = create_proxy(self.slot.put)
        self.tell()
        self.plan(STARTING)
        try:
            await self.load()
            if await self.declines():
                return
            self.post("ready")
            self.plan(RUNNING)
            self.ticker = asyncio.create_task(self.tick())
            await Loop(self.slot, self.pipeline, self.compositor, self.done).run(lambda: self.look)
        except Exception as error:  # whatever it was, the visitor's picture goes on with the next backend
            self.fail(error)

    async def load(self) -> None:
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

        self.compositor = Compositor(self.page.canvas, options(), card, variant.rgba, make_tensor)
        await self.show_image()
        self.pipeline = Pipeline(self.look.task, card, self.session, self.compositor, self.meter)
        await self.blank_run()

    async def blank_run(self) -> float:
        """One run on a black picture; ms."""
        begin = now()
        task, frame = self.pipeline.task, Frame(None, 1, 1, still=True)
        await self.session.run(task.feeds(self.compositor.rgba, frame, self.look))
        return now() - begin

    async def declines(self) -> bool:
        """Whether this worker was a trial and is no faster than the one it was to replace."""
        beat = self.begun.get("beat")
        if not beat:
            return False
        mine = median([await self.blank_run() for _ in range(9)])
        if mine < beat * GAIN:
            return False
        self.post("stay", trials=self.trials)
        return True

    def done(self) -> None:
        """After each frame."""
        if self.saving:
            self.saving = False
            self.page.save()
        self.page.done()
        if self.trials and self.meter.frames == TRIAL_AFTER and self.look.backend == "auto":
            beat = self.meter.stats()["ms"]["infer"]
            if beat:
                self.begin(run=self.trials[0], trials=self.trials[1:], beat=beat)

    async def tick(self) -> None:
        """Stats, twice a second."""
        while True:
            self.post("stats", **self.stats())
            await asyncio.sleep(0.5)

    def stats(self) -> dict[str, Any]:
        """What `vitrine.stats()` gives."""
        return {
            **self.meter.stats(),
            "backend": self.run,
            "model": self.card.id,
            "variant": self.variant.id,
            "threads": self.threads,
            "dropped": self.slot.dropped,
            "textures": self.compositor.textures,
            "memory": {"python": self.page.heap()},
        }

    def tell(self) -> None:
        """Panel, query and source, as they are now."""
        look = self.look
        self.post("panel", controls=[asdict(control) for control in panel(look, self.offer)], query=to_query(look))
        box = look.box
        asked = self.begun.get("asked", False) or look.source != "camera"
        self.post(
            "source", source=look.source, camera=look.camera, width=box.width, height=box.height, asked=asked,
            photo=[PHOTO.width, PHOTO.height], megabytes=FILE_MB, mirror=look.mirror,
        )  # fmt: skip

    def plan(self, limit: int) -> None:
        """What page.js is to do when this worker no longer answers for `limit` ms."""
        look = self.look
        colour = look.colour if look.background == "colour" else "#" + bytes(round(c * 255) for c in COVER).hex()
        picture = next((r["path"] for r in self.manifest["backdrops"] if r["id"] == look.image), "")
        self.post(
            "plan", limit=limit, show=look.background == "none", colour=colour,
            picture=picture if look.background == "image" else "", start=self.successor("it stopped answering"),
            last=trouble.LAST.format(title=BACKENDS[self.run].title, why="it stopped answering"),
        )  # fmt: skip

    def successor(self, why: str) -> dict[str, Any] | None:
        """The start of the worker that replaces this one when it fails; None when there is none."""
        broken = {**self.offer.broken, self.run: why}
        next_run, retries = after(self.run, self.offer.probe, self.card, broken), self.begun.get("retries", 0)
        if not next_run:
            if retries >= RETRIES:
                return None
            next_run, broken, retries = self.run, self.offer.broken, retries + 1
        look = self.look if self.look.backend == "auto" else replace(self.look, backend=next_run)
        note = trouble.FALLBACK.format(title=BACKENDS[self.run].title, why=why, next=BACKENDS[next_run].title)
        return self.next_start(look, run=next_run, broken=broken, notes=[note], retries=retries, trials=[])

    def next_start(self, look: Look, **fields: Any) -> dict[str, Any]:
        """The start of a worker that goes on from this one."""
        return {
            "query": to_query(look),
            "broken": self.offer.broken,
            "cameras": self.offer.cameras,
            "asked": True,
            **fields,
        }

    def begin(self, **fields: Any) -> None:
        """Have page.js start a worker beside this one; it takes over once it is warm."""
        self.post("begin", start=self.next_start(self.look, **fields))

    def fail(self, error: Exception) -> None:
        """Hand over to the next backend, or say that there is none."""
        why = str(error).split("\n")[0][:200] or type(error).__name__
        if self.begun.get("beat"):  # a trial that fails was only a trial
            self.post("stay", trials=self.trials, broken={self.run: why})
            return
        start = self.successor(why)
        if start is None:
            self.post("last", text=trouble.LAST.format(title=BACKENDS[self.run].title, why=why))
        else:
            self.post("begin", start=start)

    def change(self, look: Look) -> None:
        """Take a new Look."""
        old, self.look = self.look, look
        if any(getattr(old, name) != getattr(look, name) for name in RESTART):
            self.begin()
        if (old.background, old.image) != (look.background, look.image):
            self.showing = asyncio.create_task(self.show_image())
        if any(getattr(old, name) != getattr(look, name) for name in SOURCE):
            self.begun["asked"] = True
            self.pipeline.task.forget()
        self.tell()
        self.plan(RUNNING)
        self.post("again")

    async def show_image(self) -> None:
        """Bring the backdrop's picture to the compositor, when it is wanted."""
        if self.look.background != "image":
            return
        if self.look.image == "own":
            self.compositor.backdrop(self.page.own)
            return
        row = next((r for r in self.manifest["backdrops"] if r["id"] == self.look.image), None)
        if row is None:
            return
        try:
            js_blob = await self.page.blob(row["path"], row["title"], row["bytes"])
            self.compositor.backdrop(await createImageBitmap(js_blob))
            self.post("again")
        except JsException as error:
            self.post("note", text=f"The backdrop {row['title']} could not be loaded ({error}).")

    def hear(self, js_message: Any) -> None:
        """A message from page.js: `type` names the method below."""
        message = js_message.to_py()
        getattr(self, f"hear_{message.pop('type')}")(**message)

    def hear_set(self, name: str, value: Any) -> None:
        """The visitor changed a setting."""
        try:
            self.change(apply(self.look, name, value, self.offer))
        except ValueError as error:
            self.post("note", text=str(error))
            self.tell()

    def hear_cameras(self, cameras: list[list[str]]) -> None:
        """page.js learned which cameras there are."""
        self.offer = replace(self.offer, cameras=tuple((id, label) for id, label in cameras))
        self.tell()

    def hear_own(self) -> None:
        """The visitor chose a backdrop of their own; page.js put it at `page.own`."""
        self.offer = replace(self.offer, own_image=True)
        self.change(replace(self.look, image="own"))
        with suppress(AttributeError):
            self.compositor.backdrop(self.page.own)

    def hear_trouble(self, kind: str, name: str, **figures: Any) -> None:
        """A source failed, or was bounded."""
        self.post("note", text=trouble.source(kind, name, **figures))
        if kind == "camera":
            self.change(replace(self.look, source="sample", mirror=False))

    def hear_stay(self, trials: list[str] | None = None, broken: dict[str, str] | None = None, text: str = "") -> None:
        """The worker begun beside this one gave up: this one stays."""
        self.trials = []
        self.offer = replace(self.offer, broken={**self.offer.broken, **(broken or {})})
        if text:
            self.post("note", text=text)
            backend = "auto" if self.look.backend == "auto" else self.run
            self.look = replace(self.look, backend=backend, model=self.card.id)
        elif trials:
            self.begin(run=trials[0], trials=trials[1:], beat=self.meter.stats()["ms"]["infer"])
        self.tell()

    def hear_save(self) -> None:
        """The visitor wants the picture: the next one drawn is saved."""
        self.saving = True
        self.post("again")


async def main() -> None:
    """Called once by worker.js, after it registered the module `page`."""
    import page  # registered by worker.js; not there when the snapshot is made

    worker = Worker(page)
    Object.assign(page, Object.fromEntries([["python", create_proxy(worker)]]))
    await worker.start()
