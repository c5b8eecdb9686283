"""What the page fetches first: the links of index.html, and the table of files beside Python.

Does not open a browser: tests/page/test_budget.py reads what it asks for.
"""

from __future__ import annotations

import pytest

from app.core.card import Graph
from publish import ROOT
from publish.pack import preload
from publish.pack.ahead import ahead, paths
from tests.support.fakes import LIKE

TEXTS = {
    "page.js": "import { a } from './a.js';\nimport {\n  b,\n} from './b.js';\n",
    "a.js": "import * as c from './c.js';\nconst lazy = () => import('./later.js');\n",
    "b.js": "/** @import { X } from './types.js' */\nimport './c.js';\n",
    "c.js": "import { a } from './a.js';\n",
}


def test_the_modules_are_those_imported_at_once() -> None:
    assert preload.modules(TEXTS.__getitem__, "page.js") == ["a.js", "b.js", "c.js"]


def test_the_page_names_every_module_once() -> None:
    static = ROOT / "static"
    found = preload.modules(lambda name: (static / name).read_text(encoding="utf-8"), "page.js")
    assert {"workers.js", "panel.js", "sources.js"} <= set(found)
    assert not {"worker.js", "python.js", "store.js"} & set(found)
    html = preload.page((static / "index.html").read_text(encoding="utf-8"), found, ["a&b.jpg"])
    assert html.count("modulepreload") == len(found)
    assert 'href="a&amp;b.jpg" as="image"' in html
    with pytest.raises(ValueError, match="needs the line"):
        preload.page(html, [], [])


def test_the_files_ahead_are_those_of_the_task_s_cards() -> None:
    table = ahead(LIKE.cards, LIKE.galleries)
    assert table["task"] == "background"
    assert table["backends"] == {"auto": "wasm", "wasm": "wasm"}
    rows = table["files"]["background"]
    assert table["models"]["background"] in rows
    for model, row in rows.items():
        card = next(card for card in LIKE.cards if card.id == model)
        variant = card.variant("wasm")
        assert variant is not None
        assert {graph.path for graph in variant.graphs} <= set(row["wasm"][""])


def test_a_file_that_is_empty_is_not_fetched_ahead() -> None:
    assert list(paths(None)) == []
    assert list(paths(Graph("models/full.bin", 1, ""))) == ["models/full.bin"]
    assert list(paths(Graph("models/empty.bin", 0, ""))) == []
