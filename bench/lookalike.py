"""Quality of the look-alike task's answers, natively: with the graphs of this build, run by onnxruntime.

Measures no time. Prints three tables. characters: of 60 characters of the default gallery, distorted, the
share that is among its own five answers, compared directly with each variant of each classifier, and as a
photo, with faces found and cut out as in the page. people: of clips of people (VITRINE_CLIPS names their
folder), the share of pairs of frames of one person, each as a photo, that agree in three or more of five
answers, and the same for different people (a gallery with one answer for everybody would always agree). live:
how often the answers of those clips change in a second at 25 frames a second, for each frame alone and as the
task answers. Arguments: the names of the tables to print; default: all.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import combinations, pairwise, product
from typing import Any, cast

import numpy as np
from PIL import Image

from app.core.errors import UserError
from app.core.frame import Frame
from app.core.gallery import Gallery, Index, Match
from app.core.meter import Meter
from app.core.model import Model
from app.core.settings import Settings
from app.native import engine
from app.native.compositor import Compositor
from app.native.engine import Engine
from app.panel.apply import first
from app.panel.capabilities import Capabilities
from app.tasks.lookalike.comparison import Comparison
from app.tasks.lookalike.task import Lookalike
from bench._characters import DISTORTIONS, SIDE, Array, clips, originals
from bench._command import progress, run
from bench._report import print_table
from publish import DIST

COUNT = 60
FIVE, AGREE = 5, 3
STILLS = 10  # frames of a clip that are compared, spread evenly
RATE = 25  # frames per second
PHOTO = 480  # pixels of a character as a photo
NONE = Settings(background="none")


def main() -> None:
    """Print the tables."""
    wanted = sys.argv[1:] or ["characters", "people", "live"]
    caps = engine.capabilities(DIST)
    if not any(caps.supports(card, "lookalike", "auto") for card in caps.cards):
        raise UserError("This build has no look-alike task: its models or galleries were unavailable.")
    if "characters" in wanted:
        characters(caps, caps.built_galleries[0])
    people_clips = list(clips(progress)) if {"people", "live"} & {*wanted} else []
    if not people_clips and wanted != ["characters"]:
        raise UserError("There are no clips of people. Set VITRINE_CLIPS to the folder that has them.")
    if "people" in wanted:
        people(caps, people_clips)
    if "live" in wanted:
        live(caps, people_clips)


def characters(caps: Capabilities, gallery: Gallery) -> None:
    """Print the table of distorted characters."""
    some = list(originals(gallery, COUNT))
    kinds = {
        kind: [distort(image, n) for n, (_, image) in enumerate(some)]
        for kind, distort in DISTORTIONS.items()
    }
    numbers = [n for n, _ in some]
    columns: dict[str, list[str]] = {}
    for name, model, index in classifiers(caps, gallery):
        progress(name)
        blank, keep = model.session.blank((1, 1280)), model.session.tensor([0.0], (1,))
        search = partial(index.nearest, memory=blank, keep=keep)

        async def nearest(picture: Array, model: Model = model, search: Any = search) -> Any:
            features = (await model.infer(Frame(picture, SIDE, SIDE)))["features"]
            return (await search(features))[1]

        columns[name] = [
            rate(numbers, (asyncio.run(nearest(picture)) for picture in rows)) for rows in kinds.values()
        ]
    loaded = load(caps, "")
    progress("as a photo")
    columns["as a photo"] = [
        rate(numbers, (photo(loaded, large(picture))[0] for picture in rows)) for rows in kinds.values()
    ]
    shares = zip(*columns.values(), strict=True)
    print_table(["", *columns], [[kind, *row] for kind, row in zip(kinds, shares, strict=True)])
    print()


def people(caps: Capabilities, people_clips: Sequence[tuple[str, list[Array]]]) -> None:
    """Print the table of people, for each model that can cut out."""
    rows = []
    for card in caps.cards:
        if not caps.supports(card, "lookalike", "wasm-ort"):
            continue
        loaded, answers = load(caps, card.id), []
        for name, frames in people_clips:
            progress(f"{card.title}: {name}")
            photos = [photo(loaded, picture, middle=False) for picture in evenly(frames)]
            answers.append([{match.n for match in faces[0]} for faces in photos if faces])
        same = [len(a & b) >= AGREE for each in answers for a, b in combinations(each, 2)]
        other = [len(a & b) >= AGREE for x, y in combinations(answers, 2) for a, b in product(x, y)]
        every = {n for each in answers for five in each for n in five}
        rows.append(
            [card.title, percent(same), percent(other), len(every), f"{sum(map(len, answers))} frames"]
        )
    head = ["Model", "One person agrees", "Different people agree", "Characters answered", "Of"]
    print_table(head, rows)
    print()


def live(caps: Capabilities, people_clips: Sequence[tuple[str, list[Array]]]) -> None:
    """Print the table of changes."""
    loaded = load(caps, "")
    ways: dict[str, list[tuple[bool, bool]]] = {"each frame alone": [], "as the task answers": []}
    same: dict[str, list[bool]] = {way: [] for way in ways}
    for name, frames in people_clips:
        progress(f"live: {name}")
        alone, task = [], []
        for picture in frames:
            if near := photo(loaded, picture, middle=False):
                alone.append([match.n for match in near[0]])
        for n, picture in enumerate(frames):
            frame = Frame(
                picture, picture.shape[1], picture.shape[0], n * 1000 / RATE, first_of_source=n == 0
            )
            comparison = compare(loaded, frame)
            if comparison.faces:
                task.append([match.n for match in comparison.faces[0].matches])
        for way, answers in zip(ways, (alone, task), strict=True):
            ways[way] += [(a[0] != b[0], a != b) for a, b in pairwise(answers)]
            same[way] += [len({*a} & {*b}) >= AGREE for a, b in combinations(evenly(answers), 2)]
    rows = [
        [way, *(f"{RATE * np.mean(column):.1f}" for column in zip(*changes, strict=True)), percent(same[way])]
        for way, changes in ways.items()
    ]
    head = ["Live", "Changes of the first per second", "Changes of any of the five", "One person agrees"]
    print_table(head, rows)


def classifiers(caps: Capabilities, gallery: Gallery) -> Iterable[tuple[str, Model, Index]]:
    """Each variant of each classifier that the gallery has an index for, with the index of its backend."""
    for card in caps.cards:
        for variant in card.variants if gallery.indexes.get(card.id) else ():
            indexed = gallery.index(card.id, variant.backends[0])
            if indexed is None:
                continue
            meter = Meter(lambda: 0.0)
            model = Model(card, engine.opened(DIST, variant, card), Compositor(card), meter, variant.rgba)
            index = Index(gallery.id, gallery.count, engine.opened(DIST, indexed, card))
            yield f"{card.title}, {variant.id}", model, index


def load(caps: Capabilities, model: str) -> Engine:
    """The task with the variants that run on WASM."""
    settings = first(caps, "lookalike")
    return engine.load(
        DIST, caps, Settings(**{**vars(settings), "model": model or settings.model}), "wasm-ort"
    )


def compare(loaded: Engine, frame: Frame) -> Comparison:
    """The task's Comparison of a frame; an empty one if it has nothing new."""
    task = cast(Lookalike, loaded.task)
    asyncio.run(task.step(frame, NONE))
    return task.comparison or Comparison()


