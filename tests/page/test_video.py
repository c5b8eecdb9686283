"""A video of the visitor's as background: it plays behind the person, and the room is never seen.

Does not test how often it is sampled: tests/node/backdrop.test.mjs does.
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.backgrounds.base import COVER_COLOR
from app.core.settings import rgb
from tests.page.drive import Picture, Visit
from tests.support import clip

# A video that is of one colour, then of another, for half a second each.
RECORD = """async (colours) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
    const draw = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm;codecs=vp8' });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const over = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    for (const colour of colours) {
        for (let i = 0; i < 10; i += 1) {
            draw.fillStyle = colour;
            draw.fillRect(0, 0, 320, 180);
            await new Promise((resolve) => { setTimeout(resolve, 50); });
        }
    }
    recorder.stop();
    await over;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}"""
COLOURS = {"orange": (220, 120, 30), "blue": (30, 60, 200)}
COVER = np.multiply(rgb(COVER_COLOR), 255)


def video(visit: Visit, path: Path) -> Path:
    """A file of both colours."""
    names = [f"rgb({r} {g} {b})" for r, g, b in COLOURS.values()]
    path.write_bytes(b64decode(visit.page.evaluate(RECORD, names)))
    if path.stat().st_size < 1000:
        pytest.skip("this Chromium records no WebM")
    return path


def behind(picture: Picture) -> str:
    """What is where the room was: a colour of the video, or "cover". AssertionError for anything else."""
    parts = [part.cut(picture)[..., :3].astype(float).reshape(-1, 3) for part in clip.ROOM]
    pixels = np.concatenate(parts)
    away = {name: np.abs(pixels - colour).max() for name, colour in {**COLOURS, "cover": COVER}.items()}
    nearest = min(away, key=lambda name: away[name])
    assert away[nearest] <= 30, f"neither the video nor the cover: {away}"
    return nearest


def person(picture: Picture) -> Picture:
    """The person's pixels."""
    return np.concatenate([part.cut(picture)[..., :3].reshape(-1, 3) for part in clip.PERSON])


def unchanged(picture: Picture) -> float:
    """How far the person's pixels are from those of the photo, on average."""
    return float(np.abs(person(picture).astype(int) - person(clip.frame(0))).mean())


def photo(visit: Visit, folder: Path) -> None:
    """Make a picture of the clip the source."""
    Image.fromarray(clip.frame(0)).save(folder / "frame.png")
    visit.choose(folder / "frame.png")
    visit.until(lambda: unchanged(visit.picture()) <= 3, "the photo as source")


@pytest.mark.parametrize("drawing", ["canvases", "shaders"], indirect=True)
def test_a_video_plays_behind_a_person_who_stays(drawing: Visit, tmp_path: Path) -> None:
    visit = drawing
    visit.open(backend="wasm", background="video")
    photo(visit, tmp_path)
    assert behind(visit.picture()) == "cover"
    assert "stays on this machine" in visit.page.locator("#control-video-file-hint").inner_text()
    visit.control("Your own video").set_input_files(video(visit, tmp_path / "colours.webm"))
    seen: list[str] = []

    def both(times: int) -> bool:
        picture = visit.picture()
        seen.append(behind(picture))
        assert unchanged(picture) <= 3
        turns = [name for n, name in enumerate(seen) if n == 0 or seen[n - 1] != name]
        return turns.count("orange") >= times and turns.count("blue") >= times

    visit.until(lambda: both(2), "both colours, twice: the video is played in a loop", 30)
    textures = visit.stats()["textures"]
    visit.set("mirror", True)
    seen.clear()
    visit.set("mirror", False)
    visit.until(lambda: both(1), "both colours again", 30)
    assert visit.stats()["textures"] == textures
    assert visit.notes() == []


def test_a_new_worker_begins_with_the_video(visit: Visit, tmp_path: Path) -> None:
    visit.open(source="camera", backend="wasm", background="video")
    visit.camera_on()
    visit.control("Your own video").set_input_files(video(visit, tmp_path / "colours.webm"))
    visit.until(lambda: behind(visit.picture()) != "cover", "the video")
    visit.set("model", "blazeface")
    seen: list[str] = []

    def new() -> bool:
        picture = visit.picture()
        if not picture[..., 3].any():
            return False  # the browser has not yet shown the first picture of the new worker's canvas
        seen.append(behind(picture))
        return bool(visit.stats()["model"] == "blazeface") and set(seen[-20:]) >= set(COLOURS)

    visit.until(new, "both colours from the new worker", 40)
    assert "cover" not in seen
    assert visit.notes() == []


def test_the_video_stops_with_its_background_and_a_bad_file_is_told(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="video", colour=COVER_COLOR)
    photo(visit, tmp_path)
    visit.control("Your own video").set_input_files(video(visit, tmp_path / "colours.webm"))
    visit.until(lambda: behind(visit.picture()) != "cover", "the video")
    damaged = tmp_path / "damaged.webm"
    damaged.write_bytes(b"no video")
    visit.control("Your own video").set_input_files(damaged)
    visit.noted("The browser could not read")
    assert {behind(visit.picture()) for _ in range(5)} <= set(COLOURS)  # the one before goes on
    visit.set("background", "colour")
    visit.until(lambda: visit.control("Your own video").count() == 0, "the panel of the other background")
    visit.page.wait_for_timeout(500)
    before = visit.done()
    visit.page.wait_for_timeout(1000)
    assert visit.done() == before, "a photo is drawn again only for a picture of the video"
    visit.set("background", "video")
    visit.until(lambda: behind(visit.picture()) != "cover", "the same video again")
    visit.page.evaluate("spy.hide(true)")
    visit.page.wait_for_timeout(500)
    before = visit.done()
    visit.page.wait_for_timeout(1000)
    assert visit.done() == before, "a hidden tab samples nothing"
    visit.page.evaluate("spy.hide(false)")
    visit.more(5)
