"""Parity of the imported networks and of wrapped graphs with the published models, on noise and photos."""

from __future__ import annotations

import pytest

from models import make
from models.spec.card import VariantSpec
from models.variants import quantize
from models.verify import parity
from tests.native.conftest import Published


def test_the_network_is_the_published_one(published: Published) -> None:
    """Within the card's gates: 1e-4 of the output's range where the published model computes in float32."""
    found = parity.parity(published.card, published.fetched, published.network)
    missing = [value for value in found.values() if isinstance(value, str)]
    if missing:
        pytest.skip(missing[0])
    assert "photo" in found
    assert set(found) == set(published.card.gates)
    for kind, gate in published.card.gates.items():
        assert float(found[kind]) <= gate, kind


@pytest.mark.parametrize("backends", [("wasm-ort", "webgpu"), ("webgl",)], ids="+".join)
def test_every_graph_computes_what_the_network_does(published: Published, backends: tuple[str, ...]) -> None:
    card = published.card
    if not any(set(backends) <= set(wanted.backends) for wanted in card.variants):
        pytest.skip(f"{card.title} is not offered on {', '.join(backends)}")
    rgba, fused = make.graphs(card, VariantSpec("fp32", backends, "fp32"), published.network)
    graphs = [quantize.dequantised(model) for model in fused]
    parity.operators(graphs, backends)
    data = [model.SerializeToString() for model in graphs]
    assert parity.same(card, published.network, data, rgba) <= 2e-4
