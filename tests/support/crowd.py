"""The look-alike task on a crowd that comes and goes, with own pictures: the same numbers on every runtime.

Does not run a model and judges nothing: it uses the standard library, `app` and ports in plain Python.
"""

from __future__ import annotations

import json
from array import array
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot
from operator import mul
from random import Random
from typing import Any

from app.core.characters import Character, LoadedGallery, Names
from app.core.events import Event
from app.core.frame import Frame
from app.core.gallery import NEAREST, OWN, Index
from app.core.meter import Meter
from app.core.model import Model
from app.core.nms import FACES, ROW
from app.core.settings import Settings
from app.tasks.lookalike.task import Lookalike
from app.tasks.lookalike.user_gallery import SIDE, UserGallery, embedding_model, from_file
from app.worker.protocol import plain
from tests.support.fakes import BODY, CLASSES, GALLERY, MINE, FakeCompositor, FakeSession
from tests.support.fakes import FACES as DETECTOR

WIDE, CHARACTERS, PEOPLE, FRAMES = 8, 40, 6, 90
PERSON = 5  # the seed of the features of people, in the frames and in own pictures
SETTINGS = Settings(task="lookalike", background="none", mirror=True)


def vectors(seed: int, count: int) -> list[array[float]]:
    """`count` vectors of WIDE numbers, -1 to 1."""
    random = Random(seed)
    return [array("f", [random.uniform(-1, 1) for _ in range(WIDE)]) for _ in range(count)]


class Crowd(FakeSession):
    """A detector that finds at most five of the people, in another order each time."""

    def __init__(self) -> None:
        super().__init__()
        self.random, self.n = Random(3), 0

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        self.n += 1
        found = [n for n in range(PEOPLE) if self.n > 5 * n and self.random.random() < 0.9]
        self.random.shuffle(found)
        rows = array("f", bytes(4 * FACES * ROW))
        for place, person in enumerate(found[:FACES]):
            x, y = 0.16 * person + self.random.uniform(0, 0.01), 0.4 + self.random.uniform(0, 0.01)
            row = [0.9, x, y, x + 0.1, y + 0.1, x + 0.02, y + 0.04, x + 0.08, y + 0.04]
            rows[place * ROW : place * ROW + len(row)] = array("f", row)
        return {"faces": rows}


class Classifier(FakeSession):
    """A classifier that returns the features of one of the people, slightly different each time."""

    def __init__(self) -> None:
        super().__init__()
        self.random, self.people = Random(4), vectors(PERSON, PEOPLE)

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        person = self.people[self.random.randrange(PEOPLE)]
        return {"features": array("f", [value + self.random.gauss(0, 0.1) for value in person])}

    def blank(self, shape: Sequence[int]) -> Any:
        return array("f", bytes(4 * WIDE))


class Nearest(FakeSession):
    """The same as an index graph, see app.core.gallery.Gallery."""

    def __init__(self, rows: Sequence[Sequence[float]]) -> None:
        super().__init__()
        self.rows = rows

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        keep, length = feeds["keep"][0], hypot(*feeds["features"])
        pairs = zip(feeds["memory"], feeds["features"], strict=True)
        seen = array("f", [keep * old + (1 - keep) * new / length for old, new in pairs])
        cosines = [sum(map(mul, seen, row)) / hypot(*seen) / hypot(*row) for row in self.rows]
        which = sorted(range(len(cosines)), key=lambda n: -cosines[n])[:NEAREST]
        return {"seen": seen, "likeness": array("f", [cosines[n] for n in which]), "which": array("f", which)}


def own() -> UserGallery:
    """A user gallery of five pictures, imported from a file."""
    header = b"\xff\xd8\xff\xc0\x00\x11\x08" + SIDE.to_bytes(2) * 2 + bytes(10)  # a JPEG's
    rows = [
        {
            "name": f"  Nº {n}\n",
            "card": embedding_model(CLASSES, WIDE).card,
            "features": b64encode(features.tobytes()).decode(),
            "thumb": b64encode(header).decode(),
        }
        for n, features in enumerate(vectors(PERSON, 5))
    ]
    pictures = UserGallery()
    for n, (picture, _) in enumerate(
        from_file(json.dumps({"pictures": rows}), embedding_model(CLASSES, WIDE))
    ):
        pictures.put(f"id{n}", picture)
    return pictures


async def crowd() -> dict[str, Any]:
    """The answers for each frame and for a photo, and the own pictures."""
    mine, by = own(), embedding_model(CLASSES, WIDE)
    kept = mine.pictures
    numbers = array("f", mine.matrix(by))
    rows = [numbers[n * WIDE : (n + 1) * WIDE] for n in range(len(kept))]
    compositor, meter = FakeCompositor(), Meter(lambda: 0.0)
    model = Model(BODY, FakeSession(), compositor, meter)
    model.cutout = FakeSession({"cut": "cut"})
    auxiliary = {"detector": Model(DETECTOR, Crowd(), compositor, meter)}
    auxiliary["classifier"] = Model(CLASSES, Classifier(), compositor, meter)
    galleries = replace(GALLERY, count=CHARACTERS), replace(MINE, id=OWN)
    characters = Names(galleries[0], [Character(f"No. {n}", "Set") for n in range(CHARACTERS)])
    own_names = Names(galleries[1], [Character(each.name, "Own") for each in kept.values()], list(kept))
    task, told = Lookalike(model, auxiliary), []
    task.galleries = (
        LoadedGallery(Index(galleries[0].id, CHARACTERS, Nearest(vectors(2, CHARACTERS))), characters),
        LoadedGallery(Index(OWN, len(rows), Nearest(rows)), own_names),
    )
    for n in range(FRAMES + 1):
        time, first = 40.0 * n, n in (0, FRAMES)
        frame = Frame(n, 640, 480, time, is_photo=n == FRAMES, first_of_source=first)
        result = await task.step(frame, SETTINGS)
        told.append([_told(event) for event in result.events])
    return {"told": told, "own": [by.card, [each.name for each in kept.values()], list(map(list, rows))]}


def _told(event: Event) -> Any:
    """An event as it comes out of JSON, whose keys are text."""
    return json.loads(json.dumps(plain(event)))


async def main() -> str:
    """The result of `crowd` as JSON."""
    return json.dumps(await crowd())
