"""Parity: our networks and graphs against the published models, on noise and on photos."""

from __future__ import annotations

from models import fuse, verify
from models.cards import Card
from models.lower import lower
from tests.native.conftest import Published


def test_the_network_is_the_published_one(published: Published) -> None:
    """Within 1e-4 of the output's range, as the card's gates say."""
    found = verify.parity(published.card, published.data, published.network)
    for kind, gate in published.card.gates.items():
        value = found[kind]
        assert value == "not measured" or float(value) <= gate, kind


def test_every_variant_computes_what_the_network_does(published: Published) -> None:
    card: Card = published.card
    for backends, rgba, cut in (
        (("wasm", "webgpu"), "uint8", fuse.whole),
        (("webgl",), "float32", fuse.parts),
    ):
        models = [lower(model, backends) for model in cut(card, published.network, rgba)]
        verify.operators(models, backends)
        graphs = [model.SerializeToString() for model in models]
        assert verify.same(card, published.network, graphs, rgba) <= 2e-4
