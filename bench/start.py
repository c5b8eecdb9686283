"""Time from navigation to the first composited picture, cold and warm, and the bytes sent for it.

Judges no network: the server is on this machine, so a real one adds the bytes' own time. Cold is a new
profile; warm is the second visit with it, from its HTTP cache. The bytes are the bodies as they were sent,
brotli where there is a copy, counted at the server, so those of the workers are in. The ordinary start is
that of a browser which does not take Python's memory snapshot: here the server has none.
"""

from __future__ import annotations

import sys
from statistics import median
from typing import BinaryIO

from playwright.sync_api import Browser

from bench._browser import READY, browser, run, served, table
from publish.pack.serve import Handler

VISITS = 5
SETTINGS = "?backend=wasm&model=selfie-landscape&background=blur"
# Notes when the page says that its first picture is drawn, in ms since the navigation.
FIRST = """globalThis.began = (async () => {
  while (!globalThis.vitrine) await new Promise((resolve) => setTimeout(resolve, 5));
  await globalThis.vitrine.ready;
  return performance.now();
})()"""


class Counting(Handler):
    """Adds up what it sends."""

    sent = 0

    def copy(self, content: BinaryIO, left: int) -> None:
        """See Handler."""
        Counting.sent += left
        super().copy(content, left)


def main() -> None:
    """Print the table. Argument: how many visits of each kind."""
    visits = int(sys.argv[1]) if sys.argv[1:] else VISITS
    rows = []
    with browser() as chromium:
        for title, without in (("snapshot", ""), ("ordinary", "python/snapshot.*")):
            with served(without=without, handler=Counting) as url:
                both = [visit(chromium, url) for _ in range(visits)]
            for name, each in zip(("cold", "warm"), zip(*both, strict=True), strict=True):
                times = [time for time, _ in each]
                sent = median([sent for _, sent in each])
                rows.append([title, name, f"{median(times):.2f}", f"{min(times):.2f}", f"{sent / 1e6:.2f}"])
    table(["start of Python", "visit", "s to the first picture, median", "min", "MB sent"], rows)


def visit(chromium: Browser, url: str) -> list[tuple[float, int]]:
    """Seconds and bytes of a first and a second visit with one profile."""
    context = chromium.new_context()
    context.add_init_script(FIRST)
    found = []
    for _ in range(2):
        Counting.sent = 0
        page = context.new_page()
        page.set_default_timeout(READY)
        page.goto(url + SETTINGS, wait_until="commit")
        time = page.evaluate("globalThis.began")
        found.append((time / 1000, Counting.sent))
        page.close()
    context.close()
    return found


if __name__ == "__main__":
    run(main)
