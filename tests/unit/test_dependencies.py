"""models.dependencies: a change of anything behind a cached result changes the result's key.

The keys are found in the sources, and the modules behind each key by importing them; there is no list.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from models import build, dependencies
from models.dependencies import OURS, ROOT, digest, packages, sources
from models.sources.fetch import Fetched
from models.spec import cards
from models.variants import choice

# Imports a module, then everything of the project that loaded modules import, also inside functions. Prints
# the files of all modules of the project that are loaded in the end.
IMPORT_ALL = f"""
import ast, importlib, json, sys
from pathlib import Path
ours, done = {OURS!r}, set()
importlib.import_module(sys.argv[1])
while waiting := [m for n, m in sys.modules.items() if n.split(".")[0] in ours and n not in done]:
    for module in waiting:
        done.add(module.__name__)
        for node in ast.walk(ast.parse(Path(module.__file__).read_bytes())):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else names
            if any(name.split(".")[0] in ours for name in names):
                exec(compile(ast.Module([node], []), module.__file__, "exec"), {{}})
print(json.dumps(sorted(sys.modules[name].__file__ for name in done)))
"""


def keys() -> list[str]:
    """Every module whose digest is part of a key: the arguments of the calls of `digest` in the sources."""
    found = set()
    for folder in OURS:
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            if "from models.dependencies import digest" not in text:
                continue
            calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
            for call in calls:
                if isinstance(call.func, ast.Name) and call.func.id == "digest":
                    found |= {a.value for a in call.args if isinstance(a, ast.Constant)}
    return sorted(map(str, found))


KEYS = keys()


def names(entry: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in sources(entry)}


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[Path]]:
    """Key -> the files of the modules that Python loads for it."""

    def load(entry: str) -> list[Path]:
        command = [sys.executable, "-c", IMPORT_ALL, entry]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
        assert ran.returncode == 0, ran.stderr[-2000:]
        return [Path(name) for name in json.loads(ran.stdout)]

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(KEYS, pool.map(load, KEYS), strict=True))


def has_code(path: Path) -> bool:
    """Whether there is more than a docstring in the file."""
    body = ast.parse(path.read_bytes()).body
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)


def test_the_keys_are_found() -> None:
    assert {"models.make", "models.graphs.index", "publish.gallery.make"} <= set(KEYS)


@pytest.mark.parametrize("entry", KEYS)
def test_every_loaded_module_is_in_the_key(entry: str, loaded: dict[str, list[Path]]) -> None:
    files = [path for path in loaded[entry] if has_code(path)]
    assert len(files) > 3
    missing = [path.relative_to(ROOT).as_posix() for path in files if path not in sources(entry)]
    assert missing == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's sources."""
    root = tmp_path_factory.mktemp("project")
    for folder in OURS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def copied(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The copy, which models.dependencies then reads instead of the project."""
    monkeypatch.setattr(dependencies, "ROOT", copy)
    return copy


@pytest.mark.parametrize("entry", KEYS)
def test_a_changed_byte_changes_the_key(entry: str, copied: Path) -> None:
    before = digest(entry)
    files = sources(entry)
    assert all(path.is_relative_to(copied) for path in files)
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert digest(entry) != before, path
        path.write_bytes(content)
    assert digest(entry) == before


def test_a_file_that_is_not_behind_a_key_does_not_change_it(copied: Path) -> None:
    before = {entry: digest(entry) for entry in KEYS}
    path = copied / "models" / "report" / "report.py"
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    assert {entry: digest(entry) for entry in KEYS} == before
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("publish.gallery.make", "models/graphs/cutout.py"),  # the grey on which drawings are laid
        ("publish.gallery.make", "app/native/compositor.py"),  # samples every photograph
        ("publish.gallery.faces", "app/native/compositor.py"),
        ("publish.gallery.make", "publish/gallery/draw.mjs"),
        ("models.make", "models/verify/runners.mjs"),
        ("models.make", "models/verify/litert.py"),  # run by `python -m`
        ("models.make", "models/spec/card.py"),  # what is in the page's card
    ],
)
def test_known_cases_are_in_the_key(entry: str, name: str) -> None:
    assert name in names(entry)


def test_files_that_count_by_value_are_not_in_the_key() -> None:
    assert all((ROOT / name).is_file() for name in dependencies.BY_VALUE)
    assert not {name for entry in KEYS for name in names(entry)} & set(dependencies.BY_VALUE)


def test_versions_of_packages_are_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    found = packages("models.make")
    assert {"PIL", "numpy", "onnx", "onnxruntime", "skimage", "tflite", "ai_edge_litert"} <= set(found)
    assert {"PIL", "numpy", "onnxruntime"} <= set(packages("publish.gallery.faces"))
    assert found["PIL"].startswith("pillow ")
    before = {entry: digest(entry) for entry in KEYS}
    monkeypatch.setattr("models.dependencies.version", lambda name: version(name) + ".1")
    assert not {entry for entry in KEYS if digest(entry) == before[entry]}


def test_a_module_that_does_not_exist_raises() -> None:
    with pytest.raises(FileNotFoundError, match=r"models\.nothing\.at\.all is not a module"):
        sources("models.nothing.at.all")


def test_a_models_key_depends_on_card_files_figures_and_tfjs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = cards.read(cards.FOLDER / "facemesh.toml")
    tflite, tfjs = (Fetched(source, {}, "") for source in card.sources)
    key = build._key(card, tflite)
    assert build._key(card, tfjs) != key
    path = tmp_path / "facemesh.toml"
    path.write_bytes(card.file.read_bytes() + b"\n# a comment\n")
    assert build._key(cards.read(path), tflite) != key
    other = replace(tflite.source.files[0], sha256="0" * 64)
    assert build._key(card, replace(tflite, source=replace(tflite.source, files=(other,)))) != key
    pinned, before = json.loads((ROOT / "package.json").read_text("utf-8")), build._key(card, tfjs)
    pinned["dependencies"]["@tensorflow/tfjs-core"] += "1"
    (tmp_path / "package.json").write_text(json.dumps(pinned), "utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    assert build._key(card, tflite) == key
    assert build._key(card, tfjs) != before
    monkeypatch.setattr(choice, "read_figures", dict)
    assert build._key(card, tflite) != key
