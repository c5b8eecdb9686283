"""Both Compositors, the probe and the thumbnail call only what the browser has, over fakes of the browser.

Does not look at pixels: tests/page does.
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from app.backgrounds import BACKGROUNDS
from app.core.annotations import Annotations, ColorOverlay
from app.core.card import ModelCard
from app.core.frame import Frame
from app.core.geometry import Affine2D, Letterbox, RotatedRect
from app.core.ports import Mask
from app.core.settings import Settings
from tests.support import fakejs
from tests.support.browser_api import MEMBERS
from tests.support.fakejs import Bitmap, Thing, browser, canvas, imported, typed
from tests.support.fakes import FACES, SELFIE, FakeSession

HALF = RotatedRect(32, 24, 32, 32, 0.1)
LINES = Annotations(array("f", [0.1, 0.1, 0.5, 0.5]), 4, 2, Affine2D(1, 0, 0, 0, 1, 0), "#ffd166", 0.01)


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    with browser():
        import_module("app.page.main")
        yield


def of(module: str) -> Any:
    return sys.modules[f"app.page.{module}"]


def tensor(kind: str, js_array: Any, shape: tuple[int, ...]) -> Any:
    return SimpleNamespace(data=js_array, dims=tuple(shape))


def pixels(height: int, width: int) -> Any:
    return tensor("uint8", typed("Uint8Array", height * width * 4), (1, height, width, 4))


def with_shaders(js_canvas: Thing) -> Any:
    return of("compositor").Compositor(js_canvas, of("probe").options(), SELFIE, tensor)


def with_canvases(js_canvas: Thing) -> Any:
    matte = FakeSession({"matte": pixels(SELFIE.input.height, SELFIE.input.width)})
    return of("canvas").CanvasCompositor(js_canvas, SELFIE, tensor, matte)


async def draw(compositor: Any, card: ModelCard) -> None:
    """Everything that a Compositor is asked for."""
    found = tensor("float32", typed("Float32Array", 8), (1, 1, *card.mask))
    compositor.cover(Settings(background="image"))
    compositor.backdrop(Bitmap(100, 50), "study")
    for background in BACKGROUNDS:
        for mirror in (False, True):
            settings = Settings(background=background, mirror=mirror)
            frame = Frame(Bitmap(), 64, 48)
            mask = Mask(found, compositor.sample(frame, SELFIE.input))
            compositor.sample(frame, FACES.input, HALF, "float32")
            await compositor.compose(frame, None if background == "none" else mask, settings)
            compositor.annotate((LINES, ColorOverlay(pixels(4, 6), Letterbox(0, 0, 1, 1))), mirror)
            compositor.cover(settings)
    assert compositor.textures > 0
    await compositor.close()
    assert compositor.textures == 0


@pytest.mark.parametrize("made", [with_shaders, with_canvases])
def test_a_compositor_calls_only_what_the_browser_has(made: Any) -> None:
    js_canvas = canvas(640, 480)
    asyncio.run(draw(made(js_canvas), SELFIE))
    assert (js_canvas.width, js_canvas.height) == (64, 48)  # the frame's size


def test_the_probe_asks_only_for_what_the_browser_has() -> None:
    found = asyncio.run(of("probe").probe())
    assert (found.cores, found.isolated, found.webgl, found.webgpu) == (4, False, "Some GPU", "")


def test_a_thumbnail_is_a_file() -> None:
    js_file = asyncio.run(of("thumbnail").thumbnail(Frame(Bitmap(), 64, 48), HALF))
    assert js_file.size > 0


# ---- the fakes themselves ----


def test_every_name_that_is_imported_from_js_is_known() -> None:
    assert imported() - fakejs._values().keys() == set()
    assert {"OffscreenCanvas", "Blob", "navigator"} <= imported()


def test_a_name_that_nobody_imports_is_not_there() -> None:
    import js

    assert js.OffscreenCanvas
    for name in ("OffscreenCanvass", "fetch", "document"):
        with pytest.raises(AttributeError):
            getattr(js, name)


@pytest.mark.parametrize("interface", sorted(MEMBERS))
def test_a_misspelt_member_is_an_error(interface: str) -> None:
    thing = Thing(interface)
    with pytest.raises(AttributeError, match="has no drawImagee"):
        thing.drawImagee(1)
    with pytest.raises(AttributeError, match="has no fillStyel"):
        thing.fillStyel = "red"


def test_a_misspelt_call_in_the_page_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    less = MEMBERS["WebGL2RenderingContext"] - {"drawArrays"}
    monkeypatch.setitem(MEMBERS, "WebGL2RenderingContext", less)
    with pytest.raises(AttributeError, match="has no drawArrays"):
        asyncio.run(draw(with_shaders(canvas(640, 480)), SELFIE))
