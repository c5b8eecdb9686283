"""Number of different characters in people's answers, and the cost of more, on portraits (VITRINE_PEOPLE).

Changes no gallery. A character near to what all photographed faces have in common is among everybody's five
answers. Two remedies are compared with the gallery as it is: a part of that direction (the mean face's) is
removed from the characters' features, or the cosine with it is limited to a percentile of all characters. The
mean is of one half of the people and the other half is judged, then the reverse. A person is shown four
times: as the portrait, and three times turned, cropped and tinted at random.
"""

from __future__ import annotations

import asyncio
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
from bench._command import progress, run
from bench._people import people
from bench._report import print_table
from bench.lookalike import AGREE, FIVE, percent
from publish import DIST
from publish.gallery import GALLERY_CACHE, cache, features

Array = NDArray[np.float32]
SET = "npr"
SIDE = 640  # pixels of a portrait's longer side
VARIATIONS = 3  # of each portrait


def main() -> None:
    """Print the table."""
    caps = engine.capabilities(DIST)
    if not any(caps.supports(card, "lookalike", "auto") for card in caps.cards):
        raise UserError("This build has no look-alike task: its models or galleries were unavailable.")
    loaded = engine.load(DIST, caps, first(caps, "lookalike"), "wasm-ort")
    assert isinstance(loaded.task, Lookalike)
    vectors = [[embed(loaded.task, image) for image in images] for images in portraits()]
    if not vectors:
        raise UserError(f"There are no portraits. Set VITRINE_PEOPLE to the folder that has {SET}.zip.")
    faces = unit(np.array(vectors))
    card = loaded.auxiliary["classifier"].card
    (folder,) = cache.folders(caps.built_galleries[0].id, GALLERY_CACHE)
    rows = unit(np.load(folder / "features" / f"{card.id}-{features.graph_hash(card)[:16]}.npy"))
    remedies: dict[str, Callable[[Array], Array]] = {"unchanged": lambda face: rows}
    remedies |= {f"limited to percentile {n}": partial(limit, rows, n) for n in (99, 95, 90, 80)}
    remedies |= {f"{part:.0%} removed": partial(remove, rows, part) for part in (0.4, 1.0)}
    half = len(faces) // 2
    head = ["Characters", "Different, by half", "Most frequent, by half", "One person agrees"]
    print_table(
        [*head, "Different people agree"],
        [[name, *judge(remedy, (faces[:half], faces[half:]))] for name, remedy in remedies.items()],
    )


def portraits() -> Iterator[list[Image.Image]]:
    """Each portrait and its VARIATIONS."""
    rng = np.random.default_rng(5)
    for n, (picture, _) in enumerate(people(SET)):
        progress(f"{n + 1} portraits")
        image = Image.fromarray(picture)
        image.thumbnail((SIDE, SIDE))
        yield [image, *(vary(image, rng) for _ in range(VARIATIONS))]


def vary(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture as if taken again: a part of it, slightly turned, with other brightness and saturation."""
    part, turned = rng.uniform(0.8, 1), image.rotate(rng.uniform(-6, 6), Image.Resampling.BICUBIC)
    width, height = (round(part * side) for side in image.size)
    left, top = (int(rng.uniform(0, (1 - part) * side)) for side in image.size)
    light = ImageEnhance.Brightness(turned.crop((left, top, left + width, top + height)))
    return ImageEnhance.Color(light.enhance(rng.uniform(0.8, 1.25))).enhance(rng.uniform(0.8, 1.2))


def embed(task: Lookalike, image: Image.Image) -> Array:
    """The features [m] of the most certain face."""
    frame = Frame(np.asarray(image), image.width, image.height, is_photo=True, first_of_source=True)
    return np.asarray(asyncio.run(task.embed(frame))[0], np.float32).reshape(-1)


def unit(rows: Array) -> Array:
    """The rows scaled to length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def limit(rows: Array, percentile: float, face: Array) -> Array:
    """The rows with their cosine with `face` limited to this percentile of all rows."""
    cosines = (rows @ face)[:, None]
    least = np.minimum(cosines, np.percentile(cosines, percentile))
    return np.asarray(least * face + np.sqrt(1 - least**2) * unit(rows - cosines * face), np.float32)


def remove(rows: Array, part: float, face: Array) -> Array:
    """The rows with a part of their component along `face` removed."""
    return unit(rows - np.float32(part) * (rows @ face)[:, None] * face)


def judge(remedy: Callable[[Array], Array], halves: tuple[Array, Array]) -> list[str]:
    """The cells of a row."""
    different, most, same, others = [], [], [], []
    for mine, theirs in (halves, halves[::-1]):
        rows = remedy(unit(theirs[:, 0].mean(0)))
        fives = np.argsort(-(mine @ rows.T), axis=-1, kind="stable")[..., :FIVE]
        answers = [[set(five) for five in person] for person in fives.tolist()]
        count = Counter(n for person in answers for n in person[0])
        different.append(len(count))
        most.append(max(count.values()))
        same += [len(a & b) >= AGREE for person in answers for a, b in combinations(person, 2)]
        others += [len(a[0] & b[0]) >= AGREE for a, b in combinations(answers, 2)]
    halves_cells = [f"{counts[0]} and {counts[1]}" for counts in (different, most)]
    return [*halves_cells, percent(same), percent(others)]


if __name__ == "__main__":
    run(main)
