"""The visitor's own pictures: added, compared with, kept by the browser, taken away, exported and imported.

Does not test what a file may hold: tests/unit/test_own.py does.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tests.page.conftest import Begin
from tests.page.drive import START, Visit
from tests.page.test_lookalike import DROP, TABS, cards, drawn, saved, show
from tests.support import alike

pytestmark = pytest.mark.usefixtures("has_own")


@pytest.fixture(scope="module")
def has_own(lookalike: None) -> None:
    if not alike.has_own():
        pytest.skip("this build has no index of own pictures")


# Keeps rows, in which a number stands for a picture of this hue; gives all that are kept.
STORE = """async (rows) => {
    const canvas = new OffscreenCanvas(192, 192), draw = canvas.getContext('2d');
    for (const row of rows) {
        row.features = new Uint8Array(new Float32Array(row.features).buffer);
        if (typeof row.thumb !== 'number') continue;
        draw.fillStyle = `hsl(${row.thumb} 60% 50%)`;
        draw.fillRect(0, 0, 192, 192);
        row.thumb = await canvas.convertToBlob({ type: 'image/jpeg' });
    }
    const success = (request) => new Promise((resolve, reject) => {
        Object.assign(request, { onsuccess: () => resolve(request.result), onerror: reject });
    });
    const store = await success(indexedDB.open('vitrine', 1));
    const own = store.transaction('own', 'readwrite').objectStore('own');
    for (const row of rows) own.put(row);
    return (await success(own.getAll())).map(({ name, card }) => [name, card]);
}"""
# The store answers two seconds after it is opened first: later than the page waits for it.
LATER = """
const { open: opens } = IDBFactory.prototype;
IDBFactory.prototype.open = function (...given) {
    IDBFactory.prototype.open = opens;
    const request = {};
    setTimeout(() => {
        const made = opens.apply(this, given);
        made.onsuccess = () => request.onsuccess(Object.assign(request, { result: made.result }));
    }, 2000);
    return request;
};
"""
COUNT = "document.querySelectorAll('#own-list li').length"


def others(folder: Path) -> list[Path]:
    """Three pictures: the portrait's face mirrored, the same in grey, and one without a face."""
    face = Image.fromarray(alike.photo())
    plain = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    rows = {"Mirror": ImageOps.mirror(face), "Grey": face.convert("L"), "Plain": plain}
    for name, picture in rows.items():
        picture.save(folder / f"{name}.png")
    return [folder / f"{name}.png" for name in rows]


def add(visit: Visit, files: list[Path], count: int) -> None:
    if visit.page.locator("#mine details").get_attribute("open") is None:
        visit.page.locator("#mine summary").click()
    visit.page.locator("#own-add").set_input_files(files)
    visit.until(lambda: visit.page.evaluate(COUNT) == count, f"{count} own pictures", START)


def test_own_pictures_are_compared_with_and_come_back(begin: Begin, light: str, tmp_path: Path) -> None:
    visit = begin()
    visit.open(task="lookalike", backend="wasm", model=light)
    photo = saved(tmp_path, alike.photo())
    show(visit, photo)
    assert visit.control("Gallery").locator("option[value=own]").is_disabled()
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    add(visit, [*others(tmp_path), tmp_path / "broken.jpg"], 3)
    note = "The browser could not read broken.jpg. Choose a PNG, JPEG, WebP or AVIF picture."
    assert visit.noted("broken.jpg") == note
    visit.control("Gallery").select_option("own")
    own = drawn(visit, 3)
    assert {name for _, name, _ in own} == {"Mirror", "Grey", "Plain"}
    assert own[0][1] in ("Mirror", "Grey")
    assert own[0][2] > own[2][2]
    assert "gallery=own" in visit.page.url
    visit.control("Gallery").select_option("all")
    assert drawn(visit, 5)[0][0] == own[0][0], "oneself is nearer than any character"

    visit.in_workers(LATER)
    visit.page.reload()  # the address asks for them: they are waited for
    visit.begun()
    assert visit.notes() == []
    assert visit.control("Gallery").input_value() == "all"
    assert visit.page.evaluate(COUNT) == 3
    show(visit, photo)
    assert cards(visit)[0] == own[0]

    visit.control("Gallery").select_option("own")
    visit.page.locator("#mine summary").click()
    for name in ("Mirror", "Grey", "Plain"):
        visit.page.get_by_role("button", name=f"Remove {name}").click()
    visit.until(lambda: visit.control("Gallery").input_value() not in ("own", "all"), "the gallery there was")
    visit.until(lambda: visit.page.evaluate(STORE, []) == [], "the store to be empty")
    visit.page.reload()
    visit.begun()
    assert visit.page.evaluate(COUNT) == 0


