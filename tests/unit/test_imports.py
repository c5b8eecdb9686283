"""Which module may import which, and that no modules import each other in a circle.

Read from the syntax trees: nothing is imported to find out. Does not look at what JavaScript loads.
"""

from __future__ import annotations

import sys

import pytest

from tests.support.imports import PACKAGES, circles, graph, imports, sources

OURS = {*PACKAGES, "build"}
PAGE_ONLY = {"js", "page", "pyodide", "pyodide_js", "_pyodide"}
CORE = ("app.core",)
PARTS = (*CORE, "app.tasks", "app.overlays", "app.backgrounds")
RUN = (*PARTS, "app.run")
PANEL = (*PARTS, "app.panel")
WORKER = (*PANEL, "app.worker")

# Modules -> what of ours they may import, and whether packages from outside are allowed. The first fit wins.
RULES: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("build", (), False),
    ("app.core", CORE, False),
    ("app.backgrounds", (*CORE, "app.backgrounds"), False),
    ("app.overlays", (*CORE, "app.overlays"), False),
    ("app.tasks", (*CORE, "app.tasks"), False),
    ("app.run", RUN, False),
    ("app.panel", PANEL, False),
    ("app.worker", WORKER, False),
    ("app.page", (*WORKER, "app.run", "app.page"), False),
    ("app.native", (*PANEL, "app.run", "app.native"), True),
    ("app", (), False),
    ("models.verify", ("models", "app.core", "app.native"), True),
    ("models.compile", ("models.compile",), True),
    ("models", ("models", "app.core"), True),
    ("publish", ("publish", "models", "app", "!app.page"), True),
    ("bench", ("bench", "app", "models", "publish", "tests"), True),
    ("tests", ("tests", "app", "bench", "models", "publish", "build"), True),
)
# What runs in the page's own Python, for a test or a measurement.
INSIDE = ("bench.inside", "tests.support.jsports", "tests.unit.test_page_drawing")

# A module of app.page that needs neither the browser nor another such module belongs elsewhere, but for:
PAGE_WITHOUT_JS = {
    "app.page": "the package itself",
    "app.page.gl": "its arguments are WebGL objects, and the page's Compositor alone uses it",
}


def within(name: str, package: str) -> bool:
    """Whether a module is a package or in it."""
    return name == package or name.startswith(f"{package}.")


def inside(module: str) -> bool:
    """Whether a module runs in Pyodide."""
    return module.endswith("_inside") or any(within(module, each) for each in ("app.page", *INSIDE))


def wrong(module: str, source: str) -> list[str]:
    """The imports of a module that the rules do not allow."""
    allowed, outside = next((allowed, outside) for name, allowed, outside in RULES if within(module, name))
    found = []
    for name in imports(source):
        top = name.split(".")[0]
        if top in PAGE_ONLY:
            fine = inside(module)
        elif top in OURS:
            banned = any(within(name, each[1:]) for each in allowed if each.startswith("!"))
            whole = {each.split(".")[0] for each in allowed} & {name}  # `import app`
            version = name == "app.__version__" and module.split(".")[0] in ("publish", "tests")
            fine = version or (not banned and bool(whole or any(within(name, each) for each in allowed)))
        else:
            fine = outside or top in sys.stdlib_module_names
        if not fine:
            found.append(f"{module} imports {name}")
    return found


