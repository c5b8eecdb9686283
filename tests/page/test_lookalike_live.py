"""The look-alike task over a live picture: answers that stay, cards that keep their places, a crowd.

Does not wait for a camera: the frames go through the worker's own slot as fast as it takes them.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tests.page.drive import Visit
from tests.page.feed import FRAMES, jpeg
from tests.page.test_lookalike import TABS, cards, saved, show
from tests.support import alike

pytestmark = pytest.mark.usefixtures("lookalike")

# From now on: how many cards have an answer whenever one changes, and whom a face resembles in each picture.
WATCH = """() => {
    const five = document.querySelector('#five'), labels = document.querySelector('#labels');
    const how = { subtree: true, childList: true, characterData: true, attributes: true };
    Object.assign(spy, { cards: [], first: [] });
    new MutationObserver(() => {
        spy.cards.push(five.querySelectorAll('[data-answer]').length);
    }).observe(five, how);
    new MutationObserver(() => {
        const words = labels.querySelector('span')?.textContent ?? '';
        spy.first.push(words.replace(/ \\d+%$/, ''));
    }).observe(labels, how);
}"""
BOXES = "[...document.querySelectorAll('.card')].map((card) => JSON.stringify(card.getBoundingClientRect()))"


def test_the_live_picture_keeps_its_answers_and_each_card_its_place(
    visit: Visit, light: str, tmp_path: Path
) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    show(visit, saved(tmp_path, alike.photo()))  # a still source: the page makes no frames of its own
    before, frames = visit.page.evaluate(BOXES), 50
    visit.page.evaluate(WATCH)
    visit.workers[0].evaluate(FRAMES, [frames, [jpeg(Image.fromarray(alike.photo()))]])
    visit.until(lambda: len(visit.page.evaluate("spy.first")) >= frames // 2, "answers of a moving face")
    assert visit.page.evaluate(BOXES) == before, "a card jumped"
    assert set(visit.page.evaluate("spy.cards")) <= {5}, "a card was empty meanwhile"
    first = visit.page.evaluate("spy.first")
    assert "" not in first, "a label was empty meanwhile"
    assert sum(a != b for a, b in pairwise(first)) <= 2, f"the winner flickers: {first}"


def crowd(hidden: int) -> Image.Image:
    """Six faces in two rows, one of them covered; 720 x 480."""
    face = Image.fromarray(alike.photo()).crop((60, 0, 300, 240))
    both = (face, ImageOps.mirror(face))
    picture = Image.new("RGB", (720, 480))
    for n in range(6):
        if n != hidden:
            picture.paste(both[n % 2], (240 * (n % 3), 240 * (n // 3)))
    return picture


def test_more_faces_than_are_looked_at_in_one_picture_are_followed(
    visit: Visit, light: str, tmp_path: Path
) -> None:
    visit.open(task="lookalike", backend="wasm", model=light)
    show(visit, saved(tmp_path, alike.photo()))
    visit.workers[0].evaluate(FRAMES, [24, [jpeg(crowd(n)) for n in range(6)]])
    visit.until(lambda: len(visit.page.evaluate(TABS)) == 7, "each of the six and all together")
    assert len(cards(visit)) == 5
    assert visit.notes() == []
