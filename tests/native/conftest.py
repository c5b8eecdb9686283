"""What the native tests share: the published files, imported once."""

from __future__ import annotations

from dataclasses import dataclass

import onnx
import pytest

from models import cards, fetch, tflite
from models.cards import Card


@dataclass(frozen=True)
class Published:
    """A card, its published bytes and the network imported from them."""

    card: Card
    data: bytes
    network: onnx.ModelProto


@pytest.fixture(scope="session", params=[card.id for card in cards.read_all()])
def published(request: pytest.FixtureRequest) -> Published:
    """One model a test run."""
    card = cards.read(cards.FOLDER / f"{request.param}.toml")
    try:
        (data, *_) = fetch.fetch(card, lambda _: None).files.values()
    except fetch.Missing as error:
        pytest.skip(str(error))
    return Published(card, data, tflite.read(data))
