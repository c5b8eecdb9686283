"""Cameras, photos and videos: asked for, refused, unplugged, too large, damaged, turned.

Does not test the camera's pixels: test_pictures.py does.
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import Begin
from tests.page.drive import Visit
from tests.support import clip

RECORD = """async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const draw = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: 'video/webm;codecs=vp8' });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const over = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    for (let i = 0; i < 30; i += 1) {
        draw.fillStyle = '#c86432';
        draw.fillRect(0, 0, 320, 240);
        draw.fillStyle = '#fff';
        draw.fillRect(10 * i, 200, 20, 20);
        await new Promise(requestAnimationFrame);
    }
    recorder.stop();
    await over;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}"""


SLOW = """() => {
    const { decode } = Image.prototype;
    spy.slow = 0;
    Image.prototype.decode = async function () {
        spy.slow += 1;
        await decode.call(this);
        await new Promise((resolve) => { setTimeout(resolve, 1000); });
        spy.slow -= 1;
    };
}"""  # of all sources only the sample decodes so

LATE = """() => {
    const { createImageBitmap: decode } = globalThis;
    globalThis.createImageBitmap = async (picture, ...how) => {
        const bitmap = await decode(picture, ...how);
        if (picture.name === 'late.png') {
            spy.late = 'under way';
            await new Promise((resolve) => { setTimeout(resolve, 1000); });
            spy.late = 'over';
        }
        return bitmap;
    };
}"""


def saved(path: Path, width: int, height: int, **how: Any) -> Path:
    """A photo of two colours: its left quarter white."""
    image = Image.new("RGB", (width, height), (200, 100, 50))
    image.paste((255, 255, 255), (0, 0, width // 4, height))
    image.save(path, **how)
    return path


def test_the_camera_starts_when_it_is_asked_for_and_not_before(visit: Visit) -> None:
    visit.open(source="camera", backend="wasm", background="none")  # the sample stands in
    assert visit.page.evaluate("spy.asked") == []
    assert visit.page.locator("#ask").is_visible()
    assert "stays on this machine" in visit.page.locator("#ask p").inner_text()
    visit.page.get_by_role("button", name="Turn the camera on").click()
    visit.until(lambda: visit.page.evaluate("spy.stream?.active"), "the camera")
    assert visit.page.locator("#ask").is_hidden()
    asked = visit.page.evaluate("spy.asked")
    assert len(asked) == 1
    assert asked[0]["audio"] is False
    assert asked[0]["video"]["width"] == {"ideal": 640}
    visit.until(lambda: visit.control("Camera").locator("option").count() > 1, "the devices' names")
    assert "clip.y4m" in visit.control("Camera").locator("option").nth(1).inner_text()
    assert visit.control("Mirror").is_checked()
    visit.set("source", "sample")
    visit.until(lambda: not visit.page.evaluate("spy.stream.active"), "the camera to be off")


def test_a_camera_chosen_by_name(visit: Visit) -> None:
    visit.open(backend="wasm")
    visit.page.get_by_role("button", name="Use my camera").click()
    visit.until(lambda: visit.page.evaluate("spy.stream?.active"), "the camera")
    picker = visit.control("Camera")
    visit.until(lambda: picker.locator("option").count() > 1, "the devices' names")
    device = picker.locator("option").nth(1).get_attribute("value")
    picker.select_option(device)
    visit.until(lambda: len(visit.page.evaluate("spy.asked")) == 2, "the camera anew")
    assert visit.page.evaluate("spy.asked[1].video.deviceId") == {"ideal": device}
    visit.more(2)
    assert visit.notes() == []


def test_a_refused_camera(begin: Begin) -> None:
    visit = begin()
    visit.open(backend="wasm")
    visit.page.get_by_role("button", name="Use my camera").click()
    assert "Allow it in the browser" in visit.noted("The camera stays off")
    visit.more(2)
    assert visit.control("Source").input_value() == "sample"


def test_an_unplugged_camera(visit: Visit) -> None:
    visit.open(backend="wasm")
    visit.page.get_by_role("button", name="Use my camera").click()
    visit.until(lambda: visit.page.evaluate("spy.stream?.active"), "the camera")
    visit.more(2)
    visit.page.evaluate("spy.stream.getTracks()[0].onended()")  # nothing in a page can pull a plug
    visit.noted("The camera was unplugged")
    visit.until(lambda: visit.control("Source").input_value() == "sample", "the sample")
    visit.more(2)


def test_a_huge_photo_is_shown_smaller(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="none")
    visit.choose(saved(tmp_path / "huge.jpg", 6000, 4000))
    note = "The photo is 6000 × 4000 pixels. It is shown at 2048 × 1365 to save memory."
    assert visit.noted("6000") == note
    visit.until(lambda: visit.picture().shape == (1365, 2048, 4), "the photo")
    assert np.abs(visit.picture()[700, 1500, :3].astype(int) - (200, 100, 50)).max() <= 4
    visit.choose(saved(tmp_path / "small.png", 320, 200))
    visit.until(lambda: visit.picture().shape == (200, 320, 4), "a photo of its own size")


def test_a_turned_photo_that_is_shown_smaller_stands_upright(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="none")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the row 0 is at the right
    visit.choose(saved(tmp_path / "turned.jpg", 4000, 3000, exif=exif))
    visit.noted("The photo is 3000 × 4000 pixels. It is shown at 1536 × 2048")
    visit.until(lambda: visit.picture().shape == (2048, 1536, 4), "the photo upright")
    picture = visit.picture()[..., :3].astype(int)
    assert picture[480].min() > 250, "the left quarter is above now"
    assert np.abs(picture[1000] - (200, 100, 50)).max() <= 4


def test_a_photo_of_too_many_pixels_is_not_decoded(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="none")
    visit.choose(saved(tmp_path / "many.jpg", 9000, 6000))
    note = "That photo is too large (54 megapixels). Choose a photo of at most 50 megapixels."
    assert visit.noted("54 megapixels") == note
    visit.more(2)  # the sample goes on


def test_a_file_that_is_no_picture(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm")
    good = saved(tmp_path / "good.jpg", 400, 300).read_bytes()
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(b"\xff\xd8" + bytes(len(good)))
    visit.choose(damaged)
    visit.noted("The browser could not read")
    visit.more(2)  # the sample goes on
    huge = tmp_path / "large.jpg"
    with huge.open("wb") as file:
        file.truncate(65_000_000)
    visit.choose(huge)
    assert visit.noted("too large").startswith("That file is too large (65 MB).")
    visit.more(2)


def test_a_source_that_opens_late_does_not_replace_the_one_chosen_since(visit: Visit, tmp_path: Path) -> None:
    visit.open(source="camera", backend="wasm", background="none")
    visit.camera_on()
    visit.page.evaluate(SLOW)
    visit.set("source", "file")  # the camera goes off, and until there is a file the sample stands in
    visit.until(lambda: visit.page.evaluate("spy.slow"), "the sample under way")
    visit.choose(saved(tmp_path / "photo.png", 320, 200))
    visit.until(lambda: visit.picture().shape == (200, 320, 4), "the photo")
    assert visit.page.evaluate("spy.slow"), "the sample was there first: nothing was tried"
    visit.until(lambda: not visit.page.evaluate("spy.slow"), "the sample to be there")
    visit.page.wait_for_timeout(500)
    assert visit.picture().shape == (200, 320, 4)


def test_a_turned_photo_stands_upright(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="none")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the row 0 is at the right
    visit.choose(saved(tmp_path / "turned.jpg", 400, 300, exif=exif))
    visit.until(lambda: visit.picture().shape == (400, 300, 4), "the photo upright")
    picture = visit.picture()[..., :3].astype(int)
    assert picture[40].min() > 250, "the left quarter is above now"
    assert np.abs(picture[200] - (200, 100, 50)).max() <= 4


def test_a_photo_is_computed_once_and_again_when_a_setting_changes(visit: Visit, tmp_path: Path) -> None:
    photo = tmp_path / "frame.png"
    Image.fromarray(clip.frame(0)).save(photo)
    visit.open(backend="wasm", background="colour", colour="#0a64f0")
    visit.choose(photo)
    room = clip.ROOM[0]
    visit.until(lambda: visit.control("Source").input_value() == "file", "the photo as source")
    visit.until(lambda: quiet(visit), "the photo to rest")
    visit.set("colour", "#00c832")

    def away() -> int:
        return int(np.abs(room.cut(visit.picture())[..., :3].astype(int) - (0, 200, 50)).max())

    visit.until(lambda: away() <= 2, "the new colour")
    assert visit.until(lambda: quiet(visit), "the photo to rest")


def quiet(visit: Visit) -> bool:
    """Whether no picture is made for half a second."""
    before = visit.done()
    visit.page.wait_for_timeout(500)
    return visit.done() == before


def test_a_backdrop_of_ones_own(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="image")
    visit.control("Your own picture").set_input_files(saved(tmp_path / "own.png", 640, 480))
    visit.until(lambda: visit.control("Image").input_value() == "own", "the visitor's picture")
    visit.until(lambda: visit.picture()[:200, :60, :3].min() > 250, "its white left")
    visit.set("model", "blazeface")  # a new worker has it too
    visit.runs("model", "blazeface")
    visit.until(lambda: visit.picture()[:200, :60, :3].min() > 250, "its white left")
    visit.page.evaluate(LATE)
    for name, colour in {"late": "#000", "now": "#fff"}.items():
        Image.new("RGB", (64, 48), colour).save(tmp_path / f"{name}.png")
        visit.control("Your own picture").set_input_files(tmp_path / f"{name}.png")
        visit.until(lambda: visit.page.evaluate("spy.late"), "the first under way")
    visit.until(lambda: visit.picture()[:200, -60:, :3].min() > 250, "the second, white everywhere")
    visit.until(lambda: visit.page.evaluate("spy.late") == "over", "the first to be decoded")
    visit.more(3)
    assert visit.picture()[:200, -60:, :3].min() > 250, "the one picked first replaced it"
    (tmp_path / "no.png").write_bytes(b"no picture")
    visit.control("Your own picture").set_input_files(tmp_path / "no.png")
    visit.noted("The browser could not read")


def test_a_video_plays(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="none")
    video = tmp_path / "moving.webm"
    video.write_bytes(b64decode(visit.page.evaluate(RECORD)))
    if video.stat().st_size < 1000:
        pytest.skip("this Chromium records no WebM")
    visit.choose(video)
    visit.until(lambda: visit.picture().shape == (240, 320, 4), "the video")
    visit.more(5)
    assert np.abs(visit.picture()[50:150, 50:250, :3].astype(int) - (200, 100, 50)).mean() <= 8
