"""The look-alike task in the page: five cards for each face, on every backend, as they are natively.

Does not judge whether a character resembles a face: bench/lookalike.py does. Own pictures: test_own.py; live
ones: test_lookalike_live.py.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import Begin, Damaged
from tests.page.drive import START, Visit
from tests.page.test_trouble import LAST, graph
from tests.support import alike
from tests.support.built import manifest

pytestmark = pytest.mark.usefixtures("lookalike")

# What the cards show: [key, name, likeness in percent] of each.
CARDS = """(() => {
    const text = (card, part) => card.querySelector(part).textContent;
    return [...document.querySelectorAll('#five [data-answer]')].map((card) =>
        [card.dataset.answer, text(card, '.name'), parseInt(text(card, '.percent'))]);
})()"""
DRAWN = "document.querySelector('#five').ariaBusy !== 'true'"  # no card waits for its picture
TABS = "[...document.querySelectorAll('#faces label')].map((tab) => tab.textContent.trim())"
# The left upper corner of each label, as parts of the picture's width and height.
PLACES = """[...document.querySelectorAll('#labels button')].map((label) => {
    const [{ x, y }, shown] = [label, document.querySelector('#show')].map((e) => e.getBoundingClientRect());
    return [(x - shown.x) / shown.width, (y - shown.y) / shown.height];
})"""
LABELS = "[...document.querySelectorAll('#labels button')].map((label) => label.textContent)"


def cards(visit: Visit) -> list[list[Any]]:
    """The cards shown now."""
    found: list[list[Any]] = visit.page.evaluate(CARDS)
    return found


def drawn(visit: Visit, count: int, seconds: float = START) -> list[list[Any]]:
    """Wait for so many cards, each with its picture: until then one shows whom it showed before."""
    visit.until(lambda: visit.page.evaluate(DRAWN) and len(cards(visit)) == count, f"{count} cards", seconds)
    return cards(visit)


def saved(folder: Path, picture: alike.Picture, name: str = "photo.png") -> Path:
    path = folder / name
    Image.fromarray(picture).save(path)
    return path


def show(visit: Visit, photo: Path, seconds: float = START) -> list[list[Any]]:
    """Choose a photo of another shape than what is shown, wait for its answers."""
    visit.choose(photo)
    with Image.open(photo) as opened:
        shape = opened.width / opened.height
    ratio = "Number(document.querySelector('#labels').style.getPropertyValue('--ratio'))"
    visit.until(lambda: abs(visit.page.evaluate(ratio) - shape) < 1e-3, "answers", seconds)
    return drawn(visit, 5, seconds)


def same(found: list[list[Any]], wanted: list[dict[str, Any]]) -> None:
    """The browser scales a picture a little otherwise than the native Compositor: near ties change places,
    and of five that are all within two percent one or two are others.
    """
    likeness = {row["key"]: row["similarity"] for row in wanted}
    common = [key for key, _, _ in found if key in likeness]
    assert len(common) >= 3, f"{found} instead of {wanted}"
    assert found[0][0] in likeness
    assert max(abs(percent - likeness[key]) for key, _, percent in found if key in likeness) <= 3


LOST = "() => self.page.canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
PATIENT = """() => {
    const { setTimeout: later } = globalThis;
    globalThis.setTimeout = (act, ms) => later(act, ms === 5000 || ms === 60_000 ? 200_000 : ms);
}"""  # what page.js waits for a frame
SLOW = 120.0  # seconds: a GPU in software compiles for long


def with_a_photo(visit: Visit, folder: Path, backend: str, model: str) -> list[list[Any]]:
    """The task begun on a backend with a photo as its source: one picture is computed, which is quick enough
    for a GPU in software. Gives the cards.
    """
    visit.open(backend="wasm", background="none", model=model)
    if visit.control("Backend").locator(f"option[value={backend}]").is_disabled():
        pytest.skip(f"this Chromium has no {backend}")
    visit.choose(saved(folder, alike.photo()))
    visit.until(lambda: visit.picture().shape == (300, 420, 4), "the photo")
    visit.page.evaluate(PATIENT)
    visit.set("backend", backend)
    visit.set("task", "lookalike")
    visit.set("model", model)
    found = drawn(visit, 5, SLOW)
    visit.runs("backend", backend)
    return found


def test_a_photo_has_five_answers(visit: Visit, tmp_path: Path) -> None:
    visit.open(task="lookalike", backend="wasm")
    found = show(visit, saved(tmp_path, alike.photo()))
    same(found, alike.native(alike.photo())["faces"][0]["five"])
    assert visit.page.title() == "Vitrine: Look-alike"
    assert [percent for _, _, percent in found] == sorted((p for _, _, p in found), reverse=True)
    assert visit.page.evaluate(LABELS) == [f"Face 1{found[0][1]} {found[0][2]}%"]
    wholly = alike.native(alike.photo())["faces"][0]["five"]
    designs = {row["key"]: row["design"] for row in wholly}
    titles = "[...document.querySelectorAll('#five [data-answer]')].map((card) => card.title)"
    for (key, _, _), title in zip(found, visit.page.evaluate(titles), strict=True):
        assert title == designs.get(key, title)
        assert title.startswith("Design: "), "whose design it is, and its licence"
    assert visit.page.evaluate(TABS) == []


def test_webgpu_gives_the_same_answers(visit: Visit, light: str, tmp_path: Path) -> None:
    found = with_a_photo(visit, tmp_path, "webgpu", light)
    same(found, alike.native(alike.photo(), "webgpu", light)["faces"][0]["five"])


@pytest.mark.parametrize("drawing", ["shaders"], indirect=True)
def test_webgl_gives_the_same_answers_and_leaves_them_when_its_context_is_lost(
    drawing: Visit, light: str, tmp_path: Path
) -> None:
    visit = drawing
    found = with_a_photo(visit, tmp_path, "webgl", light)
    same(found, alike.native(alike.photo(), "webgl", light)["faces"][0]["five"])
    visit.workers[0].evaluate(LOST)  # while the photo rests: nothing is computed of it any more
    assert visit.noted("WebGL stopped (").endswith("Continuing with WASM.")
    assert cards(visit) == found, "the answers stay meanwhile"
    visit.runs("backend", "wasm")
    assert visit.picture().shape == (300, 420, 4), "the photo stays"
    visit.page.evaluate(DROP, ["drop", list(saved(tmp_path, alike.pair()).read_bytes())])
    visit.until(lambda: len(visit.page.evaluate(TABS)) == 3, "another photo's faces", START)
    wanted = alike.native(alike.pair(), "wasm", light)["faces"][0]["five"]
    visit.until(lambda: differs(visit, wanted) <= 2, "its answers", START)
    same(cards(visit), wanted)


SLOWLY = """
import asyncio
def slow(session):
    run = session.run
    async def later(feeds):
        await asyncio.sleep(1)
        return await run(feeds)
    object.__setattr__(session, "run", later)
