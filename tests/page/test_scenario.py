"""The scenario in the page's worker: the same numbers as under CPython.

Does not look at the page's picture.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.page.drive import Visit
from tests.support import ports
from tests.support.built import ROOT
from tests.support.scenario import RUNS, differences, scenario

SUPPORT = ROOT / "tests" / "support"
INSIDE = Path(__file__).with_name("scenario_inside.py").read_text("utf-8") + "\nawait inside(page, files)\n"


def test_the_scenario_gives_the_same_in_the_pages_worker(visit: Visit, tmp_path: Path) -> None:
    visit.open(background="none", backend="wasm-ort")  # the page's own model rests
    ports.write(tmp_path, {model for model, _ in RUNS})
    given = [*tmp_path.iterdir(), *(SUPPORT / name for name in ("scenario.py", "jsports.py"))]
    files = {path.name: b64encode(path.read_bytes()).decode() for path in given}
    found = json.loads(visit.python(INSIDE, files=files))
    with ThreadPoolExecutor(1) as thread:  # in this one Playwright's event loop runs
        native = thread.submit(asyncio.run, scenario(ports.NativePorts())).result()
    assert differences(native, found) == []
