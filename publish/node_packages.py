"""The npm packages installed in node_modules: their folders, versions and files.

Does not install packages: build.py does, from package-lock.json.
"""

from __future__ import annotations

import json
from pathlib import Path

from app.core.errors import UserError
from publish import NODE_MODULES


def folder(package: str) -> Path:
    """Where a package is installed."""
    return NODE_MODULES / package


def version(package: str) -> str:
    """The installed version of a package. Raises UserError if the package is not installed."""
    number: str = json.loads(read(package, "package.json"))["version"]
    return number


def read(package: str, path: str) -> bytes:
    """One file of an installed package. Raises UserError if it does not exist."""
    try:
        return (folder(package) / path).read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"{package} has no {path} in node_modules. Delete node_modules and run the same command again."
        ) from None
