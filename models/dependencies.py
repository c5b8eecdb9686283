"""The project's own files that a module imports, directly or not: what a cached result depends on.

Imports nothing to find out: it reads the syntax trees. Does not look into packages from outside.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ("app", "models", "publish")


def sources(*modules: str) -> tuple[Path, ...]:
    """The files of these modules and of all that they import of this project, sorted by path.

    An import inside a function counts as well. Raises FileNotFoundError for a module that is not there.
    """
    found: set[Path] = set()
    waiting = [_file(module) for module in modules]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += _imports(path)
        script = path.with_suffix(".mjs")  # run by the module of the same name
        if script.is_file():
            found.add(script)
    return tuple(sorted(found))


def digest(*modules: str) -> str:
    """sha256, in hex, over the content of `sources`."""
    total = hashlib.sha256()
    for path in sources(*modules):
        total.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for node in ast.walk(ast.parse(path.read_bytes(), path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] in OURS:
                found[_file(name)] = None
    return tuple(found)


def _file(module: str) -> Path:
    """The file of a module, or of the module that has this name in it."""
    path = ROOT.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py")):
        if file.is_file():
            return file
    if (path.parent / "__init__.py").is_file():
        return path.parent / "__init__.py"
    raise FileNotFoundError(f"{module} is no module of this project.")
