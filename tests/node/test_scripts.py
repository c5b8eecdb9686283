"""The page's scripts under `node --test`: each *.test.mjs beside this file.

Does not open a browser: tests/page does.
"""

import subprocess
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_a_script(file: Path) -> None:
    command = ["node", "--test", "--test-reporter=spec", str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ran.returncode:
        pytest.fail(ran.stdout[-4000:] + ran.stderr[-2000:], pytrace=False)
