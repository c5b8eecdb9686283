"""The documents name things that are there: files, headings, tests and modules; and README stays short.

Does not judge prose, does not follow links to other sites and does not look at what a build writes.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from publish import ROOT

DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
]
LINES = 120  # of README.md at most
BUILT = ("dist/", ".vitrine/")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
SUFFIXES = "css|frag|glsl|html|js|json|md|mjs|png|py|svg|toml|txt|vert|webp|yml"
PATH = re.compile(rf"(?:[\w.*-]+/)+(?:[\w.*-]+\.(?:{SUFFIXES}))?(?:::(\w+))?")
MODULE = re.compile(rf"(?:app|bench|models|publish|tests)(?:\.(?!(?:{SUFFIXES})$)\w+)+")
PLACEHOLDER = re.compile(r"\b(?:NAME|ID)\b")  # stands for any name: one file at least is called so
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def prose(text: str) -> str:
    """A document without its blocks of code."""
    return FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub forms them."""
    found = HEADING.findall(prose(text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def dead_links(text: str, folder: Path) -> Iterator[str]:
    """The relative links of a document in `folder` that lead nowhere."""
    for target in LINK.findall(prose(text)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (folder / name).resolve() if name else None
        if path is None:
            if anchor not in anchors(text):
                yield target
        elif not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            yield target


def missing(text: str) -> Iterator[str]:
    """The paths, tests and modules in backticks that the project does not have."""
    for code in CODE.findall(prose(text)):
        if (found := PATH.fullmatch(code)) and not code.startswith(BUILT):
            path = code.partition("::")[0]
            files = list(ROOT.glob(PLACEHOLDER.sub("*", path)))
            if not files or (found[1] and f"def {found[1]}(" not in files[0].read_text("utf-8")):
                yield code
        elif MODULE.fullmatch(code) and not defined(code):
            yield code


def defined(name: str) -> bool:
    """Whether `name` is a module of the project, or something that a module defines."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if file.is_file():
            rest = parts[count:]
            return not rest or (len(rest) == 1 and rest[0] in names(file))
    return False


def names(file: Path) -> set[str]:
    """What a module defines at its top level."""
    found: set[str] = set()
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(file: Path) -> None:
    assert list(dead_links(file.read_text("utf-8"), file.parent)) == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_is_named_is_there(file: Path) -> None:
    assert list(missing(file.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/no.md)",
        "[a](CONTRIBUTING.md#no-such-heading)",
        "[a](#no-such-heading)",
        "![a](docs/no.png)",
        "`app/core/no.py`",
        "`app/no/`",
        "`models/no/NAME.toml`",
        "`models/cards/*.md`",
        "`tests/unit/test_docs.py::test_no_such_test`",
        "`app.core.no`",
        "`app.core.nms.no_such_name`",
    ],
)
def test_what_is_not_there_is_seen(text: str) -> None:
    assert [*dead_links(text, ROOT), *missing(text)]


@pytest.mark.parametrize(
    "text",
    [
        "# A `Heading`, here\n[a](#a-heading-here)",
        "[a](CONTRIBUTING.md#set-up) [b](https://example.org/no.md) [c](app/core)",
        "`app/core/nms.py` `app/core/` `models/cards/NAME.toml` `requirements/*.txt` `dist/no.html`",
        "`tests/unit/test_docs.py::test_readme_is_short`",
        "`app.core` `app.core.nms` `app.core.nms.select` `app.core.backend.BACKENDS`",
        "```\n[a](docs/no.md) `app/no.py`\n```",
        "`text/plain` `python3 build.py` `a/b`",
    ],
)
def test_what_is_there_is_found(text: str) -> None:
    assert [*dead_links(text, ROOT), *missing(text)] == []
