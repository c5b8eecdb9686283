"""Capabilities: which card a task or an overlay gets, and which galleries faces are compared with.

Does not test what the panel says about them: test_options.py does.
"""

from dataclasses import replace

import pytest

from app.core.card import Input
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from tests.support.fakes import CAPS, FACES, GALLERY, LIKE, MESH, MINE, SELFIE


def test_the_detector_beside_an_overlay_is_the_chosen_one_if_it_is_one() -> None:
    other = replace(FACES, id="blazeface-full", input=Input(192, 192, "letterbox"))
    for cards in ((other, FACES), (FACES, other)):  # whatever the order, the smaller input
        caps = replace(CAPS, cards=(*cards, SELFIE, MESH))
        assert caps.resolve(("detector",), Settings(), "wasm") == {"detector": FACES}
    assert caps.resolve(("detector",), replace(Settings(), model=other.id), "wasm") == {"detector": other}
    with pytest.raises(ValueError, match="this build has no detector"):
        caps.resolve(("detector",), Settings(), "webgl")


def test_what_is_compared_with() -> None:
    pets = replace(GALLERY, id="pets", title="Pets")
    gone = replace(GALLERY, id="gone", missing="no classifier")
    caps = replace(LIKE, galleries=(GALLERY, pets, gone, MINE), user_pictures=2)

    def ids(gallery: str, caps: Capabilities = caps) -> list[str]:
        return [each.id for each in caps.selected_galleries(Settings(task="lookalike", gallery=gallery))]

    assert [ids(id) for id in ("characters", "pets", "own")] == [["characters"], ["pets"], ["own"]]
    assert ids("all") == ["characters", "pets", "own"]
    assert ids("all", replace(caps, user_pictures=0)) == ["characters", "pets"]
    assert ids("own", replace(caps, user_pictures=0)) == []
    assert ids("gone") == []
