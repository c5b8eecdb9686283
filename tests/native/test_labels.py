"""The first five labels of the classifiers for scikit-image's pictures of a coffee and a cat."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from app.native.session import Session
from models.graphs import wrap
from models.sources import download
from models.verify import calibration, parity
from tests.native.conftest import Published

# The labels of both MobileNetV2 files: 1,001, "background" first. Beside the weights, Apache-2.0.
COMMIT = "104342d2d3480b3e66203073dac24f4e2dbb4c41"
URL = f"https://raw.githubusercontent.com/google-coral/test_data/{COMMIT}/imagenet_labels.txt"
SHA256 = "b8aaeb5630c62626a7d124a05c0e14230a7ffdd2136a31d0190a4fb71c1d82f1"
BYTES = 21686


@pytest.fixture(scope="module", name="labels")
def _labels() -> list[str]:
    found = download.mirrored(URL, SHA256, BYTES)
    if found is None:
        pytest.skip("the labels are not here (VITRINE_MIRROR names no folder that has them)")
    return found.decode().splitlines()


@pytest.mark.kinds("classifier")
@pytest.mark.parametrize(("name", "obvious"), [("coffee", "espresso"), ("chelsea", "cat")])
def test_the_first_five_labels_hold_the_obvious_one(
    published: Published, labels: list[str], name: str, obvious: str
) -> None:
    card = published.card
    picture = calibration.fit_picture(
        getattr(data, name)(), card.input.height, card.input.width, card.input.fit
    )
    (graph,) = wrap.single_graph(card, published.network)
    session = Session(graph.SerializeToString(), threads=1)
    outputs = parity.run(card, [session], picture)
    assert outputs["scores"].shape == (1, len(labels))
    assert float(outputs["scores"].sum()) == pytest.approx(1, abs=1e-3)
    assert outputs["features"].shape == (1, 1280)
    first = [labels[n] for n in np.argsort(-outputs["scores"][0])[:5]]
    assert any(obvious in label for label in first), first
