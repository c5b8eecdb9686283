"""Gives damaged models to an importer, in a process with little memory, and prints the results as JSON.

Does not check the results (test_fuzz.py does). Run: python -m tests.native.fuzz FORMAT SEED COUNT FOLDER...
where every folder holds the files of one good model, model.json first by name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnx

from models.importers.errors import ModelFileError
from models.importers.formats import import_model

MEMORY = 1 << 30  # bytes of address space; at most 0.12 GB were resident
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


def altered(files: dict[str, bytes], seed: int, count: int) -> Iterator[dict[str, bytes]]:
    """An .onnx file that is still one, with other operators, edges, sizes, types and numbers in it.

    Flipped bits hardly get there: nearly all of them break the protobuf.
    """
    rng = np.random.default_rng(seed)
    ((name, data),) = files.items()
    operators = sorted({schema.name for schema in onnx.defs.get_all_schemas()})
    odd = (-(1 << 62), -1, 0, 1, 7, 1 << 31, 1 << 62)

    def one(rows: Any) -> int:
        return int(rng.integers(len(rows)))

    for _ in range(count):
        model = onnx.load_model_from_string(data)
        graph = model.graph
        for _ in range(int(rng.integers(1, 4))):
            node, tensor = graph.node[one(graph.node)], graph.initializer[one(graph.initializer)]
            numbers = [attribute for attribute in node.attribute if attribute.ints]
            kind = int(rng.integers(7))
            if kind == 0:
                node.op_type = operators[one(operators)]
            elif kind == 1:
                node.input[one(node.input)] = graph.node[one(graph.node)].output[0]
            elif kind == 2 and numbers:
                ints = numbers[one(numbers)].ints
                ints[one(ints)] = odd[one(odd)]
            elif kind == 3:
                tensor.dims[one(tensor.dims)] = odd[one(odd)]
            elif kind == 4:
                tensor.data_type = int(rng.integers(24))
            elif kind == 5:
                shape = graph.input[0].type.tensor_type.shape
                shape.dim[one(shape.dim)].dim_value = odd[one(odd)]
            else:
                tensor.raw_data = tensor.raw_data[: int(rng.integers(len(tensor.raw_data) + 1))]
        yield {name: bytes(model.SerializeToString())}


def main(format: str, seed: str, count: str, *folders: str) -> None:
    """Reads everything; prints how many gave a model, the sentences, and what else was raised."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    found: dict[str, list[str]] = {"sentences": [], "raised": []}
    accepted, slowest = 0, 0.0
    for folder in folders:
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        ways = [damaged, altered] if format == "onnx" else [damaged]
        for broken in (case for way in ways for case in way(files, int(seed), int(count))):
            start = perf_counter()
            try:
                import_model(format, broken, None)
                accepted += 1
            except ModelFileError as error:
                found["sentences"].append(str(error))
            except BaseException as error:
                found["raised"].append(f"{type(error).__name__}: {error}"[:500])
            slowest = max(slowest, perf_counter() - start)
    print(json.dumps({**found, "read": accepted, "slowest": slowest}))


if __name__ == "__main__":
    main(*sys.argv[1:])
