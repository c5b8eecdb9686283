"""What a start fetches: bytes and requests against budget.json, no file twice, nothing that comes later.

Does not measure time: `python3 build.py bench start` does. A budget is what was counted and a little more;
raise it where a feature is worth its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pytest

from publish import DIST
from publish.pack.serve import Handler, Server
from tests.page.conftest import Begin, serving
from tests.page.drive import Visit
from tests.support import alike
from tests.support.built import manifest

BUDGETS: dict[str, dict[str, float]] = json.loads(Path(__file__).with_name("budget.json").read_text())
ICON = "/icon.svg"  # the browser asks for it again for the tab, and has it already
LATER = ("/rest.", "python_stdlib.zip", "pyodide-lock.json", "micropip")


class Counting(Server):
    """dist/; `sent` are the bytes of the bodies."""

    def __init__(self) -> None:
        super().__init__(DIST)
        self.sent = 0
        server = self

        class Counter(Handler):
            def copy(self, content: BinaryIO, left: int) -> None:
                server.sent += left
                super().copy(content, left)

        self.RequestHandlerClass = Counter


@pytest.fixture
def counting() -> Iterator[Counting]:
    with serving(running := Counting()):
        yield running


def asked(visit: Visit) -> list[str]:
    """The paths of the requests so far, those of the worker included."""
    paths = [urlsplit(url).path for url in visit.requests if url.startswith(visit.url)]
    return [path for path in paths if path != ICON]


@pytest.mark.parametrize("query", BUDGETS)
def test_a_start_stays_within_its_budget(begin: Begin, counting: Counting, query: str) -> None:
    if "lookalike" in query and (reason := alike.missing()):
        pytest.skip(reason)
    visit = begin(counting.url, extra_http_headers={})  # the files come packed, as browsers ask for them
    visit.open(query)
    visit.more(2)
    paths = asked(visit)
    assert {path for path in paths if paths.count(path) > 1} == set(), "fetched twice"
    assert [path for path in paths if any(part in path for part in LATER)] == [], "not needed yet"
    budget = BUDGETS[query]
    counted = {"requests": len(paths), "megabytes": round(counting.sent / 1e6, 2)}
    assert all(counted[name] <= budget[name] for name in budget), counted


def test_what_the_manifest_names_ahead_is_what_a_start_fetches(begin: Begin) -> None:
    table: dict[str, Any] = manifest()["ahead"]
    named = set(table["files"]["background"]["selfie"]["wasm"]["relaxed-simd"])  # which Chromium has
    visit = begin()
    visit.open(task="background", model="selfie", backend="wasm")
    visit.more(2)
    models = [path.removeprefix("/") for path in asked(visit) if path.startswith("/models/")]
    assert set(models) >= named - {*mattes()}
    assert len(models) == len(set(models))


def mattes() -> Iterator[str]:
    """The graphs that only 2D canvases need, for a browser with WebGL2 in software."""
    for card in manifest()["models"]:
        if card["matte"]:
            yield card["matte"]["path"]


def test_the_library_and_the_rest_of_python_come_when_they_are_needed(begin: Begin) -> None:
    visit = begin()
    visit.open(backend="wasm")
    before = asked(visit)
    assert visit.python("import wave, subprocess\nwave.__name__, subprocess.Popen.__name__") == [
        "wave",
        "Popen",
    ]
    after = asked(visit)[len(before) :]
    assert sum("python_stdlib.zip" in path for path in after) == 1
    assert sum("/rest." in path for path in after) == 1
    visit.more(2)
    assert visit.notes() == []
