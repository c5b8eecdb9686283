"""Runs a .tflite file under LiteRT on float32 pictures: `python -m models.verify.litert FOLDER`.

Does not compare: runners.py writes job.json and the pictures to FOLDER and reads the results from it.
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
    """Writes INDEX.npy for every tensor of the job: float32, or int64 where the file has plain integers."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    options: dict[str, Any] = {}
    if job["inside"]:  # a delegate does not expose the tensors between its operators
        options["experimental_preserve_all_tensors"] = True
        options["experimental_op_resolver_type"] = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    # Otherwise XNNPACK, the default delegate, which alone has Convolution2DTransposeBias.
    model = Interpreter(model_path=str(folder / "model.tflite"), num_threads=1, **options)
    model.allocate_tensors()
    (input,) = model.get_input_details()
    details = {row["index"]: row for row in model.get_tensor_details()}
    rows: dict[int, list[Array]] = {index: [] for index in job["tensors"]}
    for picture in np.load(folder / "pictures.npy"):
        model.set_tensor(input["index"], _quantised(picture[None], input))
        model.invoke()
        for index, row in rows.items():
            row.append(np.atleast_1d(_dequantised(model.get_tensor(index), details[index])))
    for index, row in rows.items():
        np.save(folder / f"{index}.npy", np.concatenate(row))


def _quantised(x: Array, details: Mapping[str, Any]) -> Array:
    kind = np.dtype(details["dtype"])
    if kind.kind == "f":
        return x.astype(kind)
    scale, zero = details["quantization"]
    limits = np.iinfo(kind)
    bounded: Array = np.clip(np.rint(x / (scale or 1) + zero), limits.min, limits.max)
    return bounded.astype(kind)


def _dequantised(array: Array, details: Mapping[str, Any]) -> Array:
    scale, zero = details["quantization"]
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    wide: Array = array.astype(np.int64)
    return np.asarray((wide - zero) * float(scale), np.float32) if scale else wide


if __name__ == "__main__":
    main(Path(sys.argv[1]))
