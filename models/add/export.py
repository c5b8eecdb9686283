"""Exports a Keras or PyTorch model to ONNX with its framework, in a process of the Python that has it.

Does not import a framework: models/add/exporters/*.py do, run by the Python that started build.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.errors import UserError

SCRIPTS = Path(__file__).parent / "exporters"
# The suffix of a file -> the framework that exports it.
EXPORTERS = {".keras": "keras", ".h5": "keras", ".pt2": "torch", ".pt": "torch", ".pth": "torch"}
NEEDS = {"keras": "keras, its backend and onnx", "torch": "torch, onnx and onnxscript"}
TIMEOUT = 900.0  # seconds; importing a framework takes about ten, an export of 100 MB about a minute
ABSENT = 3  # exit status of a script whose framework is not installed
MESSAGE = "vitrine: "  # the beginning of a script's line for the user

Progress = Callable[[str], None]


def python() -> str:
    """The Python with which the user started build.py: the frameworks are installed there."""
    return os.environ.get("VITRINE_PYTHON") or sys.executable


def export(name: str, data: bytes, size: tuple[int, int] | None, progress: Progress) -> bytes:
    """The ONNX file that the framework exports from the model file `name`. Raises UserError."""
    framework = EXPORTERS[Path(name).suffix.lower()]
    progress(f"{name}: exporting to ONNX with {framework} of {python()}")
    with TemporaryDirectory(prefix="vitrine-") as folder:
        source, target = Path(folder, f"given{Path(name).suffix.lower()}"), Path(folder, "model.onnx")
        source.write_bytes(data)
        script = str(SCRIPTS / f"{framework}_onnx.py")
        arguments = [python(), script, str(source), str(target), *(str(side) for side in size or ())]
        try:
            process = subprocess.run(
                arguments, capture_output=True, text=True, errors="replace", cwd=folder, timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"{name}: the exporter of {framework} took longer than {TIMEOUT:.0f} seconds."
            ) from None
        except OSError as error:
            raise UserError(f"{name}: {python()} cannot be started ({error.strerror}).") from None
        lines = process.stdout.splitlines()
        messages = [line.removeprefix(MESSAGE) for line in lines if line.startswith(MESSAGE)]
        if process.returncode == ABSENT:
            raise UserError(
                f"{name}: {python()} cannot export it ({_last(messages)}). Install {NEEDS[framework]} for "
                "that Python, start build.py with one that has them, or add an .onnx file instead."
            )
        if process.returncode or not target.is_file():
            reason = (
                _last(messages) or _last(process.stderr.splitlines()) or f"exit code {process.returncode}"
            )
            raise UserError(f"{name}: the exporter of {framework} made no ONNX file: {reason}")
        return _single_file(target)


def _last(lines: list[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _single_file(path: Path) -> bytes:
    """The ONNX file including weights that an exporter may have written to other files."""
    if len(list(path.parent.iterdir())) == 2:  # the source and the exported file
        return path.read_bytes()
    import onnx

    try:
        return bytes(onnx.load(path).SerializeToString())
    except Exception as error:  # the classes of protobuf and onnx have no other common base
        raise UserError(f"the exported ONNX file is not readable ({str(error).splitlines()[0]}).") from None
