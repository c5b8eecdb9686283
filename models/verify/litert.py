"""Runs a .tflite file under LiteRT on float32 pictures; what and where is in job.json of the folder given.

Does not judge: runners.py wrote the job, starts this as `python -m models.verify.litert FOLDER` and reads
what it leaves there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

Array = NDArray[Any]


def main(folder: Path) -> None:
    """Writes INDEX.npy for every tensor wanted: float32, or int64 where the file has plain integers."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    options: dict[str, Any] = {}
    if job["inside"]:  # a delegate keeps the tensors between its operators to itself
        options["experimental_preserve_all_tensors"] = True
        options["experimental_op_resolver_type"] = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    # Else with XNNPACK, the default delegate: it alone knows Convolution2DTransposeBias.
    model = Interpreter(model_path=str(folder / "model.tflite"), num_threads=1, **options)
    model.allocate_tensors()
    (taken,) = model.get_input_details()
    details = {row["index"]: row for row in model.get_tensor_details()}
    rows: dict[int, list[Array]] = {index: [] for index in job["tensors"]}
    for picture in np.load(folder / "pictures.npy"):
        model.set_tensor(taken["index"], _stored(picture[None], taken))
        model.invoke()
        for index, row in rows.items():
            row.append(np.atleast_1d(_numbers(model.get_tensor(index), details[index])))
    for index, row in rows.items():
        np.save(folder / f"{index}.npy", np.concatenate(row))


def _stored(x: Array, details: Mapping[str, Any]) -> Array:
    kind = np.dtype(details["dtype"])
    if kind.kind == "f":
        return x.astype(kind)
    scale, zero = details["quantization"]
    limits = np.iinfo(kind)
    bounded: Array = np.clip(np.rint(x / (scale or 1) + zero), limits.min, limits.max)
    return bounded.astype(kind)


def _numbers(array: Array, details: Mapping[str, Any]) -> Array:
    scale, zero = details["quantization"]
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    wide: Array = array.astype(np.int64)
    return np.asarray((wide - zero) * float(scale), np.float32) if scale else wide


if __name__ == "__main__":
    main(Path(sys.argv[1]))
