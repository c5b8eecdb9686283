"""The shell of a worker: it owns the Engine and the State, and carries out what update() asks for.

Makes no decision: app/worker does. `main()` is called by static/worker.js. This is the only module that knows
both sides: messages, State and effects on one, the Engine and the browser's objects on the other.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from js import Object
from pyodide.ffi import create_proxy, to_js

from app.core import gallery, messages
from app.core.backend import BACKENDS
from app.core.card import from_dict
from app.core.events import Event
from app.core.meter import WINDOW, Meter
from app.page.engine import Engine
from app.page.galleries import Galleries
from app.page.loading import Loading
from app.page.probe import probe
from app.page.runtime import CorruptFileError
from app.page.session import now
from app.page.user_pictures import UserPictures
from app.panel.capabilities import Capabilities
from app.panel.query import pairs
from app.run.latest_frame import LatestFrame
from app.run.loop import Loop
from app.tasks import TASKS
from app.worker import effects, protocol, trial, views
from app.worker.handover import Handover
from app.worker.protocol import to_page, to_worker
from app.worker.state import State
from app.worker.update import begin, update

CLONED = (to_page.Download, to_page.Pictures)  # messages with objects of the browser in them


class Shell:
    """One backend, one card, one canvas. Replaced as a whole."""

    state: State
    engine: Engine

    def __init__(self, page: Any) -> None:
        self.page = page
        self.manifest: dict[str, Any] = json.loads(page.manifest)
        self.meter = Meter(now)
        self.meter.on_progress = partial(self.post, to_page.Progress())
        self.slot = LatestFrame()
        self.saving = False
        self.pictures = UserPictures(page, self.post, self._pictures_changed)
        self.loading = Loading(page, self.manifest, lambda: self.state, self.post, self.dispatch)
        self.effects: dict[type, Callable[[Any], Any]] = {
            effects.Cover: lambda effect: self.engine.compositor.cover(effect.settings),
            effects.SaveFrame: lambda effect: setattr(self, "saving", True),
            effects.LoadOverlay: self.loading.overlays.request,
            effects.LoadGalleries: self.loading.galleries.request,
            effects.LoadBackdrop: self.loading.backdrops.request,
            effects.MeasureTrial: self.loading.trials.request,
            effects.ChangePictures: lambda effect: asyncio.ensure_future(
                self.pictures.change(effect.message)
            ),
            effects.ExportPictures: lambda effect: asyncio.ensure_future(self.pictures.export()),
            effects.PublishPictures: self._publish_pictures,
        }

    # ---- events and effects ----

    def handle(self, js_message: Any) -> Any:
        """A message of the page. Gives something to wait for where the work outlives the call."""
        if js_message.type == to_worker.BackdropFrame.type:
            return self.loading.video(js_message.picture)
        if js_message.type == to_worker.BackdropChosen.type:
            self.page.backdrop = js_message.picture
        return self.dispatch(protocol.decode(js_message.to_py()))

    def dispatch(self, event: Any) -> Any:
        """Give an event to update(), keep the new State and carry out the effects."""
        self.state, wanted = update(self.state, event)
        return self.perform(wanted)

    def perform(self, wanted: Sequence[Any]) -> Any:
        """Send the messages and carry the effects out; gives the last that is to be waited for."""
        waits = None
        for each in wanted:
            act = self.effects.get(type(each), self.post)
            waits = act(each) or waits
        return waits

    def post(self, message: Any) -> Any:
        """Send a message to the page."""
        data = protocol.encode(message)
        if isinstance(message, CLONED):
            self.page.send(to_js(data, dict_converter=Object.fromEntries))
        else:
            self.page.post(json.dumps(data))

    def publish(self) -> None:
        """Leave the plan with the page again, after a test has changed the limits."""
        self.post(views.plan(self.state))

    # ---- from the first message to the last ----

    async def start(self) -> None:
        """Everything up to the first frame; frames then come until the page ends the worker."""
        handover = Handover.from_dict(json.loads(self.page.handover))
        patient = pairs(handover.query).get("gallery") in (gallery.OWN, gallery.ALL)
        reading = asyncio.ensure_future(self.pictures.read(self.page.pictures, patient))
        rows = self.manifest["backdrops"]
        probed = await probe()
        await reading  # the count of user_pictures below needs it
        caps = Capabilities(
            probe=probed,
            cards=tuple(from_dict(card) for card in self.manifest["models"]),
            backdrops=tuple((row["id"], row["title"]) for row in rows),
            cameras=handover.cameras,
            user_image=hasattr(self.page.backdrop, "width"),
            galleries=tuple(map(gallery.from_dict, self.manifest["galleries"])),
            user_pictures=len(self.pictures.gallery.pictures),
            broken=dict(handover.failed),
            backend=handover.backend,
        )
        state, wanted = begin(handover, caps, {row["id"]: row["path"] for row in rows})
        if state is None:
            self.perform(wanted)
            return
        self.state = state
        self.perform(wanted)
        self.page.handle = create_proxy(self.handle)
        self.page.take = create_proxy(self.slot.put)
        self.page.listen()
        try:
            await self._load()
            if handover.target_ms and not await self.loading.is_faster(handover.target_ms):
                self.dispatch(effects.TrialLost())
                return
            self.dispatch(effects.EngineReady())
            self.ticker = asyncio.create_task(self._tick())
            engine = self.engine
            waiting = self.slot.waiting
            self.rehearsal = asyncio.create_task(engine.rehearse(lambda: waiting() and not self.meter.frames))
            loop = Loop(engine.pipeline, engine.compositor, lambda: self.state.settings, self.done)
            self.slot.begin(loop.step, self._failed)
        except Exception as error:  # any error: the next backend continues
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.dispatch(effects.WorkerFailed(messages.brief(error), not isinstance(error, CorruptFileError)))

    async def _load(self) -> None:
        """The models, then what is loaded beside them, each once on a black picture."""
        state = self.state
        settings, caps, backend = state.settings, state.caps, state.backend
        auxiliary = caps.resolve(TASKS[settings.task].requires.auxiliary, settings, backend)
        engine = self.engine = await Engine.load(
            self.page,
            self.manifest,
            state.card,
            BACKENDS[backend],
            settings,
            caps.probe,
            self.meter,
            auxiliary,
        )
        compared = None
        if engine.comparing is not None:
            compared = Galleries(self.page, engine, engine.comparing, self.pictures)
            await compared.prepare()
        self.loading.begin(engine, compared)
        self.dispatch(effects.EngineLoaded())
        await self.loading.idle()
        if compared is not None:
            await compared.warm()
        await engine.warm()  # compiles and allocates

    def done(self, events: Sequence[Event]) -> None:
        """After each frame."""
        for event in events:
            self.dispatch(effects.TaskReported(event))
        if self.saving:
            self.saving = False
            self.page.save(messages.SAVED_FILE)
        self.page.done()
        if self.state.trials and self.meter.frames >= trial.TRIAL_AFTER:
            self.dispatch(effects.TrialDue(self.meter.stats()["ms"]["infer"]))

    async def _tick(self) -> None:
        """Stats, twice a second."""
        while True:
            engine, canvas = self.engine, self.page.canvas
            stats = to_page.Stats(
                **self.meter.stats(),
                window=WINDOW,
                backend=self.state.backend,
                model=self.state.card.id,
                variant=engine.variant.id,
                threads=engine.threads,
                dropped=self.slot.dropped,
                textures=engine.compositor.textures,
                reused=engine.pipeline.economy.reused,
                level=engine.pipeline.economy.level,
                picture=(canvas.width, canvas.height),
                memory={"python": self.page.heap()},
            )
            self.post(stats)
            await asyncio.sleep(0.5)

    def _publish_pictures(self, effect: effects.PublishPictures) -> Any:
        if effect.reread:
            return asyncio.ensure_future(self.pictures.refresh())
        return self.pictures.publish()

    def _pictures_changed(self, count: int) -> None:
        if hasattr(self, "state"):  # else the State begins with them
            self.dispatch(effects.PicturesChanged(count))


async def main() -> None:
    """Called once by static/worker.js, after it registered the module `page`."""
    import page  # registered by worker.js; not there when the snapshot is made

    shell = Shell(page)
    Object.assign(page, Object.fromEntries([["python", create_proxy(shell)]]))
    await shell.start()
