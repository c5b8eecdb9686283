"""What the native tests share: the published files, imported once."""

from __future__ import annotations

from dataclasses import dataclass

import onnx
import pytest

from models import make
from models.sources import fetch
from models.sources.fetch import Fetched
from models.spec import cards
from models.spec.card import Card


@dataclass(frozen=True)
class Published:
    """A card, its published files and the network imported from them."""

    card: Card
    fetched: Fetched
    network: onnx.ModelProto


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A run for each published model; where the test is marked `kinds`, for those of these kinds."""
    if "published" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("kinds")
        ids = [card.id for card in cards.read_all() if mark is None or card.kind in mark.args]
        metafunc.parametrize("published", ids, indirect=True, scope="session")


@pytest.fixture(scope="session")
def published(request: pytest.FixtureRequest) -> Published:
    """One model a test run."""
    card = cards.read(cards.FOLDER / f"{request.param}.toml")
    try:
        fetched = fetch.fetch(card, lambda _: None)
    except fetch.MissingSourceError as error:
        pytest.skip(str(error))
    card = card.of(fetched.source)
    return Published(card, fetched, make.imported(card, fetched))
