"""The parts of the documentation that `build.py docs` writes. Does not test what the tables say."""

import pytest

from app.core.errors import UserError
from publish import ROOT
from publish.docs import WRITTEN, between, expected


@pytest.mark.parametrize("path", WRITTEN)
def test_a_written_part_is_up_to_date(path: str) -> None:
    stale = f"{path} is stale. Run: python3 build.py docs"
    assert (ROOT / path).read_text("utf-8") == expected(path), stale


def test_only_what_is_between_the_marks_is_replaced() -> None:
    text = "a\n<!-- x: written by `python3 build.py docs` -->\nold\n<!-- end of x -->\nb\n"
    assert between(text, "x", "new\n") == text.replace("old", "new")


def test_missing_marks_are_one_sentence() -> None:
    with pytest.raises(UserError, match=r"marks .* are missing\. Put them"):
        between("no marks", "x", "new")
