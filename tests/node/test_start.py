"""Python's two starts, from the memory snapshot and from the wheel, under Node and with dist/'s own files.

Does not open a browser: tests/page does.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import __version__
from publish import DIST
from publish.pack import snapshot
from publish.pack.serve import Server

SCRIPT = Path(__file__).with_name("start.mjs")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with Server(DIST) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def start(address: str, way: str) -> dict[str, Any]:
    """What start.mjs found."""
    wheels = json.loads((DIST / "manifest.json").read_text())["pyodide"]["wheels"]
    _, names = snapshot.contents(DIST / wheels[-1]["path"])
    command = ["node", str(SCRIPT), address, str(DIST), way, json.dumps(names)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("way", ["snapshot", "ordinary"])
def test_python_starts(address: str, way: str) -> None:
    found = start(address, way)
    assert found["version"] == __version__
    assert found["python"] == [3, 14]
    assert found["main"], "app.page.main.main is a coroutine function"
    assert found["background"]
    assert found["shaders"] > 5
    assert found["imported_before"] is (way == "snapshot")
