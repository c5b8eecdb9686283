"""The import graph of this project's own modules, read from the syntax trees: nothing is imported for it.

An import counts wherever it stands: in a function and under TYPE_CHECKING as well. Does not judge.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.support.built import ROOT

PACKAGES = ("app", "bench", "models", "publish", "tests")

Graph = Mapping[str, frozenset[str]]


@cache
def sources() -> dict[str, str]:
    """Every module of the repository with its text, by its dotted name; a package by its own."""
    paths = [ROOT / "build.py", *(path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py")))]
    return {module(path): path.read_text("utf-8") for path in paths}


def module(path: Path) -> str:
    """The dotted name of a file."""
    name = path.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__")
    return name.replace("/", ".")


def imports(source: str) -> Iterator[str]:
    """Every name that a source text imports: "a.b" of `import a.b`, and "a.b" of `from a import b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def graph(modules: Mapping[str, str]) -> Graph:
    """Module -> the modules among these that it imports.

    `from a import b` imports the module a.b where there is one, else a. The package of a module that is
    imported is not counted: Python runs its __init__ first, and a package whose __init__ imports its own
    modules would be a circle with each of them.
    """

    def known(name: str) -> Iterator[str]:
        if name in modules:
            yield name
        elif name.rpartition(".")[0] in modules:
            yield name.rpartition(".")[0]

    return {
        name: frozenset(found for each in imports(text) for found in known(each)) - {name}
        for name, text in modules.items()
    }


def circles(edges: Graph) -> list[list[str]]:
    """The strongly connected components of more than one module, each sorted (Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(edges[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            at = stack.index(name)
            component, stack[at:] = sorted(stack[at:]), []
            if len(component) > 1:
                found.append(component)

    for name in sorted(edges):
        if name not in index:
            visit(name)
    return sorted(found)
