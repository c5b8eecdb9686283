"""The scenario in Pyodide under Node: the same numbers as under CPython. Does not test the browser."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import ports
from tests.support.built import DIST, ROOT
from tests.support.crowd import PEOPLE, crowd
from tests.support.scenario import RUNS, differences, scenario


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What scenario.mjs prints."""
    footage: Path = tmp_path_factory.mktemp("footage")
    ports.write(footage, {model for model, _ in RUNS})
    program = ["node", str(ROOT / "tests" / "node" / "scenario.mjs"), str(DIST), str(footage), str(ROOT)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    if done.returncode:
        pytest.fail(done.stderr[-2000:])
    numbers: dict[str, Any] = json.loads(done.stdout)
    return numbers


def test_the_scenario_gives_the_same_in_pyodide(found: dict[str, Any]) -> None:
    native = asyncio.run(scenario(ports.NativePorts()))
    assert differences(native, found["scenario"]) == []


def test_a_crowd_is_told_the_same_in_pyodide(found: dict[str, Any]) -> None:
    native = asyncio.run(crowd())
    assert differences(native, found["crowd"]) == []
    assert [len(events) for events in native["told"][-2:]] == [1, 1]
    live, photo = (events[0] for events in native["told"][-2:])
    assert [face["id"] for face in live["faces"]] == list(range(1, PEOPLE + 1))
    assert [len(rows["together"]) for rows in (live, photo)] == [5, 5]
    shown = {row["key"].split("/")[0] for face in live["faces"] for row in face["five"]}
    assert shown == {"characters", "own"}
