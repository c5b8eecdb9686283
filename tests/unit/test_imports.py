"""Who may import whom, read from the syntax tree: nothing is imported to find out.

Does not look at what is imported inside the page by JavaScript.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publish import ROOT

OURS = {"app", "bench", "models", "publish", "tests", "build"}
PAGE_ONLY = {"js", "page", "pyodide", "pyodide_js", "_pyodide"}

# Room -> the rooms of ours it may import, and whether packages from outside are allowed. The first fit wins.
ROOMS = (
    ("build.py", (), False),
    ("app/page/", ("app", "!app.native"), False),
    ("app/native/", ("app", "!app.page"), True),
    ("app/", ("app", "!app.page", "!app.native"), False),
    ("models/verify/parity.py", ("models", "app.core.card", "app.core.nms", "app.native"), True),
    ("models/", ("models", "app.core.card", "app.core.nms"), True),
    ("publish/gallery/", ("publish", "models", "app", "!app.page"), True),
    ("publish/", ("publish", "models", "app.core.card", "app.core.gallery", "app.__version__"), True),
)
PYTHON = (path for room in ("app", "models", "publish") for path in (ROOT / room).rglob("*.py"))
FILES = [*sorted(PYTHON), ROOT / "build.py"]


def imports(source: str) -> Iterator[str]:
    """Every module that a source text imports, `from a import b` as "a.b" where `a` is ours."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            name = node.module or ""
            yield from (
                f"{name}.{alias.name}" if name.split(".")[0] in OURS else name for alias in node.names
            )


def within(name: str, room: str) -> bool:
    """Whether a module is a room or in it."""
    return name == room or name.startswith(f"{room}.")


def wrong(path: str, source: str) -> list[str]:
    """The imports of a file that the house does not allow; `path` is relative to the project."""
    rooms, outside = next((rooms, outside) for prefix, rooms, outside in ROOMS if path.startswith(prefix))
    found = []
    for name in imports(source):
        top = name.split(".")[0]
        if top in OURS:
            banned = any(within(name, room[1:]) for room in rooms if room.startswith("!"))
            fine = not banned and (name in OURS or any(within(name, room) for room in rooms))
            fine = fine and top in {room.split(".")[0] for room in rooms}
        elif top in PAGE_ONLY:
            fine = path.startswith("app/page/")
        else:
            fine = outside or top in sys.stdlib_module_names
        if not fine:
            found.append(f"{path} imports {name}")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_imports(file: Path) -> None:
    path = file.relative_to(ROOT).as_posix()
    assert not wrong(path, file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("app/core/settings.py", "import numpy"),
        ("app/core/settings.py", "from js import Object"),
        ("app/core/settings.py", "from app.page import gl"),
        ("app/core/settings.py", "import models.spec.cards"),
        ("app/page/gl.py", "from app.native.session import Session"),
        ("app/page/gl.py", "import numpy"),
        ("app/native/session.py", "import app.page.session"),
        ("models/graphs/wrap.py", "from app.core.settings import Settings"),
        ("models/graphs/wrap.py", "from publish import ROOT"),
        ("publish/pack/dist.py", "from app.native import session"),
        ("build.py", "from publish import ROOT"),
        ("build.py", "import numpy"),
    ],
)
def test_the_rule_sees_what_is_wrong(path: str, source: str) -> None:
    assert wrong(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("app/core/settings.py", "from app.core.frame import Frame\nimport json"),
        ("app/page/gl.py", "import js\nfrom app.core.settings import Settings"),
        ("app/native/session.py", "import numpy\nfrom app.core.ports import Tensor"),
        ("models/graphs/wrap.py", "from app.core.card import Input\nfrom models import cards"),
        ("models/verify/parity.py", "from app.native.session import Session"),
        ("publish/pack/dist.py", "from models import build_models\nfrom app import __version__"),
    ],
)
def test_the_rule_lets_the_rest_pass(path: str, source: str) -> None:
    assert not wrong(path, source)
