"""Person IoU of a segmenter on true masks: the published model, ours natively, and ours in the page.

Does not judge: the three are to be equal within 0.005, and the tests hold them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from bench._people import SETS, people, placed, spread
from models.sources.fetch import Fetched
from models.spec.cards import Card
from models.verify import metrics, parity, reference, runners

Array = NDArray[Any]
MOST = {"wasm": 1000, "webgl": 8, "webgpu": 3}  # pictures; an imitated GPU takes seconds for one
CHUNK = 20  # pictures that go into the page, and their Masks out of it, at once
Masks = Callable[[Sequence[Array]], Sequence[Array]]  # uint8 [1,H,W,4] each -> Masks [1,1,h,w]
Paged = Callable[[str, int], Sequence[Array]]  # a file of pictures and how many -> Masks


def write(card: Card, folder: Path) -> None:
    """The sets' pictures as files of CHUNK pictures, for the page."""
    for name in SETS:
        pictures = [placed(card, picture)[0] for picture, _ in people(name)]
        for n in range(0, len(pictures), CHUNK):
            np.concatenate(pictures[n : n + CHUNK]).tofile(folder / f"{name}{n}.bin")


def person(
    card: Card, fetched: Fetched, network: onnx.ModelProto, native: Masks, pages: Mapping[str, Paged]
) -> list[dict[str, Any]]:
    """A row for each set that is here: mean IoU, threshold 0.5, at the pictures' own size.

    `pages` runs by backend, on the set's first `pictures` of that backend (an imitated GPU's on the first
    set only), beside which the published model's IoU on the same is given.
    """
    rows = []
    for name in SETS:
        truth = list(people(name))
        if not truth:
            continue
        laid = [placed(card, picture) for picture, _ in truth]
        pictures = [picture for picture, _ in laid]

        def scores(masks: Sequence[Array], laid: Any = laid, truth: Any = truth) -> list[float]:
            return [
                metrics.person_iou([spread(mask, card, filled, person.shape)], [person])
                for mask, (_, filled), (_, person) in zip(masks, laid, truth, strict=False)
            ]

        row: dict[str, Any] = {"card": card.id, "set": name, "pictures": len(truth)}
        theirs: list[float] = []
        try:
            theirs = scores(_published(card, fetched, network, pictures))
            row["published"] = _mean(theirs)
        except runners.NotHere as error:
            row["published"] = f"not measured: {error}"
        row["native"] = _mean(scores(native(pictures)))
        row["page"] = {}
        for backend, run in pages.items():
            if name != SETS[0] and MOST[backend] < len(pictures):
                continue
            masks: list[Array] = []
            for n in range(0, min(MOST[backend], len(pictures)), CHUNK):
                masks += run(f"{name}{n}.bin", min(CHUNK, MOST[backend] - n, len(pictures) - n))
            row["page"][backend] = {"pictures": len(masks), "iou": _mean(scores(masks))}
            if theirs:
                row["page"][backend]["published"] = _mean(theirs[: len(masks)])
        rows.append(row)
    return rows


def _published(
    card: Card, fetched: Fetched, network: onnx.ModelProto, pictures: Sequence[Array]
) -> list[Array]:
    taken = np.concatenate([parity.planes(card, picture) for picture in pictures])
    values = runners.run(fetched.source.format, fetched.files, taken, card.outputs)
    values = runners.arranged(network, values)
    return [
        reference.answers(card, {role: v[n : n + 1] for role, v in values.items()})["mask"]
        for n in range(len(pictures))
    ]


def _mean(numbers: Sequence[float]) -> float:
    return round(float(np.mean(numbers)), 4)
