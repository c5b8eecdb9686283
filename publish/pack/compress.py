"""Writes brotli copies beside the files of dist/, for servers that send compressed files as they are.

Does not keep a copy that is less than a tenth smaller than its file.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli

from publish import Progress
from publish.files import sha256, write

QUALITY = 9  # of 11: the 14 MB of ort.wasm take 2 s and become 2.67 MB; quality 11 takes 30 s for 2.3 MB
WINDOW = 24  # 16 MB, the largest window that browsers support
MAX_RATIO = 0.9  # of the file's size; a larger copy is not kept
MIN_BYTES = 1000  # of the file; below, the headers outweigh what compression saves
LARGE = 1_000_000  # bytes of a file that progress names


def compress(root: Path, paths: set[str], cache: Path, progress: Progress) -> None:
    """Write `<path>.br` for each of `paths` under `root`, or delete it if the copy saves too little.

    Compressed data is cached in the folder `cache` under the hash of the file.
    """
    ordered = sorted(paths, key=lambda path: -(root / path).stat().st_size)
    total = sum((root / path).stat().st_size for path in ordered)
    done = 0
    # brotli releases the interpreter's lock, so threads use all cores.
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        sizes = pool.map(lambda path: compress_file(root / path, cache), ordered)
        for path, size in zip(ordered, sizes, strict=True):
            done += size
            if size > LARGE:
                progress(path, done / total)
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for the files in work, not for all files


def compress_file(file: Path, cache: Path) -> int:
    """Write or delete the brotli copy of one file; returns the size of the file in bytes."""
    data = file.read_bytes()
    copy = file.with_name(file.name + ".br")
    cached = cache / f"{sha256(data)}.{QUALITY}.br"
    if len(data) < MIN_BYTES:
        compressed = data
    elif cached.is_file():
        compressed = cached.read_bytes()
    else:
        compressed = brotli.compress(data, quality=QUALITY, lgwin=WINDOW)
        write(cached, compressed)
    if len(compressed) >= MAX_RATIO * len(data):
        copy.unlink(missing_ok=True)
    elif not (copy.is_file() and copy.read_bytes() == compressed):
        write(copy, compressed)
    return len(data)
