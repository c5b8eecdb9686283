"""The memory snapshot: Pyodide with the app's modules already imported; it starts in a fifth of a second.

Does not replace the ordinary start: the page installs the wheel if the snapshot fails.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import zipfile
from pathlib import Path

from app.core.errors import UserError
from publish import CACHE
from publish.files import sha256
from publish.node_packages import folder, version

SCRIPT = Path(__file__).with_name("snapshot.mjs")


def make(wheel: Path) -> bytes:
    """The snapshot of a wheel's modules, from the cache if it is there. Raises UserError."""
    key = sha256(wheel.read_bytes() + SCRIPT.read_bytes() + version("pyodide").encode())
    cached = CACHE / f"snapshot.{key}.bin"
    if not cached.is_file():
        modules, names = contents(wheel)
        cached.parent.mkdir(parents=True, exist_ok=True)
        part = cached.with_suffix(f".{os.getpid()}.part")
        command = ["node", str(SCRIPT), str(folder("pyodide")), str(wheel), str(part)]
        command += [json.dumps(modules), json.dumps(names)]
        try:
            process = subprocess.run(command, capture_output=True, text=True)
            if process.returncode:
                raise UserError(
                    f"The memory snapshot could not be made. Pyodide printed:\n{process.stderr.strip()}"
                )
            part.replace(cached)
        finally:
            part.unlink(missing_ok=True)
        for old in {*cached.parent.glob("snapshot.*.bin")} - {cached}:  # 31 MB each
            old.unlink(missing_ok=True)
    return cached.read_bytes()


def contents(wheel: Path) -> tuple[list[str], list[str]]:
    """The modules of a wheel, and the names they import from `js`."""
    modules: list[str] = []
    names: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        for path in sorted(archive.namelist()):
            if path.endswith(".py"):
                modules.append(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
                for node in ast.walk(ast.parse(archive.read(path), path)):
                    if isinstance(node, ast.ImportFrom) and node.module == "js":
                        names.update(alias.name for alias in node.names)
    return modules, sorted(names)
