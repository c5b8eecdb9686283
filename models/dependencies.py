"""What a cached result depends on: the project's own files and the versions of packages behind a module.

Does not import anything to find out: it reads the syntax trees. Does not look into packages from outside,
but for their versions.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ("app", "models", "publish")
# Files whose effect is in the keys as a value: the variants that are chosen, the card of the default gallery.
BY_VALUE = ("models/variants/figures.json", "publish/gallery/characters.toml")


@dataclass
class References:
    """What one file refers to: files of the project, and the names of imported packages."""

    files: set[Path] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def sources(*modules: str) -> tuple[Path, ...]:
    """The files of these modules and of everything they refer to in this project, sorted by path.

    These are all imported modules, also those imported inside functions, with the __init__.py of their
    packages; all modules of a package that lists them by its `__path__`; modules that are named in a string,
    as for `python -m`; and files in a module's folder that the module names in a string (but not BY_VALUE).
    Raises FileNotFoundError for a module that does not exist.
    """
    found: set[Path] = set()
    waiting = [file for module in modules for file in _with_packages(_file(module))]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _references(path, path.read_bytes()).files
    return tuple(sorted(found))


def packages(*modules: str) -> dict[str, str]:
    """The packages from outside that `sources` import, with their versions; "absent" where not installed."""
    names: set[str] = set()
    for path in sources(*modules):
        names |= _references(path, path.read_bytes()).packages
    return {name: _version(name) for name in sorted(names)}


def digest(*modules: str) -> str:
    """sha256, in hex, over the content of `sources` and the versions of `packages`."""
    total = hashlib.sha256(repr(packages(*modules)).encode())
    for path in sources(*modules):
        total.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


@cache
def _references(path: Path, content: bytes) -> References:
    result = References()
    if path.suffix != ".py":
        return result
    for node in ast.walk(ast.parse(content, path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            result.files.update(_named(path, node.value))
            continue
        if isinstance(node, ast.Name) and node.id == "__path__":
            result.files.update(_modules_in(path.parent))
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            if top in OURS:
                result.files.update(_with_packages(_file(name)))
            elif top not in sys.stdlib_module_names:
                result.packages.add(top)
    return result


def _named(path: Path, text: str) -> set[Path]:
    """The files that a string in the module `path` names: a module, or a file in the module's folder."""
    if re.fullmatch(rf"({'|'.join(OURS)})(\.\w+)+", text):
        file = ROOT.joinpath(*text.split(".")).with_suffix(".py")
        return _with_packages(file) if file.is_file() else set()
    if not re.fullmatch(r"[\w-]*\.[a-z]+", text):
        return set()
    file = path.with_suffix(text) if text.startswith(".") else path.with_name(text)
    by_value = file.relative_to(ROOT).as_posix() in BY_VALUE
    return {file} if file.is_file() and not by_value else set()


def _modules_in(folder: Path) -> set[Path]:
    """The modules of a package, and the __init__.py of the packages in it."""
    return {*folder.glob("*.py"), *folder.glob("*/__init__.py")}


def _file(module: str) -> Path:
    """The file of a module, or of the module that defines this name."""
    path = ROOT.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py")):
        if file.is_file():
            return file
    if (path.parent / "__init__.py").is_file():
        return path.parent / "__init__.py"
    raise FileNotFoundError(f"{module} is not a module of this project.")


def _with_packages(file: Path) -> set[Path]:
    """The file and the __init__.py of each package that contains it, which Python runs before it."""
    folders = [folder for folder in file.parents if folder.is_relative_to(ROOT) and folder != ROOT]
    return {file, *(init for folder in folders if (init := folder / "__init__.py").is_file())}


@cache
def _distributions() -> dict[str, list[str]]:
    """The name of an imported module -> the packages that contain it."""
    return {name: sorted(set(rows)) for name, rows in packages_distributions().items()}


def _version(name: str) -> str:
    try:
        return " ".join(f"{row} {version(row)}" for row in _distributions().get(name, ())) or "absent"
    except PackageNotFoundError:
        return "absent"
