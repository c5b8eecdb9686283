"""The wheels that the page installs: vitrine, which is built here, and micropip, which installs it.

Does not download: build.py puts the wheels of requirements/page.txt, checked by hash, into .vitrine/wheels.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from app import __version__
from app.core.errors import UserError
from publish import ROOT, STATE


def build(folder: Path) -> Path:
    """Build the wheel of `vitrine` into a folder; equal sources give equal bytes. Raises UserError."""
    process = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    wheel = folder / f"vitrine-{__version__}-py3-none-any.whl"
    if process.returncode or not wheel.is_file():
        raise UserError(f"Hatchling could not build the wheel. It printed:\n{process.stderr.strip()}")
    return wheel


def pinned() -> list[tuple[str, str]]:
    """Name and version of each wheel of requirements/page.txt."""
    lock = (ROOT / "requirements" / "page.txt").read_text()
    return re.findall(r"^([\w-]+)==([\w.]+)", lock, re.MULTILINE)


def downloaded() -> list[Path]:
    """The wheels of requirements/page.txt. Raises UserError if one is missing."""
    wheels = []
    for name, version in pinned():
        wheel = STATE / "wheels" / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        if not wheel.is_file():
            raise UserError(
                f"{wheel.name} is missing. Delete .vitrine and run build.py again with a network connection."
            )
        wheels.append(wheel)
    return wheels
