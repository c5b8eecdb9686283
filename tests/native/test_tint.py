"""The tint graph compared with its definition in NumPy. Does not run a model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from app.core.card import Input
from app.native.session import Session
from models.graphs import tint
from models.graphs.text import text
from models.spec.card import Card
from models.spec.cards import read_all

PARTS, GRID, MASK = 24, (4, 5), (49, 65)  # one point in 16
CARD = next(card for card in read_all() if card.id == "bodypix")


def network(rows: int, columns: int) -> onnx.ModelProto:
    """A network of which the tint graph uses only the size of its parts."""
    return text(
        f"net (float[1,{PARTS},{rows},{columns}] heat) => (float[1,{PARTS},{rows},{columns}] parts)"
        " { parts = Relu(heat) }"
    )


def sized(height: int, width: int) -> Card:
    return replace(CARD, input=Input(height, width, "letterbox"), mask=(height, width), sizes=())


def session(rows: int = GRID[0], columns: int = GRID[1], mask: tuple[int, int] = MASK) -> Session:
    found = tint.graph(sized(*mask), network(rows, columns))
    assert found is not None
    return Session(found.SerializeToString(), threads=1)


def test_each_pixel_has_the_colour_of_its_likeliest_part() -> None:
    parts = np.zeros((1, PARTS, *GRID), np.float32)
    where = np.arange(20).reshape(GRID)
    for n, cell in np.ndenumerate(where):
        parts[(0, cell, *n)] = 0.9
    mask = np.ones((1, 1, *MASK), np.float32)
    mask[..., :16] = 0.0
    drawn = session().run_now({"parts": parts, "mask": mask})["tint"]
    assert drawn.shape == (1, 25, 33, 4)
    assert drawn.dtype == np.uint8
    # At the network's own points, 8 pixels apart, nothing is between two parts.
    assert (drawn[0, ::8, ::8, :3] == tint.colours(PARTS)[where]).all()
    # Half way to its neighbour a part gives way.
    assert (drawn[0, 0, 9:12, :3] == tint.colours(PARTS)[1]).all()
    assert (drawn[..., 3] == np.where(np.arange(33) < 8, 0, tint.COVER)).all()


def test_one_graph_serves_every_size() -> None:
    found = session()
    for rows, columns in ((4, 5), (8, 11)):
        height, width = ((n - 1) * 16 + 1 for n in (rows, columns))
        feeds = {"parts": np.zeros((1, PARTS, rows, columns)), "mask": np.zeros((1, 1, height, width))}
        drawn = found.run_now({name: array.astype(np.float32) for name, array in feeds.items()})["tint"]
        assert drawn.shape == (1, (height + 1) // 2, (width + 1) // 2, 4)


def test_colours_are_apart() -> None:
    table = tint.colours(PARTS)
    assert len({tuple(row) for row in table}) == PARTS
    assert table.min() >= 0
    assert table.max() <= 255


@pytest.mark.parametrize("mask", [(52, 65), (46, 61), (10, 13)])
def test_a_grid_that_does_not_go_into_the_mask_has_no_tint(mask: tuple[int, int]) -> None:
    assert tint.graph(sized(*mask), network(*GRID)) is None


def test_a_model_without_parts_has_no_tint() -> None:
    assert (
        tint.graph(
            sized(*MASK), text("net (float[1,1,4,5] heat) => (float[1,1,4,5] logits) { logits = Relu(heat) }")
        )
        is None
    )
    assert tint.graph(replace(sized(*MASK), kind="network"), network(*GRID)) is None
