"""The rows of the summary as data, and what becomes of them: ratios first, then both sides and the goal.

Pure: measures nothing. A row names a measurement, whom it compares, what is subtracted, and the goal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench._statistics import Ratio, Rounds, Summary, difference, ratio, summarize
from bench._subjects import NONE, PLAIN

Samples = Mapping[str, Mapping[str, Rounds]]  # measurement -> subject -> rounds
RATIO, VALUE = "ratio", "value"  # what a goal limits
ABSENT = "–"
MIN_ROUNDS = 3  # from which on a confidence interval says something
SHARE = 0.08  # of the machine's processors, which the camera with blur may add


@dataclass(frozen=True)
class Row:
    """`over` is the subject whose load is subtracted from both sides."""

    title: str
    measurement: str
    unit: str
    goal: str
    most: float
    name: str = ""  # of the page's variant: "" for the one with blur, else what page() added to its id
    over: str = ""
    compared: bool = True  # whether there is a peer that does the same


@dataclass(frozen=True)
class Line:
    """A row with its figures; a side that was not measured is None."""

    row: Row
    ours: Summary | None
    peer: Summary | None
    ratio: Ratio | None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached; None where it was not measured."""
        figure = self.ratio if self.row.goal == RATIO else self.ours
        return figure.median <= self.row.most if figure else None

    @property
    def json(self) -> dict[str, Any]:
        """The line as plain types."""
        return {**asdict(self), "holds": self.holds}


def rows(cores: int) -> list[Row]:
    """All rows for a machine with `cores` processors."""
    load = "Processor seconds per second of camera, 30 fps, over plain display"
    return [
        Row("Frame to Mask, back to back", "mask", "ms", RATIO, 0.35),
        Row("Frame to Mask, live at 30 fps", "live", "ms", RATIO, 0.35),
        Row("First composited picture, cold", "cold", "s", RATIO, 1.0),
        Row("First composited picture, warm", "warm", "s", RATIO, 0.8),
        Row("Bytes on the wire, cold", "sent", "MB", VALUE, 6.0),
        Row("Processor seconds until the first picture", "spent", "s", RATIO, 1.2),
        Row(f"{load}: blur", "load", "s/s", VALUE, SHARE * cores, over=PLAIN),
        Row(f"{load}: blur with BlazeFace", "load", "s/s", VALUE, SHARE * cores, "BlazeFace", PLAIN),
        Row(f"{load}: background none", "load", "s/s", VALUE, 0.05, NONE, PLAIN, compared=False),
    ]


def line(row: Row, samples: Samples, backend: str, other: str) -> Line:
    """The figures of a row for the page on a backend and for the subject `other`."""
    found = samples.get(row.measurement, {})
    ours: Rounds | None = found.get(f"{backend}-{row.name}" if row.name else backend)
    peer: Rounds | None = found.get(other) if row.compared else None
    if row.over:
        base = found.get(row.over)
        ours = difference(ours, base) if ours and base else None
        peer = difference(peer, base) if peer and base else None
    try:
        compared = ratio(ours, peer) if ours and peer else None
    except ValueError:  # the peer adds nothing that can be measured
        compared = None
    return Line(row, summarize(ours) if ours else None, summarize(peer) if peer else None, compared)


def ratio_cell(found: Ratio | None) -> str:
    """A ratio as a cell: median, confidence interval, and in brackets the ratio of the minima."""
    if found is None:
        return ABSENT
    interval = f" [{found.low:.2f}, {found.high:.2f}]" if found.rounds >= MIN_ROUNDS else ""
    return f"**{found.median:.2f}**{interval} ({found.minima:.2f})"


def summary_cell(found: Summary | None, unit: str) -> str:
    """A Summary as a cell: median, and in brackets minimum and spread."""
    if found is None:
        return ABSENT
    digits = 1 if found.median >= 10 else 2
    return f"{found.median:.{digits}f} {unit} ({found.least:.{digits}f}; ±{found.spread / 2:.{digits}f})"


def goal_cell(found: Line) -> str:
    """The goal as a cell, with whether it is reached."""
    row = found.row
    limit = f"ratio ≤ {row.most:g}" if row.goal == RATIO else f"≤ {row.most:g} {row.unit}"
    return limit + {True: " ✓", False: " ✗", None: ""}[found.holds]


HEAD = ["", "Ratio [95 %] (minima)", "Goal", "Vitrine (min; spread)", "tasks-vision (min; spread)"]


def cells(found: Line) -> list[str]:
    """A line as the cells below HEAD."""
    unit = found.row.unit
    return [
        found.row.title,
        ratio_cell(found.ratio),
        goal_cell(found),
        summary_cell(found.ours, unit),
        summary_cell(found.peer, unit),
    ]


def lines(samples: Samples, backend: str, other: str, cores: int) -> list[Line]:
    """The lines, of those that were measured, for the page on a backend and for the subject `other`."""
    found = [line(row, samples, backend, other) for row in rows(cores)]
    return [each for each in found if each.ours]


def add(
    samples: dict[str, dict[str, list[list[float]]]], subject: str, measured: Mapping[str, Sequence[float]]
) -> None:
    """Add what one visit measured to `samples`, as a round of the subject."""
    for measurement, numbers in measured.items():
        samples.setdefault(measurement, {}).setdefault(subject, []).append(list(numbers))
