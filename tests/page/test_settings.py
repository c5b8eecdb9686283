"""The panel and the address: settings there and back, bad values, the keyboard, a small screen, saving.

Does not test what a setting does to the picture: test_live.py does.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import Begin
from tests.page.drive import Visit

# Every setting of the panel with the sample as the source, none at its default.
SETTINGS = {
    "resolution": "720",
    "mirror": True,
    "background": "image",
    "image": "linen",
    "softness": 71,
    "smoothing": 13,
    "overlay": "facemesh",
    "detail": "low",  # kept for a model that has sizes
    "backend": "wasm",
    "model": "blazeface",
    "threads": "1",
}
MORE = ({"background": "colour", "colour": "#123456"}, {"background": "blur", "blur": 12})


def address(visit: Visit) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(visit.page.url).query))


def says(visit: Visit, wanted: dict[str, str]) -> bool:
    """Whether the address holds these settings."""
    return wanted.items() <= address(visit).items()


def as_query(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def shown(visit: Visit) -> dict[str, str]:
    """The panel's values by setting."""
    fields = "[...document.querySelectorAll('#controls select, #controls input:not([type=file])')]"
    value = "[e.name, e.type === 'checkbox' ? String(Number(e.checked)) : e.value]"
    found: dict[str, str] = visit.page.evaluate(f"Object.fromEntries({fields}.map((e) => {value}))")
    return found


def test_every_setting_comes_back_from_the_address(visit: Visit) -> None:
    visit.open(backend="wasm")
    for settings in (*MORE, SETTINGS):
        for name, value in settings.items():
            visit.set(name, value)
        wanted = {name: as_query(value) for name, value in settings.items()}
        visit.until(partial(says, visit, wanted), "the address", 30)
    visit.runs("model", "blazeface")
    before, query = shown(visit), address(visit)
    visit.page.reload()
    stats = visit.begun()
    assert shown(visit) == before
    assert address(visit) == query
    assert (stats["backend"], stats["model"], stats["threads"]) == ("wasm", "blazeface", 1)
    assert visit.notes() == []


def test_bad_values_are_noted_and_unknown_names_are_not(visit: Visit) -> None:
    visit.open("backend=cuda&blur=900&nonsense=1&colour=%23abcdef&model=%3Cb%3E")
    notes = visit.notes()
    assert len(notes) == 3, notes
    for name, instead in (("backend", "auto"), ("blur", "55"), ("model", "selfie-landscape")):
        assert any(n.startswith(f"{name} must be") and n.endswith(f"Using {instead} instead.") for n in notes)
    assert address(visit)["colour"] == "#abcdef"
    assert "nonsense" not in address(visit)
    assert visit.stats()["model"] == "selfie-landscape"


def test_a_bad_value_set_live_is_refused_with_a_sentence(visit: Visit) -> None:
    visit.open(backend="wasm")
    visit.set("blur", "much")
    assert visit.noted("blur must be") == "blur must be a whole number from 0 to 100, not “much”."
    visit.set("sharpness", 1)
    visit.noted("There is no setting “sharpness”")
    visit.more(2)
    assert address(visit)["blur"] == "55"
    visit.page.get_by_role("button", name="Dismiss").first.click()
    assert len(visit.notes()) == 1


LABELS = [
    "Source", "Resolution", "Mirror", "Background", "Blur strength", "Edge softness", "Smoothing",
    "Overlay",     "Backend", "Model",
]  # fmt: skip
FOCUSED = """() => {
    const e = document.activeElement, box = e.getBoundingClientRect();
    const name = e.labels?.[0]?.textContent ?? e.ariaLabel ?? e.textContent.trim();
    return { name, seen: box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth };
}"""


@pytest.mark.parametrize("width", [360, 1440])
def test_all_is_reached_by_the_keyboard(begin: Begin, width: int) -> None:
    visit = begin(viewport={"width": width, "height": 760})
    visit.open(backend="wasm")
    reached = []
    for _ in range(20):
        visit.page.keyboard.press("Tab")
        found = visit.page.evaluate(FOCUSED)
        if not found["name"] or found["name"] in reached:
            break
        assert found["seen"], found
        reached.append(found["name"])
    assert [name for name in reached if name in LABELS] == LABELS
    assert {"Use my camera", "Save picture", "Controls"} <= set(reached)
    wide = visit.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], "the page scrolls sideways"


def test_a_phone_and_the_keyboard_change_settings(begin: Begin) -> None:
    visit = begin(viewport={"width": 360, "height": 760}, has_touch=True)
    visit.open(backend="wasm", background="colour")
    background = visit.control("Background")
    background.focus()
    visit.page.keyboard.type("None")
    visit.until(lambda: address(visit)["background"] == "none", "the background by a typed word")
    visit.control("Mirror").tap()
    visit.until(lambda: address(visit)["mirror"] == "1", "the mirror by a tap")
    visit.control("Edge softness").focus()
    visit.page.keyboard.press("ArrowRight")
    visit.until(lambda: address(visit)["softness"] == "41", "one step by an arrow key")
    assert visit.control("Edge softness").evaluate("e => e === document.activeElement"), "the focus stays"
    assert visit.page.locator("#control-softness + output").text_content() == "41%"


def test_the_saved_picture_is_a_png_of_what_is_seen(visit: Visit, tmp_path: Path) -> None:
    visit.open(backend="wasm", background="colour", colour="#0a64f0")
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Save picture").click()
    assert download.value.suggested_filename == "vitrine.png"
    download.value.save_as(tmp_path / "saved.png")
    with Image.open(tmp_path / "saved.png") as saved:
        assert saved.format == "PNG"
        assert list(saved.size) == visit.stats()["picture"] == [640, 480]
        corner = np.asarray(saved.convert("RGB"))[:20, :20].astype(int)
    assert np.abs(corner - (10, 100, 240)).max() <= 2


def test_stats_are_shown(visit: Visit) -> None:
    stats = visit.open(backend="wasm", threads=1)
    names = {"backend", "model", "variant", "threads", "fps", "ms", "frames", "dropped", "memory"}
    assert names <= set(stats)
    assert set(stats["ms"]) == {"sample", "infer", "compose", "python", "frame"}
    figures = visit.page.locator("#figures").inner_text()
    for words in ("wasm, 1 thread", f"selfie-landscape ({stats['variant']})", "Python", " MB", "Infer"):
        assert words in figures
    assert visit.page.evaluate("vitrine.ready.then(() => true)")