def photo(loaded: Engine, picture: Array, middle: bool = True) -> list[tuple[Match, ...]]:
    """The answers of a photo's faces; without a face those of its middle, or none if not `middle`."""
    frame = Frame(picture, picture.shape[1], picture.shape[0], is_photo=True, first_of_source=True)
    comparison = compare(loaded, frame)
    return [] if comparison.note and not middle else [face.matches for face in comparison.faces]


def large(picture: Array) -> Array:
    """A distorted character as a photo."""
    return np.asarray(Image.fromarray(picture).resize((PHOTO, PHOTO), Image.Resampling.BICUBIC))


def evenly(rows: Sequence[Any]) -> list[Any]:
    """STILLS of the rows, spread evenly."""
    places = np.linspace(0, len(rows) - 1, min(STILLS, len(rows))).round().astype(int)
    return [rows[n] for n in places]


def rate(numbers: Sequence[int], answers: Iterable[Sequence[Match]]) -> str:
    """The share of characters that are among their own answers."""
    return percent(
        [n in {match.n for match in near[:FIVE]} for n, near in zip(numbers, answers, strict=True)]
    )


def percent(outcomes: Sequence[bool]) -> str:
    """The share of True as a cell."""
    return f"{100 * np.mean(outcomes):.0f} %" if outcomes else "–"


if __name__ == "__main__":
    run(main)
