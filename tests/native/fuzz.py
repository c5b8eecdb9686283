"""Feeds damaged models to an importer, in a process that has little memory; says what came of it as JSON.

Does not judge (test_fuzz.py does). Run as: python -m tests.native.fuzz FORMAT SEED COUNT FOLDER...
where every folder holds the files of one good model, model.json first by name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from models import importers

MEMORY = 1 << 30  # bytes of address space; NumPy and onnx take 0.5 GB of it, reading BlazeFace 0.1
HEAD = 4096  # bytes at either end of a file that half of the flips go to: tables lie there, weights between


def damaged(files: dict[str, bytes], seed: int, count: int) -> Iterator[dict[str, bytes]]:
    """One of the files cut short, or with bits or bytes of it changed; from the seed alone."""
    rng = np.random.default_rng(seed)
    for index in range(count):
        name = sorted(files)[int(rng.integers(len(files)))]
        data = bytearray(files[name])
        if index % 3 == 0:
            data = data[: int(rng.integers(len(data)))]
        else:
            for _ in range(int(rng.integers(1, 9))):
                reach = min(HEAD, len(data)) if rng.random() < 0.5 else len(data)
                place = int(rng.integers(reach))
                place = place if rng.random() < 0.5 else len(data) - 1 - place
                data[place] = (
                    int(rng.integers(256)) if index % 3 == 1 else data[place] ^ 1 << int(rng.integers(8))
                )
        yield {**files, name: bytes(data)}


def main(format: str, seed: str, count: str, *folders: str) -> None:
    """Reads everything; prints how many gave a model, the sentences, and what else was raised."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    found: dict[str, list[str]] = {"sentences": [], "raised": []}
    read, slowest = 0, 0.0
    for folder in folders:
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        for broken in damaged(files, int(seed), int(count)):
            start = perf_counter()
            try:
                importers.read(format, broken, None)
                read += 1
            except importers.Unreadable as error:
                found["sentences"].append(str(error))
            except BaseException as error:
                found["raised"].append(f"{type(error).__name__}: {error}"[:500])
            slowest = max(slowest, perf_counter() - start)
    print(json.dumps({**found, "read": read, "slowest": slowest}))


if __name__ == "__main__":
    main(*sys.argv[1:])
