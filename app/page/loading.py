"""What is loaded beside the models while the picture goes on: an overlay, galleries, a backdrop; and trials.

Does not decide what: update() asks for it. Each has one Loader.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import OffscreenCanvas, createImageBitmap

from app.backgrounds.base import COVER_COLOR, USER_VIDEO
from app.core import messages
from app.core.meter import median
from app.overlays import overlay
from app.page.engine import Engine
from app.page.galleries import Galleries
from app.page.session import now
from app.worker import effects, trial, views
from app.worker.loader import Loader
from app.worker.protocol import to_page
from app.worker.state import State


class Loading:
    """`state` gives the State of the moment; `post` sends a message, `dispatch` an event."""

    engine: Engine
    compared: Galleries | None = None

    def __init__(
        self,
        page: Any,
        manifest: dict[str, Any],
        state: Callable[[], State],
        post: Callable[[Any], object],
        dispatch: Callable[[Any], object],
    ) -> None:
        self._page = page
        self._manifest = manifest
        self._state = state
        self._post = post
        self._dispatch = dispatch
        self._no_gallery: Exception | None = None  # why the first galleries could not be loaded
        self._js_video: Any = None  # the newest picture of the visitor's video

        def busy(change: int) -> None:
            dispatch(effects.BusyChanged(change))

        def quiet(_: Any) -> None:
            """Nothing waits for a backdrop or a measurement."""

        self.overlays = Loader(self._overlay, self.overlay_failed, busy, effects.LoadOverlay())
        self.galleries = Loader(self._galleries, self._galleries_failed, busy, effects.LoadGalleries())
        self.backdrops = Loader(self._backdrop, self._backdrop_failed, quiet, effects.LoadBackdrop())
        self.trials = Loader(self._trial, quiet, quiet, effects.MeasureTrial())

    def begin(self, engine: Engine, compared: Galleries | None) -> None:
        """The models are there. `compared`: the galleries of a task that compares."""
        self.engine, self.compared = engine, compared
        engine.pipeline.failed = self.overlay_failed

    async def idle(self) -> None:
        """Wait for what was asked for before the first frame. Raises why no gallery could be loaded."""
        await self.backdrops.idle()
        await self.galleries.idle()
        if self._no_gallery is not None and not self.galleries.loaded.gallery:
            raise self._no_gallery

    async def _overlay(self, wanted: effects.LoadOverlay) -> None:
        """The overlay's cards; those of the overlay before are given back."""
        engine, state = self.engine, self._state()
        engine.pipeline.overlay = None
        card = views.overlay_card(state)
        if card is None:
            await engine.keep(())
        else:
            kind = overlay(state.settings.overlay, card)
            auxiliary = state.caps.resolve(kind.auxiliary, state.settings, state.backend)
            await engine.keep((card, *auxiliary.values()))
            try:
                loaded = await engine.overlay(kind, card, auxiliary)
            except Exception:
                await engine.keep(())  # what was loaded of it
                raise
            if self.overlays.wanted(wanted):
                engine.pipeline.overlay = loaded
        self._post(to_page.Redraw())

    def overlay_failed(self, error: Exception) -> None:
        """The overlay could not be loaded or drawn."""
        self._dispatch(effects.OverlayFailed(messages.brief(error)))

    async def _galleries(self, wanted: effects.LoadGalleries) -> None:
        if self.compared is not None:
            state = self._state()
            await self.compared.load(state.caps.selected_galleries(state.settings))
            self._post(to_page.Redraw())

    def _galleries_failed(self, error: Exception) -> None:
        loaded = self.galleries.loaded.gallery
        if loaded:
            self._dispatch(effects.GalleriesFailed(messages.brief(error), loaded))
        else:  # the first: this worker cannot do its task
            self._no_gallery = error

    async def _backdrop(self, wanted: effects.LoadBackdrop) -> None:
        if not wanted.image:
            return
        js_picture = self._page.backdrop
        if wanted.image == USER_VIDEO:
            js_picture = _cover() if self._js_video is None else self._js_video
        row = next((row for row in self._manifest["backdrops"] if row["id"] == wanted.image), None)
        if row is not None:
            js_blob = await self._page.blob(row["path"], row["title"], row["bytes"])
            js_picture = await createImageBitmap(js_blob)
        if self.backdrops.wanted(wanted):  # else the visitor has chosen another meanwhile
            self.engine.compositor.backdrop(js_picture, wanted.image)
            self._post(to_page.Redraw())

    def video(self, js_picture: Any) -> None:
        """Show a picture of the visitor's video; the one before it is closed."""
        shown = self.backdrops.loaded.image == USER_VIDEO
        if not shown and self._js_video is not None:  # it came late; the Compositor may still hold the last
            js_picture.close()
            return
        js_before, self._js_video = self._js_video, js_picture
        if shown:
            self.engine.compositor.backdrop(js_picture, USER_VIDEO)
            self._post(to_page.Redraw())
        if js_before is not None:
            js_before.close()

    def _backdrop_failed(self, error: Exception) -> None:
        self._dispatch(effects.BackdropFailed(messages.brief(error)))

    async def run_once(self) -> float:
        """One run of each of the task's models on a black picture; ms."""
        begun = now()
        await self.engine.warm()
        return now() - begun

    async def is_faster(self, target_ms: float) -> bool:
        """Whether this worker, which is a trial, is faster than the worker on the screen."""
        return median([await self.run_once() for _ in range(trial.RUNS)]) <= target_ms * trial.GAIN

    async def _trial(self, wanted: effects.MeasureTrial) -> None:
        if not wanted.trials:
            return
        times = []
        for _ in range(trial.RUNS // 2):
            async with self.engine.pipeline.runtime_lock:
                times.append(await self.run_once())
        self.trials.request(effects.MeasureTrial())  # the same backends may be tried again later
        self._dispatch(effects.TrialMeasured(median(times), wanted.trials, wanted.settings))


def _cover() -> Any:
    """What stands behind the person before the visitor has chosen a video."""
    js_canvas = OffscreenCanvas.new(1, 1)
    js_draw = js_canvas.getContext("2d")
    js_draw.fillStyle = COVER_COLOR
    js_draw.fillRect(0, 0, 1, 1)
    return js_canvas
