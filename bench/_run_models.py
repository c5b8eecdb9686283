"""Runs models by their runners in a browser, in turns: one page for each runner, and rounds over all of them.

Chooses no model and compares nothing: returns samples, and why a runner does not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError

from app.core.errors import UserError
from bench._browser import TIMEOUT, open_page, pause, prepare_frames, run_inside, script
from bench._metadata import with_normalization
from bench._runners import PICTURE, Runner, job, published
from bench._statistics import order
from bench._subjects import OURS, PEERS
from models.sources.fetch import Fetched, MissingSourceError
from models.spec.card import Card

PICTURES = 10
BUDGET = 250.0  # ms of each runner in each round
WARM_UP = 800.0  # ms, twice before the first round, in which the browser compiles and optimises
Turn = Callable[[float], list[float]]  # runs for about so many ms; returns the ms of each run
# The model that the page itself runs; it must be another than those that are measured, or is one of them.
SETTINGS = {"background": "none", "threads": 1, "model": "selfie-landscape"}


@dataclass
class Place:
    """A browser with the page of each runner that was needed so far."""

    browser: Browser
    urls: Mapping[str, str]
    stack: ExitStack
    pages: dict[str, Page]

    def page(self, runner: Runner, card: Card) -> Page:
        """The runner's page, opened now if it is not. For PICTURE the page itself runs the card."""
        picture = runner.backend and runner.times == PICTURE
        name = f"{runner.id} {card.id}" if picture else runner.id
        if name not in self.pages:
            self.pages[name] = self._ours(runner, card) if runner.backend else self._peer()
        return self.pages[name]

    def _ours(self, runner: Runner, card: Card) -> Page:
        settings = {**SETTINGS, "backend": runner.backend}
        settings |= {"model": card.id, "background": "blur"} if runner.times == PICTURE else {}
        page = self.stack.enter_context(open_page(self.browser, self.urls[OURS], **settings))
        pause(page)
        prepare_frames(page, PICTURES)
        return page

    def _peer(self) -> Page:
        context = self.browser.new_context()
        self.stack.callback(context.close)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(self.urls[PEERS] + "blank.html")
        sample = page.evaluate("fetch('scene.json').then((answer) => answer.json())")
        page.evaluate(script("frames"), [sample, PICTURES, page.url])
        page.evaluate(script("pixels"))
        return page


@contextmanager
def place(browser: Browser, urls: Mapping[str, str]) -> Iterator[Place]:
    """A Place in this browser; its pages are closed at the end."""
    with ExitStack() as stack:
        yield Place(browser, urls, stack, {})


def run(
    where: Place,
    card: Card,
    runners: Sequence[Runner],
    rounds: int,
    size: str = "",
    others: Mapping[str, Turn] | None = None,
) -> tuple[dict[str, list[list[float]]], list[str]]:
    """The ms of each runner, in rounds, and a sentence for each runner that does not run the card.

    `size` is one of the card's sizes, "" its own. `others` are run in the same turns.
    """
    turns = dict(others or {})
    said = []
    for runner in runners:
        try:
            turn = _turn(where, card, runner, size)
            turn(WARM_UP)
            turn(WARM_UP)  # a browser optimises beside the first runs, and slows down everything meanwhile
            turns[runner.id] = turn
        except (UserError, BrowserError) as error:
            said.append(f"{runner.title} does not run {card.title}: {_reason(error)}")
    samples: dict[str, list[list[float]]] = {}
    for number in range(rounds):
        for name in order(list(turns), number):
            samples.setdefault(name, []).append(turns[name](BUDGET))
    return samples, said


def _turn(where: Place, card: Card, runner: Runner, size: str) -> Turn:
    """A function that runs the card by the runner. Raises UserError or BrowserError."""
    if runner.missing:
        raise UserError(f"{runner.missing}.")
    if runner.backend:
        page = where.page(runner, card)
        if runner.times == PICTURE:
            return lambda budget: _masks(page, budget)
        return lambda budget: _times(run_inside(page, "infer", card=card.id, size=size, budget=budget))
    folder, scale = f"models/{card.id}", (card.scale, card.offset)
    if runner.format:
        source = published(card, runner.format).source
        folder, scale = folder_of(card, runner.format), (source.scale, source.offset)
    page = where.page(runner, card)
    given = [where.urls[PEERS], job(card, runner, folder), {"scale": scale[0], "offset": scale[1]}]
    return lambda budget: list(map(float, page.evaluate(script(runner.script), [*given, budget])))


def _masks(page: Page, budget: float) -> list[float]:
    """All pictures through the page's own code, again and again for `budget` ms; the ms of each."""
    times: list[float] = []
    while not times or sum(times) < budget:
        times += map(float, run_inside(page, "mask"))
    return times


def _times(found: Mapping[str, Any]) -> list[float]:
    if "said" in found:
        raise UserError(f"{found['said']}.")
    return list(map(float, found["times"]))


def _reason(error: Exception) -> str:
    line = str(error).strip().split("\n")[0].removeprefix("Page.evaluate: ").removeprefix("Error: ")[:200]
    return line if line.endswith(".") else f"{line}."


def folder_of(card: Card, format: str) -> str:
    """Where the site has the card's published files of a format."""
    return f"models/{card.id}-{format}"


def site_files(cards: Sequence[Card]) -> dict[str, bytes]:
    """The published files of the cards, by their paths in the peers' site. What is missing is left out."""
    out: dict[str, bytes] = {}
    for card in cards:
        for format in ("tflite", "tfjs"):
            try:
                found = published(card, format)
            except MissingSourceError:
                continue
            out |= {f"{folder_of(card, format)}/{name}": data for name, data in _files(found).items()}
    return out


def _files(found: Fetched) -> dict[str, bytes]:
    contents = list(found.files.values())
    if found.source.format == "tflite":  # tasks-vision asks for the input's range in the file
        mean, std = -found.source.offset / found.source.scale, 1 / found.source.scale
        return {"model.tflite": with_normalization(contents[0], mean, std)}
    names = ["model.json", *list(found.files)[1:]]
    return dict(zip(names, contents, strict=True))
