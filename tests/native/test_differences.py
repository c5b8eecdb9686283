"""The native difference of two samples: the mean of the tile that changed most. Does not test the page's."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.economy import UNKNOWN
from app.core.frame import Frame
from app.core.settings import Settings
from app.native.compositor import Compositor
from tests.support.built import cards


def test_a_small_change_in_one_tile_counts_as_much_as_it_is_there() -> None:
    card = cards()[Settings.model]
    compositor = Compositor(card)
    height, width = card.input.height, card.input.width
    grey = np.full((height, width, 3), 100, np.uint8)
    other = grey.copy()
    other[16:32, 32:64] += 30  # a tile

    def difference(picture: NDArray[np.uint8]) -> float:
        sample = compositor.sample(Frame(picture, width, height), card.input)
        return compositor.difference(sample)

    assert difference(grey) == UNKNOWN
    compositor.remember(compositor.sample(Frame(grey, width, height), card.input))
    assert difference(grey) == 0
    assert difference(other) == pytest.approx(30, abs=1)
    assert difference(grey) == 0, "what was not remembered does not count"
