"""The page's scripts against index.html: every element that they find by id is there, with its texts.

Does not run a script: tests/node and tests/page do.
"""

import re
from html.parser import HTMLParser
from typing import get_args

import pytest

from app.core.events import CARDS, Event
from app.tasks import TASKS
from publish import ROOT

STATIC = ROOT / "static"
SCRIPTS = {path.name: path.read_text("utf-8") for path in sorted(STATIC.glob("*.js"))}


class Elements(HTMLParser):
    """The tag and the data-* names of each element with an id."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[str, set[str]]] = {}
        self.feed((STATIC / "index.html").read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        if id := fields.get("id"):
            assert id not in self.found, f"two elements have the id {id}"
            self.found[id] = tag, {name[5:] for name in fields if name.startswith("data-")}


FOUND = Elements().found


def test_the_types_name_the_elements_of_the_page() -> None:
    """types/page.d.ts by ids; tsc holds the scripts to it."""
    text = (ROOT / "types" / "page.d.ts").read_text("utf-8")
    named = set(re.findall(r"^  '?([\w-]+)'?: HTML\w*Element;", text, re.MULTILINE))
    assert len(named) > 20
    assert named <= set(FOUND), named - set(FOUND)
    used = {id for script in SCRIPTS.values() for id in re.findall(r"\bby\('([\w-]+)'\)", script)}
    for parts in re.findall(r"parts: \[([^\]]*)\]", SCRIPTS["events.js"]):  # of the renderers
        used |= set(re.findall(r"'([\w-]+)'", parts))
    assert named == used


@pytest.mark.parametrize(
    ("id", "script", "pattern"),
    [
        ("boot", "worker.js", r"\btexts\.(\w+)|\bfail\('(\w+)'\)"),
        ("boot", "workers.js", r"\btexts\.(\w+)"),
        ("boot", "page.js", r"by\('boot'\)\.dataset\.(\w+)"),
        ("notes", "panel.js", r"const \{ (\w+) \} = by\('notes'\)\.dataset"),
        ("own-list", "own.js", r"by\('own-list'\)\.dataset\.(\w+)"),
        ("camera", "page.js", r"by\('camera'\)\.dataset\.(\w+)"),
    ],
)
def test_the_texts_that_scripts_take_from_the_page_are_there(id: str, script: str, pattern: str) -> None:
    used = {name for found in re.finditer(pattern, SCRIPTS[script]) for name in found.groups() if name}
    assert used
    assert used <= FOUND[id][1], used - FOUND[id][1]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_checked_by_types_and_says_what_it_owns(script: str) -> None:
    first, second, third = SCRIPTS[script].splitlines()[:3]
    assert first == "// @ts-check"
    assert re.match(r"// (The supervisor\. )?Owns ", second), second
    assert third.startswith("// Does not "), third


def test_every_event_of_a_task_has_a_renderer() -> None:
    rows = re.findall(r"^  (\w+): \{ parts: \[([^\]]+)\], draw: ", SCRIPTS["events.js"], re.MULTILINE)
    types = {kind.type for kind in get_args(Event)}
    assert {type for type, _ in rows} == types
    assert {event.type for task in TASKS.values() for event in task.events} <= types


def test_there_is_a_card_for_each_answer() -> None:
    assert 'id="five" data-cards="5"' in (STATIC / "index.html").read_text("utf-8")
    assert CARDS == 5
