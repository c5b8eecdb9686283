"""Overlays in the page: loaded while the picture goes on, drawn where the face is, taken away when they fail.

Does not compare pixels with the reference: test_compositor.py does.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.page.drive import START, Picture, Visit
from tests.page.test_settings import address
from tests.support.built import cards

BREAK = """
async def broken(feeds):
    raise RuntimeError("no memory is left")
object.__setattr__(next(iter(page.python.unwrap().engine.over.values())).session, "run", broken)
"""
HELD = "await page.python.unwrap().engine.pipeline.runtime_lock.acquire() and None"
DRAWN = "page.python.unwrap().engine.pipeline.overlay is not None"
LOADED = "[id for id, _ in page.python.unwrap().engine.over]"
SIZE = "[n for _, into in page.python.unwrap().engine.over for n in (into.width, into.height)]"
TINTS = "len(page.python.unwrap().engine.tints)"


def marked(picture: Picture) -> float:
    """The share of the picture that has a mark's colour: mint, which nothing in the sample is."""
    red, green, blue = (picture[..., n].astype(int) for n in range(3))
    return float(((green - red > 40) & (blue - red > 20) & (green > 150)).mean())


@pytest.fixture
def meshes() -> None:
    """What the face mesh needs of the build."""
    needs("facemesh", "blazeface")


def needs(*ids: str) -> None:
    if missing := set(ids) - cards().keys():
        pytest.skip(f"not in this build: {', '.join(missing)}")


def drawn(visit: Visit) -> None:
    visit.until(lambda: visit.python(DRAWN), "the overlay", 60)
    visit.more(3)  # one was under way, and one is done before it is on the screen


@pytest.mark.usefixtures("meshes")
def test_a_mesh_lies_on_the_face_and_can_be_taken_away(visit: Visit) -> None:
    visit.open(backend="wasm", background="none", mirror=0)
    assert marked(visit.picture()) < 0.0005
    visit.set("overlay", "facemesh")
    drawn(visit)
    picture = visit.picture()
    assert marked(picture) > 0.0005
    assert marked(picture[:, :150]) < 0.0005  # the room
    figures = visit.page.locator("#figures")
    visit.until(lambda: "Overlay" in figures.inner_text(), "its time in the figures")  # twice a second
    # Background "none" has nothing to find faces by: the detector was loaded beside the mesh.
    assert len(visit.python(LOADED)) == 2
    visit.set("overlay", "none")
    visit.until(lambda: address(visit)["overlay"] == "none", "the address")
    visit.until(lambda: not visit.python(LOADED), "the models given back")
    visit.more(2)
    assert marked(visit.picture()) < 0.0005


@pytest.mark.usefixtures("meshes")
def test_a_detector_that_is_there_is_not_loaded_again(visit: Visit) -> None:
    visit.open(backend="wasm", model="blazeface", overlay="facemesh", background="colour", colour="#301010")
    drawn(visit)
    assert visit.python(LOADED) == ["facemesh"]
    assert marked(visit.picture()) > 0.0005


@pytest.mark.usefixtures("meshes")
def test_an_overlay_that_fails_is_noted_and_the_picture_goes_on(visit: Visit) -> None:
    visit.open(backend="wasm", overlay="facemesh", background="blur")
    drawn(visit)
    visit.python(BREAK)
    assert visit.noted("overlay failed") == ("The overlay failed (no memory is left) and was turned off.")
    visit.more(3)
    assert visit.control("Overlay").input_value() == "none"
    assert address(visit)["overlay"] == "none"
    visit.set("overlay", "facemesh")  # anew, from the file
    drawn(visit)


@pytest.mark.usefixtures("meshes")
def test_an_overlay_whose_file_is_gone_is_noted(visit: Visit) -> None:
    variant = cards()["facemesh"].variant("wasm", ("relaxed-simd",))  # which Chromium has
    assert variant is not None
    path = variant.graphs[0].path
    visit.context.route(f"**/{path}", lambda route: route.fulfill(status=404))
    visit.allowed.append("404")
    visit.open(backend="wasm", overlay="facemesh")
    assert "missing on the server (404)" in visit.noted("overlay failed")
    visit.more(3)


@pytest.mark.usefixtures("meshes")
def test_a_mesh_is_drawn_on_webgl(visit: Visit) -> None:
    visit.open(backend="webgl", background="none")
    if visit.stats()["backend"] != "webgl":
        pytest.skip("this Chromium has no WebGL")
    visit.set("overlay", "facemesh")
    visit.until(lambda: visit.python(DRAWN), "the overlay", 120)
    visit.more(3, 120)
    picture = visit.picture()
    assert marked(picture) > 0.0005
    assert marked(picture[:, :150]) < 0.0005


@pytest.mark.parametrize("card", ["movenet", "posenet"])
def test_a_pose_lies_on_the_person(visit: Visit, card: str) -> None:
    needs(card)
    visit.open(backend="wasm", background="none", mirror=0)
    visit.set("overlay", card)
    drawn(visit)
    picture = visit.picture()
    assert marked(picture) > 0.001
    assert marked(picture[:, :100]) < 0.0005  # the room
    assert visit.python(LOADED) == [card]
    if sizes := cards()[card].sizes:
        for size in (sizes[0], sizes[-1]):  # its size is to be chosen, though the model has none
            visit.set("detail", size.id)
            wanted = [size.input.width, size.input.height]
            visit.until(lambda wanted=wanted: visit.python(SIZE) == wanted, f"{size.id} in use", 60)  # type: ignore[misc]
            hint = visit.page.locator("#control-detail-hint")
            assert hint.inner_text() == f"The network sees {size.input.width} × {size.input.height} pixels."
            drawn(visit)
            # At the smallest a shoulder is not sure at every moment of the scene; without marks this is 0.
            visit.until(lambda: marked(visit.picture()) > 0.001, f"limbs at {size.id}", START)
        assert len(visit.workers) == 1  # not begun anew


def test_body_parts_have_their_colours_over_the_person(visit: Visit) -> None:
    needs("bodypix")
    visit.open(backend="wasm", model="bodypix", detail="low", background="none", mirror=0)
    plain = visit.picture().astype(int)
    visit.set("overlay", "parts")
    drawn(visit)
    changed = np.abs(visit.picture().astype(int) - plain).max(2) > 30
    assert 0.15 < changed.mean() < 0.7
    assert changed[:, :60].mean() < 0.02  # the room
    assert visit.python(TINTS) == 1
    visit.set("background", "colour")  # now of what the task finds anyway
    visit.more(3)
    assert visit.python(DRAWN)
    visit.set("overlay", "none")
    visit.until(lambda: visit.python(TINTS) == 0, "the tint graph given back")
    visit.set("model", "selfie-landscape")
    visit.runs("model", "selfie-landscape")
    visit.set("overlay", "parts")
    assert "not supported by this model" in visit.noted("Body parts cannot be chosen")


def test_a_background_chosen_while_an_overlay_loads_covers_the_room_at_once(visit: Visit) -> None:
    visit.open(backend="wasm", background="none")
    visit.python(HELD)
    visit.set("background", "colour")
    visit.set("colour", "#301010")
    visit.until(lambda: (visit.picture()[..., :3] == (0x2F, 0x6F, 0x5E)).all(), "the cover")
    visit.python("page.python.unwrap().engine.pipeline.runtime_lock.release()")
    visit.more(3)
    assert 0.2 < (visit.picture()[..., :3] == (0x30, 0x10, 0x10)).all(2).mean() < 0.9
