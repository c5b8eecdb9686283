"""Chain: two graphs as one Session, with the face selection between them. Does not test the selection."""

from __future__ import annotations

import asyncio
from array import array
from typing import Any

import pytest

from app.core.chain import Chain
from tests.support.fakes import FakeSession

CANDIDATES, ROW = 896, 17
FEEDS: dict[str, Any] = {"rgba": "rgba", "memory": "memory", "keep": "keep"}


def candidates(*rows: list[float]) -> array[float]:
    flat = array("f", bytes(4 * CANDIDATES * ROW))
    for index, row in enumerate(rows):
        start = (index * 100 + 7) * ROW
        flat[start : start + ROW] = array("f", row)
    return flat


def run(found: array[float]) -> tuple[dict[str, Any], FakeSession, FakeSession]:
    first, second = FakeSession({"candidates": found}), FakeSession({"mask": "mask"})
    return asyncio.run(Chain(first, second).run(FEEDS)), first, second


def test_each_graph_gets_what_it_takes() -> None:
    outputs, first, second = run(candidates([0.9, *[0.25] * 2, *[0.75] * 2, *[0.5] * 12]))
    assert first.fed == [{"rgba": "rgba"}]
    (fed,) = second.fed
    assert set(fed) == {"faces", "memory", "keep"}
    assert (fed["memory"], fed["keep"]) == ("memory", "keep")
    assert outputs == {"mask": "mask", "faces": fed["faces"]}


def test_a_face_comes_through_and_the_rest_is_zero() -> None:
    row = [0.875, 0.25, 0.25, 0.75, 0.75, *[0.5] * 12]
    outputs, _, _ = run(candidates(row))
    assert list(outputs["faces"][:ROW]) == pytest.approx(row, abs=1e-6)
    assert not any(outputs["faces"][ROW:])
    assert len(outputs["faces"]) == 5 * ROW


def test_without_a_face_all_rows_are_zero() -> None:
    outputs, _, _ = run(candidates())
    assert not any(outputs["faces"])


def test_a_failing_graph_goes_through() -> None:
    chain = Chain(FakeSession(RuntimeError("no shader")), FakeSession())
    with pytest.raises(RuntimeError, match="no shader"):
        asyncio.run(chain.run(FEEDS))


def test_both_are_closed_and_tensors_are_the_seconds() -> None:
    first, second = FakeSession(), FakeSession()
    chain = Chain(first, second)
    asyncio.run(chain.close())
    assert (first.closed, second.closed) == (1, 1)
    assert chain.blank((1, 2)) == ("blank", (1, 2))
    assert list(chain.numbers(chain.tensor([1.0, 2.0], (2,)))) == [1, 2]