engine = page.python.unwrap().engine
for model in (engine.model, *engine.auxiliary.values()):
    slow(model.session)
"""


def test_two_faces_have_answers_of_their_own_and_together(visit: Visit, light: str, tmp_path: Path) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    visit.python(SLOWLY)
    visit.limit(3000)
    show(visit, saved(tmp_path, alike.pair()))  # takes five seconds, none of its five models more than one
    assert visit.notes() == [], "a worker that goes on was not waited for"
    visit.until(lambda: len(visit.page.evaluate(TABS)) == 3, "a tab for each")
    wanted = alike.native(alike.pair(), "wasm", light)
    assert visit.page.evaluate(TABS) == ["Face 1", "Face 2", "All faces together"]
    same(cards(visit), wanted["faces"][0]["five"])
    visit.page.get_by_label("All faces together").check()
    visit.until(lambda: differs(visit, wanted["together"]) < 2, "the mean of both")
    visit.page.locator("#labels button").nth(1).click()
    visit.until(lambda: differs(visit, wanted["faces"][1]["five"]) < 2, "the second face's")
    assert visit.page.get_by_label("Face 2", exact=True).is_checked()
    corners = [face["box"][:2] for face in wanted["faces"]]
    visit.until(
        lambda: np.abs(np.subtract(visit.page.evaluate(PLACES), corners)).max() < 0.03, "the labels there"
    )


def differs(visit: Visit, wanted: list[dict[str, Any]]) -> int:
    """How many of these characters are not shown."""
    return len({row["key"] for row in wanted} - {key for key, _, _ in cards(visit)})


DROP = """([type, bytes]) => {
    const file = new File([Uint8Array.from(bytes)], 'photo.png', { type: 'image/png' });
    const data = new DataTransfer();
    data.items.add(file);
    const event = type === 'paste'
        ? new ClipboardEvent(type, { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector('#answers').dispatchEvent(event);
}"""


def test_a_photo_pasted_or_dropped_anywhere_is_compared_and_a_pick_stays_and_is_shared(
    visit: Visit, light: str, tmp_path: Path
) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    visit.page.evaluate(DROP, ["paste", list(saved(tmp_path, alike.pair()).read_bytes())])
    visit.until(lambda: len(visit.page.evaluate(TABS)) == 3, "the pasted photo's faces", START)
    visit.page.evaluate(DROP, ["drop", list(saved(tmp_path, alike.photo()).read_bytes())])
    visit.until(lambda: not visit.page.evaluate(TABS), "the dropped photo's one face", START)
    visit.until(lambda: visit.page.evaluate(DRAWN), "the cards")
    visit.page.locator(".card input").first.focus()
    visit.page.keyboard.press("Space")
    visit.page.keyboard.press("ArrowRight")  # a radio group: the second is picked
    picked = "document.querySelector('.card:has(:checked)')?.dataset.answer"
    visit.until(lambda: visit.page.evaluate(picked) == cards(visit)[1][0], "the second to be picked")
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Share as a picture").click()
    assert download.value.suggested_filename == "vitrine-lookalike.png"
    with Image.open(BytesIO(download.value.path().read_bytes())) as shared:
        assert (shared.format, shared.size) == ("PNG", (1080, 720))
        pixels = np.asarray(shared.convert("RGB")).astype(int)
    face, character = pixels[100:480, 100:480], pixels[100:480, 620:980]
    assert face.std() > 20, "the face is there"
    assert character.std() > 10, "the character is there"
    assert pixels[668:692, 56:300].std() > 5, "whose design it is stands beneath"


# The sheet of a phone on which one chooses whom to share with; it fails as it is told to.
SHEET = """
spy.sheet = [];
Navigator.prototype.canShare = ({ files }) => files.length > 0;
Navigator.prototype.share = async ({ files }) => {
    spy.sheet.push(...files.map(({ name, type }) => `${name} ${type}`));
    if (spy.fails) throw new DOMException('', spy.fails);
};
"""


def test_a_phone_offers_whom_to_share_with(begin: Begin, light: str) -> None:
    visit = begin(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    visit.context.add_init_script(SHEET)
    visit.open(task="lookalike", backend="wasm", model=light)
    drawn(visit, 5)
    saves: list[str] = []
    visit.page.on("download", lambda found: saves.append(found.suggested_filename))
    share = visit.page.get_by_role("button", name="Share as a picture")
    for count, (fails, files) in enumerate({"": 0, "AbortError": 0, "NotAllowedError": 1}.items(), 1):
        visit.page.evaluate("(fails) => { spy.fails = fails; }", fails)
        share.tap()
        visit.until(lambda count=count: visit.page.evaluate("spy.sheet.length") == count, "the sheet")  # type: ignore[misc]
        visit.page.wait_for_timeout(300)
        assert saves == ["vitrine-lookalike.png"] * files, f"after {fails or 'sharing'}"
    assert set(visit.page.evaluate("spy.sheet")) == {"vitrine-lookalike.png image/png"}


def test_the_address_brings_the_task_back(visit: Visit, light: str) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    visit.until(lambda: "task=lookalike" in visit.page.url, "the task in the address")
    assert "background=none" in visit.page.url
    visit.page.reload()
    visit.begun()
    assert visit.control("Task").input_value() == "lookalike"
    assert visit.notes() == []
    visit.control("Task").select_option("background")
    visit.until(lambda: visit.page.locator("#answers").is_hidden(), "the answers to go", START)
    visit.until(lambda: "task=background" in visit.page.url, "the task in the address")
    assert visit.page.title() == "Vitrine: Virtual background"


def test_a_task_chosen_after_a_start_that_failed_keeps_the_background(
    begin: Begin, damaged: Damaged, light: str
) -> None:
    damaged.gone.add(graph(light, "wasm-ort"))
    visit = begin(damaged.url)
    visit.allowed = ["404"]
    visit.go(backend="wasm-ort", model=light)
    visit.noted(LAST)
    background = visit.control("Background").input_value()
    damaged.gone.clear()
    visit.control("Task").select_option("lookalike")
    visit.begun()
    assert visit.control("Task").input_value() == "lookalike"
    assert visit.control("Background").input_value() == background != "none", "the room was shown"


def test_a_build_without_it_says_so(begin: Begin, damaged: Damaged, tmp_path: Path) -> None:
    table = json.loads(json.dumps(manifest()))
    table["galleries"] = []
    damaged.instead["manifest.json"] = tmp_path / "manifest.json"
    damaged.instead["manifest.json"].write_text(json.dumps(table))
    visit = begin(damaged.url)
    visit.open(task="lookalike", backend="wasm")
    visit.noted("not in this build")
    assert visit.control("Task").input_value() == "background"
    assert "not in this build" in visit.control("Task").locator("option[value=lookalike]").inner_text()
