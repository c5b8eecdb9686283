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
from publish.node_packages import folder, read, version
from publish.pack.slim.library import lean
from publish.pack.slim.start import layout

SCRIPT = Path(__file__).with_name("snapshot.mjs")


def make(wheel: Path) -> bytes:
    """The snapshot of a wheel's modules, from the cache if it is there. Raises UserError."""
    try:
        library = lean(read("pyodide", "python_stdlib.zip"))
        data, heap = layout(read("pyodide", "pyodide.asm.wasm"))
    except ValueError as error:
        raise UserError(
            f"The memory snapshot of Pyodide {version('pyodide')} cannot be made: {error}. Install the "
            "version that package-lock.json names, or adapt publish/pack/slim."
        ) from error
    key = sha256(wheel.read_bytes() + SCRIPT.read_bytes() + library + version("pyodide").encode())
    cached = CACHE / f"snapshot.{key}.bin"
    if not cached.is_file():
        modules, names = contents(wheel)
        cached.parent.mkdir(parents=True, exist_ok=True)
        part = cached.with_suffix(f".{os.getpid()}.part")
        archive = cached.with_name(f"library.{os.getpid()}.zip")
        archive.write_bytes(library)
        arguments = {
            "base": str(folder("pyodide")),
            "library": str(archive),
            "files": files(wheel),
            "out": str(part),
            "modules": modules,
            "names": names,
            "data": data,
            "heap": heap,
        }
        try:
            process = subprocess.run(
                ["node", str(SCRIPT)], input=json.dumps(arguments), capture_output=True, text=True
            )
            if process.returncode:
                raise UserError(
                    f"The memory snapshot could not be made. Pyodide printed:\n{process.stderr.strip()}"
                )
            part.replace(cached)
        finally:
            part.unlink(missing_ok=True)
            archive.unlink(missing_ok=True)
        for old in {*cached.parent.glob("snapshot.*.bin")} - {cached}:  # 16 MB each
            old.unlink(missing_ok=True)
    return cached.read_bytes()


def files(wheel: Path) -> dict[str, str]:
    """The files of a wheel, all of which are text, by path."""
    with zipfile.ZipFile(wheel) as archive:
        return {path: archive.read(path).decode() for path in archive.namelist()}


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
