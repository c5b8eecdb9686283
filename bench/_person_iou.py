"""Person IoU of a segmenter on true masks: the published model, ours natively, and ours in the page.

Does not judge: the three should be equal within 0.005, and tests check that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from bench._people import SETS, fit_input, fit_picture, people
from models.sources.fetch import Fetched
from models.spec.card import Card
from models.verify import metrics, parity, reference, runners

Array = NDArray[Any]
MAX_PICTURES = {"wasm-ort": 1000, "webgl": 8, "webgpu": 3}  # an emulated GPU takes seconds for one
CHUNK = 20  # pictures that go into the page, and their Masks out of it, at once
NativeRunner = Callable[[Sequence[Array]], Sequence[Array]]  # uint8 [1,H,W,4] each -> Masks [1,1,h,w]
PageRunner = Callable[[str, int], Sequence[Array]]  # a file of pictures, and how many of them -> Masks


def write_pictures(card: Card, folder: Path) -> None:
    """Write the pictures of the sets to files of CHUNK pictures, for the page."""
    for name in SETS:
        pictures = [fit_input(card, picture)[0] for picture, _ in people(name)]
        for n in range(0, len(pictures), CHUNK):
            np.concatenate(pictures[n : n + CHUNK]).tofile(folder / f"{name}{n}.bin")


def person_iou(
    card: Card,
    fetched: Fetched,
    network: onnx.ModelProto,
    native: NativeRunner,
    pages: Mapping[str, PageRunner],
) -> list[dict[str, Any]]:
    """A row for each available set: mean IoU at threshold 0.5, at the pictures' own size.

    `pages` has a runner by backend. It runs on the first MAX_PICTURES of the set, an emulated GPU's on the
    first set only, and the row has the published model's IoU on the same pictures beside it.
    """
    rows = []
    for name in SETS:
        truth = list(people(name))
        if not truth:
            continue
        inputs = [fit_input(card, picture) for picture, _ in truth]
        pictures = [rgba for rgba, _ in inputs]

        def scores(masks: Sequence[Array], inputs: Any = inputs, truth: Any = truth) -> list[float]:
            return [
                metrics.person_iou([fit_picture(mask, card, filled, person.shape)], [person])
                for mask, (_, filled), (_, person) in zip(masks, inputs, truth, strict=False)
            ]

        row: dict[str, Any] = {"card": card.id, "set": name, "pictures": len(truth)}
        published: list[float] = []
        try:
            published = scores(_published(card, fetched, network, pictures))
            row["published"] = _mean(published)
        except runners.MissingRuntimeError as error:
            row["published"] = f"not measured: {error}"
        row["native"] = _mean(scores(native(pictures)))
        row["page"] = {}
        for backend, run in pages.items():
            if name != SETS[0] and MAX_PICTURES[backend] < len(pictures):
                continue
            masks: list[Array] = []
            for n in range(0, min(MAX_PICTURES[backend], len(pictures)), CHUNK):
                masks += run(f"{name}{n}.bin", min(CHUNK, MAX_PICTURES[backend] - n, len(pictures) - n))
            row["page"][backend] = {"pictures": len(masks), "iou": _mean(scores(masks))}
            if published:
                row["page"][backend]["published"] = _mean(published[: len(masks)])
        rows.append(row)
    return rows


def _published(
    card: Card, fetched: Fetched, network: onnx.ModelProto, pictures: Sequence[Array]
) -> list[Array]:
    """The Masks of the published model in its own runtime."""
    planes = np.concatenate([parity.planes(card, picture) for picture in pictures])
    values = runners.run(fetched.source.format, fetched.files, planes, card.outputs)
    values = runners.in_graph_layout(network, values)
    return [
        reference.expected_outputs(card, {role: v[n : n + 1] for role, v in values.items()})["mask"]
        for n in range(len(pictures))
    ]


def _mean(numbers: Sequence[float]) -> float:
    return round(float(np.mean(numbers)), 4)
