"""Exports a Keras model, run by a Python that has Keras: `keras_onnx.py MODEL OUT.onnx [HEIGHT WIDTH]`.

Does not import this project, and does not load layers with code of their own (Keras's safe mode). Keras
before 3.11.3 ignores that mode for .h5 files (CVE-2025-9905), so they are refused there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from typing import Any

SAFE = (3, 11, 3)  # the first version with a safe mode for .h5


def main(source: str, target: str, *size: str) -> None:
    """Writes the ONNX file. Raises ValueError for an unsupported model, and whatever Keras raises."""
    if not importlib.util.find_spec("tensorflow") and importlib.util.find_spec("torch"):
        os.environ.setdefault("KERAS_BACKEND", "torch")  # the other backend that can export ONNX
    keras: Any = importlib.import_module("keras")
    if source.endswith(".h5") and tuple(map(int, re.findall(r"\d+", keras.__version__)[:3])) < SAFE:
        raise ValueError(
            f"Keras {keras.__version__} would run code inside an .h5 file. "
            f"Install Keras {'.'.join(map(str, SAFE))} or newer, or save the model as .keras."
        )
    model = keras.saving.load_model(source, compile=False, safe_mode=True)
    if len(model.inputs) != 1 or len(model.inputs[0].shape) != 4:
        raise ValueError(
            f"the model has {len(model.inputs)} inputs; only one input, a picture, is supported."
        )
    shape = [1, *model.inputs[0].shape[1:]]
    if size:
        first = 2 if keras.config.image_data_format() == "channels_first" else 1
        shape[first : first + 2] = map(int, size)
    if None in shape:
        raise ValueError(f"the input {model.inputs[0].shape} has no fixed size. Give one with --size HxW.")
    signature = [keras.InputSpec(shape=tuple(shape), dtype=model.inputs[0].dtype)]
    model.export(target, format="onnx", input_signature=signature, verbose=False)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ImportError as error:
        print(f"vitrine: {str(error).splitlines()[0]}")
        sys.exit(3)
    except Exception as error:
        print(f"vitrine: {(str(error).strip() or type(error).__name__).splitlines()[0]}")
        sys.exit(1)
