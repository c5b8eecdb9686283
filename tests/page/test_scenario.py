"""The scenario in the page's worker: the same numbers as under CPython.

Does not look at the page's picture.
"""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from publish import DIST, chromium
from publish.serve import Server
from tests import ports
from tests.built import ROOT
from tests.page.drive import Visit
from tests.scenario import RUNS, differences, scenario

INSIDE = Path(__file__).with_name("scenario_inside.py").read_text("utf-8") + "\nawait inside(page, files)\n"


@pytest.fixture
def native() -> dict[str, Any]:
    return asyncio.run(scenario(ports.NativePorts()))  # before Playwright, whose own loop then runs


@pytest.fixture
def visit(native: dict[str, Any]) -> Iterator[Visit]:
    with Server(DIST) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium.ensure(), args=list(chromium.FLAGS))
        found = Visit(browser, f"http://127.0.0.1:{server.server_address[1]}/")
        yield found
        found.close()
        browser.close()
        server.shutdown()


def test_the_scenario_gives_the_same_in_the_pages_worker(
    native: dict[str, Any], visit: Visit, tmp_path: Path
) -> None:
    visit.open(background="none", backend="wasm")  # the page's own model rests
    ports.write(tmp_path, {model for model, _ in RUNS})
    given = [*tmp_path.iterdir(), ROOT / "tests" / "scenario.py", ROOT / "tests" / "jsports.py"]
    files = {path.name: b64encode(path.read_bytes()).decode() for path in given}
    assert differences(native, json.loads(visit.python(INSIDE, files=files))) == []
