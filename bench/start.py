"""Time from navigation to the first composited picture, cold and warm, and the bytes sent for it.

Measures no network: the server is on this machine, and a real network adds the time of the bytes. Cold is the
first visit of a new profile; warm is its second visit, from its HTTP cache. The bytes are the bodies as they
were sent (brotli copies where they exist), counted at the server, so those of the workers are included. The
ordinary start is the start of a browser that cannot use the memory snapshot: here the server does not have
it. Argument: the number of visits of each kind. With --write the table goes to docs/figures.md.
"""

from __future__ import annotations

import sys
from statistics import median

from playwright.sync_api import Browser

from bench._browser import TIMEOUT, launch, serve_dist
from bench._command import run
from bench._report import Report, machine, markdown, print_table
from bench._sites import CountingHandler

VISITS = 5
SETTINGS = "?backend=wasm&model=selfie-landscape&background=blur"
# Resolves to the ms from the navigation until the page says that its first picture is drawn.
FIRST_PICTURE = """globalThis.firstPicture = (async () => {
  while (!globalThis.vitrine) await new Promise((resolve) => setTimeout(resolve, 5));
  await globalThis.vitrine.ready;
  return performance.now();
})()"""


def main() -> None:
    """Print the table."""
    report = Report("start", sys.argv[1:])
    visits = int(report.arguments[0]) if report.arguments else VISITS
    rows = []
    with launch() as chromium:
        where = machine(chromium.version)
        for title, without in (("memory snapshot", ""), ("ordinary", "python/snapshot.*")):
            with serve_dist(without=without, handler=CountingHandler) as url:
                pairs = [visit(chromium, url) for _ in range(visits)]
            for name, measured in zip(("first", "second"), zip(*pairs, strict=True), strict=True):
                times = [seconds for seconds, _ in measured]
                sent = median([count for _, count in measured])
                rows.append([title, name, f"{median(times):.2f} ({min(times):.2f})", f"{sent / 1e6:.2f}"])
    head = ["Start of Python", "Visit", "First picture after, s", "Sent, MB"]
    print_table(head, rows)
    report.write(where, markdown(head, rows))


def visit(chromium: Browser, url: str) -> list[tuple[float, int]]:
    """Seconds and bytes of a first and a second visit with one profile."""
    context = chromium.new_context()
    context.add_init_script(FIRST_PICTURE)
    visits = []
    for _ in range(2):
        CountingHandler.sent = 0
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(url + SETTINGS, wait_until="commit")
        milliseconds = page.evaluate("globalThis.firstPicture")
        visits.append((milliseconds / 1000, CountingHandler.sent))
        page.close()
    context.close()
    return visits


if __name__ == "__main__":
    run(main)
