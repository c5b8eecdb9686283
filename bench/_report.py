"""Markdown tables of figures: prints them and, with --write, writes them to docs/figures.md.

Measures nothing. A command owns the text between `<!-- NAME -->` and `<!-- end of NAME -->`.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.core.errors import UserError
from publish import ROOT

FILE = ROOT / "docs" / "figures.md"
WRITE = "--write"


class Report:
    """The figures of the command `name`. Writes them only if `arguments` contain --write.

    `arguments` are then the others. Raises UserError, before anything is measured, if FILE has no marks for
    the command.
    """

    def __init__(self, name: str, arguments: Sequence[str], file: Path = FILE) -> None:
        self.name, self.file = name, file
        self.writes = WRITE in arguments
        self.arguments = [word for word in arguments if word != WRITE]
        if self.writes:
            self._parts()

    def write(self, *paragraphs: str) -> None:
        """Replace the text between the marks by `paragraphs` (Markdown), if the command writes."""
        if self.writes:
            before, after = self._parts()
            self.file.write_text("\n\n".join([before, *paragraphs, after]), "utf-8")

    def _parts(self) -> tuple[str, str]:
        """The text up to and with the first mark, and from the second mark on."""
        begin, end = f"<!-- {self.name} -->", f"<!-- end of {self.name} -->"
        text = self.file.read_text("utf-8") if self.file.is_file() else ""
        head, first, rest = text.partition(begin)
        _, second, tail = rest.partition(end)
        if not first or not second:
            raise UserError(
                f"{self.file.name} has no marks for {self.name}. Add the lines {begin} and {end}."
            )
        return head + begin, end + tail


def machine(browser: str) -> str:
    """A sentence that says where and when figures were measured; `browser` is the version of Chromium."""
    date = datetime.now(UTC).date().isoformat()
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"Measured {date} in headless Chromium {browser}, {cores}."


def markdown(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def print_table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print(markdown(head, rows), flush=True)


def median_and_min(numbers: Sequence[float]) -> str:
    """Median and minimum as one cell."""
    return f"{statistics.median(numbers):.2f} ({min(numbers):.2f})"
