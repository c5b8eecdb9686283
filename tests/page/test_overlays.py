"""Overlays in the page: loaded while the picture goes on, drawn where the face is, taken away when they fail.

Does not compare pixels with the reference: test_compositor.py does.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.built import cards
from tests.page.drive import Picture, Visit
from tests.page.test_settings import address

BREAK = """
async def broken(feeds):
    raise RuntimeError("no memory is left")
object.__setattr__(next(iter(page.python.unwrap().engine.over.values())).session, "run", broken)
"""
DRAWN = "page.python.unwrap().engine.pipeline.overlay is not None"
LOADED = "list(page.python.unwrap().engine.over)"


def marked(picture: Picture) -> float:
    """The share of the picture that has a mark's colour: mint, which nothing in the sample is."""
    red, green, blue = (picture[..., n].astype(int) for n in range(3))
    return float(((green - red > 40) & (blue - red > 20) & (green > 150)).mean())


@pytest.fixture(autouse=True)
def meshes() -> None:
    """What the overlays need of the build."""
    if missing := {"facemesh", "blazeface"} - cards().keys():
        pytest.skip(f"not in this build: {', '.join(missing)}")


def drawn(visit: Visit) -> None:
    visit.until(lambda: visit.python(DRAWN), "the overlay", 60)
    visit.more(2)


def test_a_mesh_lies_on_the_face_and_can_be_taken_away(visit: Visit) -> None:
    visit.open(backend="wasm", background="none", mirror=0)
    assert marked(visit.picture()) < 0.0005
    visit.set("overlay", "facemesh")
    drawn(visit)
    picture = visit.picture()
    assert marked(picture) > 0.0005
    assert marked(picture[:, :150]) < 0.0005  # the room
    assert "Overlay" in visit.page.locator("#figures").inner_text()
    # Background "none" has nothing to find faces by: the detector was loaded beside the mesh.
    assert len(visit.python(LOADED)) == 2
    visit.set("overlay", "none")
    visit.until(lambda: address(visit)["overlay"] == "none", "the address")
    visit.until(lambda: not visit.python(LOADED), "the models given back")
    visit.more(2)
    assert marked(visit.picture()) < 0.0005


def test_a_detector_that_is_there_is_not_loaded_again(visit: Visit) -> None:
    visit.open(backend="wasm", model="blazeface", overlay="facemesh", background="colour", colour="#301010")
    drawn(visit)
    assert visit.python(LOADED) == ["facemesh"]
    assert np.mean([marked(visit.picture())]) > 0.0005


def test_an_overlay_that_fails_is_noted_and_the_picture_goes_on(visit: Visit) -> None:
    visit.open(backend="wasm", overlay="facemesh", background="blur")
    drawn(visit)
    visit.python(BREAK)
    assert visit.noted("overlay was taken away") == (
        "The overlay was taken away (no memory is left). The picture goes on without."
    )
    visit.more(3)
    assert visit.control("Overlay").input_value() == "none"
    assert address(visit)["overlay"] == "none"
    visit.set("overlay", "facemesh")  # anew, from the file
    drawn(visit)


def test_an_overlay_whose_file_is_gone_is_noted(visit: Visit) -> None:
    path = cards()["facemesh"].variants[0].graphs[0].path
    visit.context.route(f"**/{path}", lambda route: route.fulfill(status=404))
    visit.allowed.append("404")
    visit.open(backend="wasm", overlay="facemesh")
    assert "missing on the server (404)" in visit.noted("overlay was taken away")
    visit.more(3)
