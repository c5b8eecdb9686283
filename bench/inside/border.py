"""Runs the page's own Loop, Pipeline and Compositor on stand-ins for the browser's objects. Run by border.py.

Does not draw or infer once the stand-ins are in place.
"""

import asyncio
import json
from importlib import import_module
from typing import Any, cast

import js
import page
from pyodide.ffi import create_proxy

from app.core.frame import Frame
from app.core.meter import Meter
from app.core.model import Model
from app.page.canvas import CanvasCompositor
from app.page.compositor import Compositor
from app.page.engine import open_matte
from app.page.probe import options
from app.page.session import Session, now
from app.run.latest_frame import LatestFrame
from app.run.loop import Loop
from app.run.pipeline import Pipeline
from app.tasks.background import Background

drawing: Any = import_module("app.page.canvas")
REAL_IMAGE = drawing.ImageData


async def main(kind: str, frames: int, real: bool) -> str:
    """The ms of each of `frames` frames, from finish to finish, with the compositor `kind`: gl or canvas.

    With `real` objects the ms spent in them are subtracted.
    """
    shell: Any = page.python.unwrap()
    card, session, settings = shell.state.card, shell.engine.session, shell.state.settings
    rgba = shell.engine.variant.rgba

    js_canvas = js.OffscreenCanvas.new(640, 480)
    compositor: Any
    if kind == "gl":
        compositor = Compositor(js_canvas, options(), card, shell.engine.runtime.wrap)
    else:
        matte = await open_matte(shell.engine.runtime, card)
        compositor = CanvasCompositor(js_canvas, card, shell.engine.runtime.wrap, matte)
    meter = Meter(now)
    pipeline = Pipeline(settings.task, Model(card, session, compositor, meter, rgba))
    for _ in range(3):  # real frames, so that what is made only once is made
        await pipeline.step(Frame(js.frames[0], 640, 480), lambda: settings)
    if real:
        replaced = Session(page.ort, js.standins.timedSession(session._session))
        time_calls(compositor)
    else:
        replaced = Session(page.ort, await quiet_session(session, pipeline, compositor, settings))
        if kind == "gl":
            mute_gl(compositor)
        else:
            await mute_canvas(compositor, pipeline)
    pipeline = Pipeline(settings.task, Model(card, replaced, compositor, meter, rgba))
    try:
        return json.dumps(await run_frames(pipeline, compositor, settings, frames, real))
    finally:
        drawing.ImageData = REAL_IMAGE


async def quiet_session(session: Any, pipeline: Pipeline, compositor: Any, settings: Any) -> Any:
    """A stand-in for the runtime's session that returns the outputs of one real run every time."""
    js_outputs = js.Object.new()
    frame, task = Frame(js.frames[0], 640, 480), cast(Background, pipeline.task)
    rgba = task._model.sample(frame).tensor
    for name, tensor in (await session.run({"rgba": rgba, **task.feeds(frame, settings)})).items():
        setattr(js_outputs, name, tensor)
    return js.standins.session(session._session, js_outputs)


def mute_gl(compositor: Any) -> None:
    """Replace the context of a Compositor, its textures and its passes by a stand-in."""
    put_gl(compositor, js.standins.quiet(compositor.gl))
    for drawn in compositor._passes.values():
        drawn._set = {name: (compositor.gl.uniform4f, where) for name, (_, where) in drawn._set.items()}


def time_calls(compositor: Any) -> None:
    """Replace every context of a Compositor by a stand-in that times its calls."""
    if isinstance(compositor, Compositor):
        put_gl(compositor, js.standins.timed(compositor.gl))
        return
    compositor._main = js.standins.timed(compositor._main)
    compositor._contexts = {name: js.standins.timed(each) for name, each in compositor._contexts.items()}
    compositor._matte._session = js.standins.timedSession(compositor._matte._session)


def put_gl(compositor: Any, js_gl: Any) -> None:
    """Put another object in the place of the context."""
    for owner in (compositor, *compositor._textures.values(), *compositor._passes.values()):
        owner.gl = js_gl


async def mute_canvas(compositor: Any, pipeline: Pipeline) -> None:
    """Replace the contexts of a CanvasCompositor and its matte graph by stand-ins."""
    matte, task = compositor._matte, cast(Background, pipeline.task)
    sample = task._model.sample(Frame(js.frames[0], 640, 480))
    feeds = {
        "rgba": sample.pixels.bytes,
        "mask": task._memory,
        "softness": compositor._softness[1],
    }
    js_outputs = js.Object.new()
    for name, tensor in (await matte.run(feeds)).items():
        setattr(js_outputs, name, tensor)
    matte._session = js.standins.session(matte._session, js_outputs)

    def quiet(context: Any) -> Any:
        width, height = context.canvas.width, context.canvas.height
        answers = js.Object.fromEntries([["getImageData", context.getImageData(0, 0, width, height)]])
        return js.standins.quiet(context, answers)

    compositor._main = quiet(compositor._main)
    compositor._contexts = {name: quiet(context) for name, context in compositor._contexts.items()}
    drawing.ImageData = js.standins.image


async def run_frames(
    pipeline: Pipeline, compositor: Any, settings: Any, frames: int, real: bool
) -> list[float]:
    """Run the Loop over `frames` pictures; returns the ms of each without those spent in real objects."""
    slot, standins = LatestFrame(), js.standins
    take = create_proxy(slot.put)
    over = asyncio.get_running_loop().create_future()
    times: list[float] = []
    begin = now()

    def deliver() -> None:
        if real:
            standins.deliverReal(take, js.frames[len(times) % js.frames.length])
        else:
            standins.deliver(take, standins.picture)

    def done(events: object) -> None:
        nonlocal begin
        end = now()
        times.append(end - begin - standins.take())
        begin = end
        if len(times) < frames:
            deliver()
        elif not over.done():
            over.set_result(None)

    standins.take()
    deliver()
    slot.begin(Loop(pipeline, compositor, lambda: settings, done).step, over.set_exception)
    await over
    take.destroy()
    return times
