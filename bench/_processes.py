"""Processor seconds and memory of a browser: all its processes, from the table of processes.

Does not start a browser. Linux only, because the table is /proc. The benchmark's own process, its web server
and Playwright's driver are not counted. The seconds of a period are the difference of two calls of
`seconds()`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import UserError

PROC = Path("/proc")
MARK = "--remote-debugging-pipe"  # an argument of the browser that Playwright starts
CHILD = "--type="  # an argument of the browser's own processes


@dataclass(frozen=True)
class Process:
    """One process. `seconds` of the processor: its own, and those of its children that have ended."""

    pid: int
    parent: int
    seconds: float
    arguments: str


def available() -> bool:
    """Whether this system has the table of processes."""
    return (PROC / "self" / "stat").is_file()


def table(proc: Path = PROC) -> dict[int, Process]:
    """All processes of this machine, by their id. Raises UserError where there is no /proc."""
    if not (proc / "self").exists():
        raise UserError("Processor seconds are counted on Linux only. Run this on a machine with Linux.")
    return {process.pid: process for process in _processes(proc)}


def _processes(proc: Path) -> Iterator[Process]:
    ticks = os.sysconf("SC_CLK_TCK")
    for place in proc.iterdir():
        if not place.name.isdigit():
            continue
        try:
            # The name of the program is in brackets and may contain spaces; fields are counted after it.
            fields = (place / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            arguments = (place / "cmdline").read_text("utf-8", "replace").replace("\0", " ")
        except OSError:  # it has ended
            continue
        spent = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
        yield Process(int(place.name), int(fields[1]), spent / ticks, arguments)


def descendants(processes: Mapping[int, Process], root: int) -> set[int]:
    """The ids of a process and of all below it."""
    found = {root}
    while more := {p.pid for p in processes.values() if p.parent in found} - found:
        found |= more
    return found


def browsers(processes: Mapping[int, Process], root: int) -> set[int]:
    """The ids of all processes of the browsers that the process `root` has started."""
    below = (processes[pid] for pid in descendants(processes, root) - {root})
    first = [each.pid for each in below if MARK in each.arguments and CHILD not in each.arguments]
    return set().union(*(descendants(processes, pid) for pid in first))


def seconds() -> float:
    """Processor seconds so far of the browsers that this process has started. Raises UserError as table()."""
    processes = table()
    return sum(processes[pid].seconds for pid in browsers(processes, os.getpid()))


def megabytes() -> float:
    """MB of memory of the browsers that this process has started: the proportional set size of all processes.

    Raises UserError as table().
    """
    return sum(map(_memory, browsers(table(), os.getpid()))) / 1000


def _memory(pid: int) -> float:
    """The proportional set size of a process in kB; 0 if it has ended."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text("utf-8").splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith("Pss:")), 0.0)
