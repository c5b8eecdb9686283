"""3,000 frames: proxies, objects, textures and both heaps stay as they are after the first 300.

Does not wait for a camera: the frames go through the worker's own slot as fast as it takes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.core.meter import WINDOW
from tests.page.counts import COUNT, MEMORY, TRACE
from tests.page.drive import Visit

# Frames through Slot, Loop, Pipeline and Compositor, handed over as worker.js does.
FRAMES = """async (count) => {
    const { page } = self;
    const source = new OffscreenCanvas(320, 240);
    const draw = source.getContext('2d', { willReadFrequently: true });
    const own = page.done;
    for (let i = 0; i < count; i += 1) {
        draw.fillStyle = `hsl(${i % 360} 60% 50%)`;
        draw.fillRect(0, 0, 320, 240);
        const done = new Promise((resolve) => { page.done = resolve; });
        const picture = await createImageBitmap(source);
        const work = page.take({ picture, time: i, is_photo: false, first_of_source: false, skipped: 0 });
        await done;
        await work?.then(null, () => {}); // as static/frames.js does
        work?.destroy();
    }
    page.done = own;
}"""


# Pictures of the visitor's video, in turn of two sizes, handled as worker.js has them handled.
SAMPLES = """async (count) => {
    const sources = [[320, 180], [640, 360]].map(([width, height]) => new OffscreenCanvas(width, height));
    for (const source of sources) source.getContext('2d').fillRect(0, 0, 9, 9);
    for (let i = 0; i < count; i += 1) {
        const picture = await createImageBitmap(sources[i % 2]);
        await self.page.handle({ type: 'backdrop-frame', picture });
        await new Promise((resolve) => { setTimeout(resolve); });
    }
}"""


def rested(visit: Visit, folder: Path) -> Visit:
    """With a photo as the source, so that the page itself makes no frames."""
    photo = folder / "photo.png"
    Image.new("RGB", (320, 240)).save(photo)
    visit.choose(photo)
    visit.until(lambda: visit.stats()["picture"] == [320, 240], "the photo")
    return visit


@pytest.mark.parametrize(("backend", "first", "rest"), [("wasm", 300, 2700), ("webgl", 15, 45)])
def test_frames_leave_nothing_behind(
    visit: Visit, tmp_path: Path, backend: str, first: int, rest: int
) -> None:
    visit.open(backend=backend, model="blazeface", threads=1)
    rested(visit, tmp_path).workers[0].evaluate(TRACE)

    def after(frames: int) -> tuple[dict[str, Any], int]:
        visit.workers[0].evaluate(FRAMES, frames)
        return visit.python(COUNT), visit.page.evaluate(MEMORY)

    visit.python(COUNT)  # what this code itself leaves is there before
    before, memory = after(first)
    now, more = after(rest)
    # The event loop has a handful of tasks and timers more or less at any moment; a leak has one a frame.
    few = 0.02 * rest + 20
    assert now["held by Python"] - before["held by Python"] < few
    assert now["held by JavaScript"] - before["held by JavaScript"] < few
    assert now["objects"] - before["objects"] < few + max(0, WINDOW - first)  # the Meter's rows
    assert now["textures"] == before["textures"]
    assert now["heap"] == before["heap"], "Python's memory grew"
    assert more - memory < 4_000_000, "bytes of JavaScript; 0.5 MB to and fro was measured"


@pytest.mark.parametrize(("backend", "rest"), [("wasm", 900), ("webgl", 300)])
def test_pictures_of_a_video_leave_nothing_behind(
    visit: Visit, tmp_path: Path, backend: str, rest: int
) -> None:
    visit.open(backend=backend, model="blazeface", threads=1, background="video")
    rested(visit, tmp_path).workers[0].evaluate(TRACE)

    def after(pictures: int) -> tuple[dict[str, Any], int]:
        visit.workers[0].evaluate(SAMPLES, pictures)
        visit.page.wait_for_timeout(1000)  # the photo is drawn before the last of them, and nothing after it
        return visit.python(COUNT), visit.page.evaluate(MEMORY)

    visit.python(COUNT)
    before, memory = after(100)
    now, more = after(rest)
    few = 0.02 * rest + 20
    assert now["held by Python"] - before["held by Python"] < few
    assert now["held by JavaScript"] - before["held by JavaScript"] < few
    assert now["objects"] - before["objects"] < few + WINDOW
    assert now["textures"] == before["textures"]
    assert now["heap"] == before["heap"], "Python's memory grew"
    assert more - memory < 4_000_000
