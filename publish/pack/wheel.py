"""The wheels the page installs: ours, built here, and micropip, which installs it.

Does not download: build.py brings requirements/page.txt into .vitrine/wheels by hash.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from app import __version__
from app.core.errors import UserError
from publish import ROOT, STATE


def ours(folder: Path) -> Path:
    """Build `vitrine` into a folder; the same sources give the same bytes. Raises UserError."""
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    wheel = folder / f"vitrine-{__version__}-py3-none-any.whl"
    if built.returncode or not wheel.is_file():
        raise UserError(f"The wheel could not be built. Hatchling says:\n{built.stderr.strip()}")
    return wheel


def pins() -> list[tuple[str, str]]:
    """Name and version of each wheel of the page that is not ours."""
    lock = (ROOT / "requirements" / "page.txt").read_text()
    return re.findall(r"^([\w-]+)==([\w.]+)", lock, re.MULTILINE)


def theirs() -> list[Path]:
    """The wheels of requirements/page.txt. Raises UserError where one is missing."""
    found = []
    for name, version in pins():
        wheel = STATE / "wheels" / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        if not wheel.is_file():
            raise UserError(
                f"{wheel.name} is missing. Delete .vitrine and run build.py again, with a network."
            )
        found.append(wheel)
    return found
