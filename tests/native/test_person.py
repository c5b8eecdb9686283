"""Person IoU of every segmenter on pictures with true masks: equal for our graph and the published model.

The pictures are not part of the project (bench/_people.py says where they are expected); without them these
tests are skipped. A third of each set is enough to find a wrong graph; `build.py bench variants` uses all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.native.session import Session
from bench._people import SETS, fit_input, fit_picture, people
from models import make
from models.spec.card import VariantSpec
from models.verify import metrics, parity, reference, runners
from tests.native.conftest import Published

Array = NDArray[Any]
EQUAL = 0.005


@pytest.mark.kinds("segmenter")
@pytest.mark.parametrize("name", SETS)
def test_person_iou_is_the_published_models(published: Published, name: str) -> None:
    card = published.card
    truth = list(people(name))[::3]
    if not truth:
        pytest.skip(f"the set {name} is not here")
    laid = [fit_input(card, picture) for picture, _ in truth]
    theirs = _published(published, np.concatenate([picture for picture, _ in laid]))
    rgba, graphs = make.graphs(card, VariantSpec("fp32", ("wasm-ort",), "fp32"), published.network)
    sessions = [Session(g.SerializeToString(), threads=1, dimensions=parity.dimensions(card)) for g in graphs]
    ours = [parity.run(card, sessions, picture.astype(rgba))["mask"] for picture, _ in laid]
    scores = []
    for masks in (ours, theirs):
        grown = [
            fit_picture(m, card, f, t.shape) for m, (_, f), (_, t) in zip(masks, laid, truth, strict=True)
        ]
        scores.append(metrics.person_iou(grown, [person for _, person in truth]))
    assert scores[0] == pytest.approx(scores[1], abs=EQUAL)
    assert scores[0] > 0.25  # a person is found at all: the worst is 0.31, BodyPix 1.0 in bytes on ccp60


def _published(given: Published, pictures: Array) -> list[Array]:
    card, fetched = given.card, given.fetched
    x = parity.planes(card, pictures)
    try:
        values = runners.run(fetched.source.format, fetched.files, x, card.outputs)
    except runners.MissingRuntimeError as error:
        pytest.skip(str(error))
    values = runners.in_graph_layout(given.network, values)
    return [
        reference.expected_outputs(card, {role: v[n : n + 1] for role, v in values.items()})["mask"]
        for n in range(len(pictures))
    ]