@pytest.mark.parametrize("module", sources())
def test_imports(module: str) -> None:
    assert wrong(module, sources()[module]) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("app.core.settings", "import numpy"),
        ("app.core.settings", "from js import Object"),
        ("app.core.settings", "from app.page import gl"),
        ("app.core.settings", "from app.panel.capabilities import Capabilities"),
        ("app.core.settings", "from app import backgrounds"),
        ("app.core.settings", "import models.spec.cards"),
        ("app.tasks.people", "from app.run.loop import Loop"),
        ("app.tasks.people", "from app.overlays import OVERLAYS"),
        ("app.run.loop", "from app.worker.state import State"),
        ("app.panel.rows", "from app.run.loop import Loop"),
        ("app.worker.update", "from app.page import gl"),
        ("app.worker.update", "from js import Object"),
        ("app.page.gl", "from app.native.session import Session"),
        ("app.page.gl", "import numpy"),
        ("app.native.session", "import app.page.session"),
        ("app.native.session", "from app.worker.state import State"),
        ("models.graphs.wrap", "from app.panel.capabilities import Capabilities"),
        ("models.graphs.wrap", "from app.native.session import Session"),
        ("models.compile.lower", "from models.spec import cards"),
        ("models.graphs.wrap", "from publish import ROOT"),
        ("models.graphs.wrap", "from tests.support import clip"),
        ("publish.pack.dist", "from app.page import session"),
        ("publish.pack.dist", "from bench import fps"),
        ("publish.pack.dist", "def later():\n    from app.page import session"),
        ("bench.fps", "from js import Object"),
        ("build", "from publish import ROOT"),
        ("build", "import numpy"),
    ],
)
def test_the_rules_see_what_is_wrong(module: str, source: str) -> None:
    assert wrong(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("app.core.settings", "from app.core.frame import Frame\nimport json"),
        ("app.page.gl", "import js\nfrom app.core.settings import Settings"),
        ("app.native.session", "import numpy\nfrom app.core.ports import Tensor"),
        ("models.graphs.wrap", "from app.core.card import Input\nfrom models.spec import cards"),
        ("models.compile.lower", "import numpy\nfrom models.compile import ir"),
        ("models.verify.parity", "from app.native.session import Session"),
        ("publish.pack.dist", "from models.build import build_models\nfrom app import __version__"),
        ("publish.gallery.faces", "from app.native.compositor import Compositor"),
        ("tests.page.scenario_inside", "import js"),
    ],
)
def test_the_rules_let_the_rest_pass(module: str, source: str) -> None:
    assert not wrong(module, source)


def test_every_module_has_a_rule() -> None:
    assert len(sources()) > 150
    assert all(any(within(module, name) for name, _, _ in RULES) for module in sources())


def test_each_module_of_the_page_needs_the_browser() -> None:
    without = {
        module
        for module, source in sources().items()
        if within(module, "app.page")
        and not any(name.split(".")[0] in PAGE_ONLY or within(name, "app.page") for name in imports(source))
    }
    assert without == set(PAGE_WITHOUT_JS)


# ---- circles ----


def test_no_modules_import_each_other_in_a_circle() -> None:
    edges = graph(sources())
    assert len(edges["app.page.main"]) > 10
    assert circles(edges) == []


@pytest.mark.parametrize(
    ("modules", "found"),
    [
        ({"app.a": "from app import b", "app.b": "from app.c import x", "app.c": "import app.a"},
         [["a", "b", "c"]]),
        ({"app.a": "from app.b import x", "app.b": "def f():\n    from app import a"}, [["a", "b"]]),
        ({"app.a": "import app.b", "app.b": "if TYPE_CHECKING:\n    from app.a import A"}, [["a", "b"]]),
        ({"app.a": "import app.b", "app.b": "import app.c", "app.c": "import json"}, []),
        ({"app.a": "import app.b", "app.b": "import app.d", "app.c": "import app.b, app.d", "app.d": ""}, []),
        ({"app.a": "import app.b", "app.b": "import app.a", "app.c": "import app.d", "app.d": "import app.c"},
         [["a", "b"], ["c", "d"]]),
        ({"app.a": "from app.a import x"}, []),
        ({"app": "from app.a import x", "app.a": "from app import y"}, [["", "a"]]),
    ],
)  # fmt: skip
def test_a_planted_circle_is_found(modules: dict[str, str], found: list[list[str]]) -> None:
    named = [["app" + ("." + name if name else "") for name in circle] for circle in found]
    assert circles(graph(modules)) == named


def test_a_circle_planted_in_the_repository_is_found() -> None:
    planted = {**sources(), "app.core.frame": "def late():\n    from app.page import main"}
    circle = next(each for each in circles(graph(planted)) if "app.core.frame" in each)
    assert {"app.page.main", "app.core.geometry"} <= set(circle)
