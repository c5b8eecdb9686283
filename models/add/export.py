"""A Keras or PyTorch model through its own exporter, in a process of the Python that has the framework.

Does not import a framework; models/exporters/*.py do, run by the Python that started build.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

SCRIPTS = Path(__file__).parent / "exporters"
# How a file's name ends -> the framework whose exporter is asked.
EXPORTERS = {".keras": "keras", ".h5": "keras", ".pt2": "torch", ".pt": "torch", ".pth": "torch"}
NEEDS = {"keras": "keras, its backend and onnx", "torch": "torch, onnx and onnxscript"}
TIMEOUT = 900.0  # seconds; the import of a framework takes some ten, an export of 100 MB about a minute
ABSENT = 3  # exit status of a script whose framework is not installed
SAID = "vitrine: "  # how the line begins that a script has for the user

Say = Callable[[str], None]


class Failed(ValueError):
    """The exporter gave no ONNX file; the message says why and what to do."""


def python() -> str:
    """The Python that the user started build.py with: it is there that frameworks are installed."""
    return os.environ.get("VITRINE_PYTHON") or sys.executable


def export(name: str, data: bytes, size: tuple[int, int] | None, say: Say) -> bytes:
    """The ONNX file that the framework's exporter makes of the model file `name`. Raises Failed."""
    framework = EXPORTERS[Path(name).suffix.lower()]
    say(f"{name}: exporting to ONNX with {framework} of {python()}")
    with TemporaryDirectory(prefix="vitrine-") as folder:
        given, target = Path(folder, f"given{Path(name).suffix.lower()}"), Path(folder, "model.onnx")
        given.write_bytes(data)
        script = str(SCRIPTS / f"{framework}_onnx.py")
        arguments = [python(), script, str(given), str(target), *(str(side) for side in size or ())]
        try:
            ran = subprocess.run(
                arguments, capture_output=True, text=True, errors="replace", cwd=folder, timeout=TIMEOUT
            )
        except subprocess.TimeoutExpired:
            raise Failed(
                f"{name}: the exporter of {framework} did not end in {TIMEOUT:.0f} seconds"
            ) from None
        except OSError as error:
            raise Failed(f"{name}: {python()} does not start: {error.strerror}") from None
        said = [line[len(SAID) :] for line in ran.stdout.splitlines() if line.startswith(SAID)]
        if ran.returncode == ABSENT:
            raise Failed(
                f"{name}: {python()} cannot export it ({_last(said)}). Install {NEEDS[framework]} for that "
                "Python, or start build.py with one that has them; an .onnx file needs neither"
            )
        if ran.returncode or not target.is_file():
            reason = _last(said) or _last(ran.stderr.splitlines()) or f"it ended with {ran.returncode}"
            raise Failed(f"{name}: the exporter of {framework} gave no ONNX file: {reason}")
        return _whole(target)


def _last(lines: list[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _whole(path: Path) -> bytes:
    """The ONNX file with the weights that an exporter may have put beside it."""
    if len(list(path.parent.iterdir())) == 2:  # what was given and what was made
        return path.read_bytes()
    import onnx

    try:
        return bytes(onnx.load(path).SerializeToString())
    except Exception as error:  # protobuf's and onnx's own classes share no base but this
        raise Failed(f"the exported ONNX file is not readable: {str(error).splitlines()[0]}") from None
