"""Brotli copies beside the files of dist/, for servers and storage that send them as they are.

Does not touch what brotli cannot make a tenth smaller.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli

from publish.pack.tree import sha256, write

QUALITY = 9  # of 11: the 14 MB of ort.wasm take 2 s and give 2.67 MB; quality 11 would take 30 s and give 2.3
WINDOW = 24  # 16 MB, the largest that browsers take
WORTH = 0.9
SMALL = 1000  # bytes: below, headers weigh more than what is saved


def compress(root: Path, paths: set[str], cache: Path, say: Callable[[str, float], None]) -> None:
    """Write `<path>.br` where it is worth it, delete it where not; `say` gets a path and the share done.

    brotli lets go of the interpreter's lock, so threads use all cores.
    """
    todo = sorted(paths, key=lambda path: -(root / path).stat().st_size)
    total = sum((root / path).stat().st_size for path in todo)
    done = 0
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for path, size in zip(todo, pool.map(lambda path: one(root / path, cache), todo), strict=True):
            done += size
            if size > 1_000_000:
                say(path, done / total)
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for what is begun, not for all that is left


def one(file: Path, cache: Path) -> int:
    """Compress one file; gives its size in bytes. What was compressed once is taken from the cache."""
    data = file.read_bytes()
    copy = file.with_name(file.name + ".br")
    cached = cache / f"{sha256(data)}.{QUALITY}.br"
    if len(data) < SMALL:
        small = data
    elif cached.is_file():
        small = cached.read_bytes()
    else:
        small = brotli.compress(data, quality=QUALITY, lgwin=WINDOW)
        write(cached, small)
    if len(small) > WORTH * len(data):
        copy.unlink(missing_ok=True)
    elif not (copy.is_file() and copy.read_bytes() == small):
        write(copy, small)
    return len(data)