def test_own_pictures_go_from_one_browser_to_another(begin: Begin, light: str, tmp_path: Path) -> None:
    visit = begin()
    visit.open(task="lookalike", backend="wasm", model=light)
    add(visit, others(tmp_path), 3)
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Export").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert [row["name"] for row in json.loads(file.read_text())["pictures"]] == ["Mirror", "Grey", "Plain"]

    another = begin()
    another.open(task="lookalike", backend="wasm", model=light)
    another.page.locator("#mine summary").click()
    for data in (b"{", b"[" * 1000, file.read_bytes().replace(b'"thumb":"', b'"thumb":"A')):
        (tmp_path / "bad.json").write_bytes(data)
        another.page.locator("#own-import").set_input_files(tmp_path / "bad.json")
        another.noted("contains no pictures from this page")
        another.page.get_by_role("button", name="Dismiss").last.click()
    assert another.page.evaluate(COUNT) == 0
    for _ in range(2):  # twice the same is there once
        another.page.locator("#own-import").set_input_files(file)
        another.until(lambda: another.page.evaluate(COUNT) == 3, "the pictures imported")
    another.control("Gallery").select_option("own")
    drawn(another, 3)


# The detector, or the classifier, stops as a runtime does that has no memory left.
FULL = """
async def full(feeds): raise RuntimeError("out of memory")
object.__setattr__(page.python.unwrap().engine.auxiliary[kind].session, "run", full)
"""
PICKED = "document.querySelector('.card:has(:checked)')?.dataset.answer"


def followed(visit: Visit, begun: int) -> None:
    """Wait until the last of so many workers is the only one."""
    visit.until(lambda: visit.page.evaluate("[spy.begun, spy.live]") == [begun, 1], "the worker after", START)


def test_the_worker_that_follows_keeps_own_pictures_and_the_pick(
    visit: Visit, light: str, tmp_path: Path
) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    show(visit, saved(tmp_path, alike.photo()))
    add(visit, others(tmp_path), 3)
    visit.control("Gallery").select_option("own")
    before = drawn(visit, 3)
    visit.page.locator(".card input").nth(1).check()
    visit.until(lambda: visit.page.evaluate(PICKED) == before[1][0], "the second to be picked")
    visit.python(FULL, kind="detector")
    visit.set("mirror", True)
    assert visit.noted("out of memory") == (
        "WASM stopped (out of memory). Continuing with WASM (onnxruntime)."
    )
    followed(visit, 2)
    assert visit.control("Gallery").input_value() == "own"
    assert cards(visit) == before
    assert visit.page.evaluate(PICKED) == before[1][0]

    visit.python(FULL, kind="classifier")
    visit.page.evaluate(DROP, ["drop", list(saved(tmp_path, alike.pair()).read_bytes())])
    followed(visit, 3)
    visit.until(lambda: len(visit.page.evaluate(TABS)) == 3, "answers of the photo that was too much", START)
    assert visit.page.evaluate(PICKED) is None, "it was picked for another photo's face"


# A store that does not answer is waited for half a second instead of ten.
SOONER = """
const { setTimeout: waits } = globalThis;
globalThis.setTimeout = (act, ms) => waits(act, ms === 10_000 ? 500 : ms);
"""
NOTHING = {"refused": "{ throw new DOMException('', 'SecurityError'); }", "silent": "({})"}


@pytest.mark.parametrize("how", NOTHING)
def test_a_browser_that_keeps_nothing_shows_the_page_and_says_so(
    visit: Visit, light: str, tmp_path: Path, how: str
) -> None:
    visit.in_workers(f"{SOONER}IDBFactory.prototype.open = () => {NOTHING[how]};")
    visit.open(task="lookalike", backend="wasm", model=light)
    add(visit, others(tmp_path)[:1], 1)
    visit.noted("could not store this picture")
    visit.control("Gallery").select_option("own")
    drawn(visit, 1)
    visit.page.get_by_role("button", name="Remove Mirror").click()
    visit.until(lambda: visit.page.evaluate(COUNT) == 0, "none")
    assert len(visit.notes()) == 1, "what was never kept cannot come back"


def test_what_is_kept_may_come_late_be_damaged_or_of_another_classifier(visit: Visit, light: str) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    rows = [
        {"id": "a", "name": "Damaged", "card": "another", "features": [1, 0], "thumb": "none"},
        {"id": "b", "name": "Red", "card": "another", "features": [1, 0], "thumb": 0},
        {"id": "c", "name": "Blue", "card": "another", "features": [0, 1], "thumb": 240},
    ]
    assert len(visit.page.evaluate(STORE, rows)) == 3

    def waiting() -> list[str]:
        """Those that the page's classifier has not seen."""
        return [name for name, card in visit.page.evaluate(STORE, []) if card == "another"]

    visit.in_workers(LATER)
    visit.page.reload()
    visit.begun()
    visit.until(lambda: visit.page.evaluate(COUNT) == 2, "the two that are whole")
    visit.until(lambda: waiting() == ["Damaged"], "both looked at again", START)
    visit.until(lambda: visit.page.locator("#own-busy").text_content() == "", "nothing to be looked at")
    assert visit.notes() == []
    visit.control("Gallery").select_option("own")
    visit.until(lambda: {name for _, name, _ in cards(visit)} == {"Red", "Blue"}, "both", START)
    visit.workers[-1].evaluate("() => void (IDBObjectStore.prototype.delete = () => { throw new Error(); })")
    visit.page.locator("#mine summary").click()
    visit.page.get_by_role("button", name="Remove Red").click()
    visit.noted("could not be deleted from browser storage")
