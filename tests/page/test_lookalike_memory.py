"""50 photos and 100 live frames of the look-alike task: nothing grows. The long form is in bench/.

Does not wait for a camera: the frames go through the worker's own slot as fast as it takes them.
"""

from __future__ import annotations

from typing import Any

from PIL import Image

from app.core.meter import WINDOW
from tests.page.counts import COUNT, MEMORY, PHOTOS, TRACE
from tests.page.drive import Visit
from tests.page.feed import FRAMES, jpeg
from tests.support import alike, clip


def test_photos_and_live_frames_leave_nothing_behind(visit: Visit, light: str) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    photos = [jpeg(Image.fromarray(each)) for each in (alike.photo(), alike.pair())] + [jpeg(clip.room())]
    visit.workers[0].evaluate(TRACE)

    def counts() -> tuple[dict[str, Any], int]:
        return visit.python(COUNT), visit.page.evaluate(MEMORY)

    def judge(rest: int, first: int) -> None:
        few = 0.05 * rest + 30  # the event loop's own, more or less at any moment; a leak has one a picture
        assert now["held by Python"] - before["held by Python"] < few
        assert now["held by JavaScript"] - before["held by JavaScript"] < few
        assert now["objects"] - before["objects"] < few + 6 * max(0, WINDOW - first)  # the Meter's rows
        assert now["textures"] == before["textures"]
        assert now["heap"] == before["heap"], "Python's memory grew"
        assert more - memory < 6_000_000, "bytes of JavaScript"

    visit.page.evaluate(PHOTOS, [9, photos])  # threes, so that the next begins with another shape
    visit.python(COUNT)  # what this code itself leaves is there before
    before, memory = counts()
    visit.page.evaluate(PHOTOS, [39, photos])
    now, more = counts()
    judge(39, 9)

    visit.workers[0].evaluate(FRAMES, [30, photos[:1]])
    before, memory = counts()
    visit.workers[0].evaluate(FRAMES, [70, photos[:1]])
    now, more = counts()
    judge(70, 30)
