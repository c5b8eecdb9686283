"""Processor seconds of the browsers that this process has started, by kind of process and name of thread.

Linux only, from /proc. Does not start a browser.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

from bench import _processes

KIND = re.compile(r"--type=([\w-]+)")
SERVICE = re.compile(r"--utility-sub-type=(\w+)")


def seconds() -> dict[str, float]:
    """Processor seconds so far of all threads of Chromium's processes that this process has started.

    Keys are "kind thread", such as "renderer DedicatedWorker". Raises UserError where there is no /proc.
    """
    total: defaultdict[str, float] = defaultdict(float)
    processes = _processes.table()
    for pid in _processes.browsers(processes, os.getpid()):
        line = processes[pid].arguments
        found = SERVICE.search(line) or KIND.search(line)
        kind = found[1] if found else "browser"
        for task in _folder(_processes.PROC / str(pid) / "task"):
            try:
                name = (task / "comm").read_text().strip()
                total[f"{kind} {name}"] += int((task / "schedstat").read_text().split()[0]) / 1e9
            except OSError:  # it has ended
                continue
    return total


def _folder(path: Path) -> list[Path]:
    try:
        return list(path.iterdir())
    except OSError:
        return []
