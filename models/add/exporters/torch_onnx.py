"""Exports a PyTorch model, run by a Python that has PyTorch: `torch_onnx.py MODEL OUT.onnx [HEIGHT WIDTH]`.

Does not import this project and never loads a pickle: only exported programs (.pt2) and TorchScript (.pt).
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def main(source: str, target: str, *size: str) -> None:
    """Writes the ONNX file. Raises ValueError for an unsupported model, and whatever PyTorch raises."""
    torch: Any = importlib.import_module("torch")
    if source.endswith(".pt2"):
        program = torch.export.load(source)
        torch.onnx.export(program, (), target, dynamo=True, external_data=False, verbose=False)
        return
    try:
        module = torch.jit.load(source, map_location="cpu").eval()
    except RuntimeError:
        raise ValueError(
            "the file is not TorchScript; it may be weights without a program. "
            "Save the model with torch.export.save (.pt2) or torch.jit.save (.pt)."
        ) from None
    if not size:
        raise ValueError("TorchScript does not contain the size of the picture. Give it with --size HxW.")
    picture = torch.zeros(1, 3, *map(int, size))
    torch.onnx.export(module, (picture,), target, opset_version=17, dynamo=False, verbose=False)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ImportError as error:
        print(f"vitrine: {str(error).splitlines()[0]}")
        sys.exit(3)
    except Exception as error:
        print(f"vitrine: {(str(error).strip() or type(error).__name__).splitlines()[0]}")
        sys.exit(1)
