"""Processor seconds of this process's browsers, by kind of process and name of thread, from /proc.

Linux only. Does not start a browser.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from app.core.errors import UserError

PROC = Path("/proc")
KIND = re.compile(r"--type=([\w-]+)")
SERVICE = re.compile(r"--utility-sub-type=(\w+)")


def seconds() -> dict[str, float]:
    """Processor seconds so far of all threads of Chromium's processes that this process has started.

    Keys are "kind thread", such as "renderer DedicatedWorker". Raises UserError where there is no /proc.
    """
    if not (PROC / "self" / "task").is_dir():
        raise UserError("Processor time by thread is read from /proc. Run this command on Linux.")
    total: defaultdict[str, float] = defaultdict(float)
    for process, kind in browsers(os.getpid()):
        for task in _folder(process / "task"):
            try:
                name = (task / "comm").read_text().strip()
                total[f"{kind} {name}"] += int((task / "schedstat").read_text().split()[0]) / 1e9
            except OSError:  # it has ended
                continue
    return total


def browsers(root: int) -> Iterator[tuple[Path, str]]:
    """The processes of Chromium below a process, with their kinds."""
    children: dict[int, list[int]] = {}
    for process in _folder(PROC):
        if process.name.isdigit():
            try:
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(process.name))
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), []):
            waiting.append(pid)
            try:
                line = (
                    (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except OSError:
                continue
            found = SERVICE.search(line) or KIND.search(line)
            if found or "chrom" in line.split(" ")[0].lower():
                yield PROC / str(pid), found[1] if found else "browser"


def _folder(path: Path) -> list[Path]:
    try:
        return list(path.iterdir())
    except OSError:
        return []
