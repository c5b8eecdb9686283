"""NOTICE names everything that dist/ ships, with the licences that the packages state.

Does not judge whether licences are compatible.
"""

import json
import re

import pytest

from publish import NODE_MODULES, ROOT
from publish.gallery import DEFAULT, card
from publish.pack import wheel

NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
# Installed with pyodide and tf.js for Node and TypeScript only: never in dist/.
NOT_SHIPPED = {"@types/emscripten", "@types/long", "@types/node", "@types/offscreencanvas"}
NOT_SHIPPED |= {"@types/json-schema", "@types/seedrandom", "@webgpu/types", "undici-types", "ws"}


def test_every_npm_package_is_named_with_its_licence() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for place, package in lock.items():
        name = place.rpartition("node_modules/")[2]
        if name and not package.get("dev") and name not in NOT_SHIPPED:
            assert re.search(rf"(?<![\w/]){re.escape(name)}\b(?!/)", NOTICE), f"NOTICE does not name {name}"
            if not name.startswith("@protobufjs/"):  # one line for all of them, with protobufjs's own licence
                assert re.search(rf"^  {re.escape(name)} +{package['license']} ", NOTICE, re.MULTILINE), name


@pytest.mark.parametrize(
    ("licence", "begin"), [("MIT", "Permission is"), ("BSD-3-Clause", "Redistribution and")]
)
def test_licences_are_printed_with_their_holders(licence: str, begin: str) -> None:
    """For every package of dist/ with a LICENSE of this kind: its holders, and the text once."""
    shipped = NOTICE[: NOTICE.index("at build time; not in dist/")]
    notice, texts, holders = " ".join(NOTICE.split()), set(), set()
    for package in re.findall(rf"^  (\S+) +{licence}\b", shipped, re.MULTILINE):
        for file in (NODE_MODULES / package).glob("LICENSE*"):
            text = file.read_text(encoding="utf-8")
            texts.add(" ".join(text[text.index(begin) :].partition("\n---")[0].split()))
            holders |= set(re.findall(r"^Copyright .*", text, re.MULTILINE))
    assert texts and holders
    assert all(" ".join(holder.split()) in notice for holder in holders), holders
    assert max(texts, key=len) in notice


def test_every_set_of_characters_is_named_with_its_licence_and_credit() -> None:
    for each in card.read(DEFAULT).sets:
        assert each.licence and each.credit, each.title
        designer, _, work = each.credit.partition(": ")
        if each.generated:
            line = rf"^  {each.npm} +MIT.* design by {designer}: {work}.*; {each.licence}$"
        else:
            line = rf"^  {each.npm} +{each.licence} +{designer}: {work}"
        assert re.search(line, NOTICE, re.MULTILINE), each.title


def test_every_wheel_of_the_page_is_named() -> None:
    for name, _ in wheel.pinned():
        assert re.search(rf"^  {name} ", NOTICE, re.MULTILINE), f"NOTICE does not name {name}"


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
