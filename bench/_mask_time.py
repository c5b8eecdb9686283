"""Time from a picture to its Mask, back to back: the page's own code and MediaPipe tasks-vision, in turns.

Composes nothing and compares nothing. The pictures are ImageBitmaps of 640 x 480; the Mask is a Float32Array
in JavaScript's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Browser

from bench._browser import TIMEOUT, open_page, pause, prepare_frames, run_inside, script
from bench._subjects import OURS, Subject

PICTURES = 20
SIZE = (640, 480)
MODEL = "model.tflite"
Turn = Callable[[], list[float]]  # runs all pictures once; returns the ms of each


@contextmanager
def turns(
    browser: Browser, urls: Mapping[str, str], subjects: Sequence[Subject]
) -> Iterator[dict[str, Turn]]:
    """By id, a function for each subject, whose page stays open."""
    with ExitStack() as stack:
        yield {
            subject.id: (ours if subject.site == OURS else theirs)(stack, browser, urls, subject)
            for subject in subjects
        }


def ours(stack: ExitStack, browser: Browser, urls: Mapping[str, str], subject: Subject) -> Turn:
    """A function that runs the page's own code on all pictures."""
    page = stack.enter_context(open_page(browser, urls[OURS], **subject.query))
    pause(page)
    prepare_frames(page, PICTURES)
    return lambda: list(map(float, run_inside(page, "mask")))


def theirs(
    stack: ExitStack,
    browser: Browser,
    urls: Mapping[str, str],
    subject: Subject,
    size: Sequence[int] = SIZE,
) -> Turn:
    """A function that runs tasks-vision on all pictures, drawn at `size`, width and height."""
    context = browser.new_context()
    stack.callback(context.close)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(urls[subject.site] + "blank.html")
    sample = page.evaluate("fetch('scene.json').then((answer) => answer.json())")
    page.evaluate(script("frames"), [sample, PICTURES, page.url])
    given = [urls[subject.site], subject.query["delegate"], MODEL, list(size)]
    return lambda: list(map(float, page.evaluate(script("segmenter"), given)))
