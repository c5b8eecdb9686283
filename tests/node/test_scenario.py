"""The scenario in Pyodide under Node: the same numbers as under CPython. Does not test the browser."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from tests import ports
from tests.built import DIST, ROOT
from tests.scenario import RUNS, differences, scenario


def test_the_scenario_gives_the_same_in_pyodide(tmp_path: Path) -> None:
    ports.write(tmp_path, {model for model, _ in RUNS})
    program = ["node", str(ROOT / "tests" / "node" / "scenario.mjs"), str(DIST), str(tmp_path), str(ROOT)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    if done.returncode:
        pytest.fail(done.stderr[-2000:])
    native = asyncio.run(scenario(ports.NativePorts()))
    assert differences(native, json.loads(done.stdout)) == []
