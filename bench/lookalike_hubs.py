"""How many different characters people are told, and what more would cost, on portraits (VITRINE_PEOPLE).

Changes no gallery. A character near to what all photographed faces have in common is among everybody's five.
Two ways to have less of it are compared with the gallery as it is: that direction (the mean face's) taken out
of the characters' features, and its share held below what so many of a hundred characters have. The mean is
of one half of the people, who are judged is the other, and then the other way round. A person is shown four
times: as the portrait, and three times turned, cut and tinted by chance.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from app.core.errors import UserError
from app.core.frame import Frame
from app.native import engine
from app.panel.apply import first
from app.tasks.lookalike.task import Lookalike
from bench._browser import run, table
from bench._people import people
from bench.lookalike import AGREE, FIVE, percent
from publish import DIST
from publish.gallery import GALLERY_CACHE, cache, features

Array = NDArray[np.float32]
SET = "npr"
SIDE = 640  # pixels of a portrait's longer side
AGAIN = 3


def main() -> None:
    """Print the table."""
    caps = engine.offered(DIST)
    if not any(caps.supports(card, "lookalike", "auto") for card in caps.cards):
        raise UserError("This build has no look-alike task: its models or galleries were unavailable.")
    loaded = engine.load(DIST, caps, first(caps, "lookalike"), "wasm")
    assert isinstance(loaded.task, Lookalike)
    found = [[see(loaded.task, each) for each in four] for four in portraits()]
    if not found:
        raise UserError(f"There are no portraits: VITRINE_PEOPLE names the folder of {SET}.zip.")
    seen = unit(np.array(found))
    card = loaded.auxiliary["classifier"].card
    (folder,) = cache.folders(caps.built_galleries[0].id, GALLERY_CACHE)
    rows = unit(np.load(folder / "features" / f"{card.id}-{features.graph_hash(card)[:16]}.npy"))
    ways: dict[str, Callable[[Array], Array]] = {"as they are": lambda face: rows}
    ways |= {f"held below {n} of 100": partial(held, rows, n) for n in (99, 95, 90, 80)}
    ways |= {f"{part:.0%} taken out": partial(out, rows, part) for part in (0.4, 1.0)}
    half = len(seen) // 2
    head = ["characters", "different, of each half", "the most frequent, of each half", "one person agrees"]
    table(
        [*head, "different people agree"],
        [[name, *judged(way, (seen[:half], seen[half:]))] for name, way in ways.items()],
    )


def portraits() -> Iterator[list[Image.Image]]:
    """Each portrait, and AGAIN times a part of it, a little turned, lighter or darker, paler or stronger."""
    rng = np.random.default_rng(5)
    for n, (picture, _) in enumerate(people(SET)):
        print(f"{n + 1} portraits", file=sys.stderr, flush=True)
        image = Image.fromarray(picture)
        image.thumbnail((SIDE, SIDE))
        yield [image, *(other(image, rng) for _ in range(AGAIN))]


def other(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture as if taken once more."""
    part, turned = rng.uniform(0.8, 1), image.rotate(rng.uniform(-6, 6), Image.Resampling.BICUBIC)
    width, height = (round(part * side) for side in image.size)
    left, top = (int(rng.uniform(0, (1 - part) * side)) for side in image.size)
    light = ImageEnhance.Brightness(turned.crop((left, top, left + width, top + height)))
    return ImageEnhance.Color(light.enhance(rng.uniform(0.8, 1.25))).enhance(rng.uniform(0.8, 1.2))


def see(task: Lookalike, image: Image.Image) -> Array:
    """The features of the surest face [m]."""
    frame = Frame(np.asarray(image), image.width, image.height, is_photo=True, first_of_source=True)
    return np.asarray(asyncio.run(task.embed(frame))[0], np.float32).reshape(-1)


def unit(rows: Array) -> Array:
    """Rows of length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def held(rows: Array, percentile: float, face: Array) -> Array:
    """Rows whose cosine with `face` is at most what `percentile` of a hundred rows have."""
    cosines = (rows @ face)[:, None]
    least = np.minimum(cosines, np.percentile(cosines, percentile))
    return np.asarray(least * face + np.sqrt(1 - least**2) * unit(rows - cosines * face), np.float32)


def out(rows: Array, part: float, face: Array) -> Array:
    """Rows with a part of what they have of `face` taken out."""
    return unit(rows - np.float32(part) * (rows @ face)[:, None] * face)


def judged(way: Callable[[Array], Array], halves: tuple[Array, Array]) -> list[str]:
    """The cells of a row."""
    different, most, same, others = [], [], [], []
    for mine, theirs in (halves, halves[::-1]):
        rows = way(unit(theirs[:, 0].mean(0)))
        fives = np.argsort(-(mine @ rows.T), axis=-1, kind="stable")[..., :FIVE]
        told = [[set(five) for five in person] for person in fives.tolist()]
        count = Counter(n for person in told for n in person[0])
        different.append(len(count))
        most.append(max(count.values()))
        same += [len(a & b) >= AGREE for person in told for a, b in combinations(person, 2)]
        others += [len(a[0] & b[0]) >= AGREE for a, b in combinations(told, 2)]
    of = [f"{many[0]} and {many[1]}" for many in (different, most)]
    return [*of, percent(same), percent(others)]


if __name__ == "__main__":
    run(main)
