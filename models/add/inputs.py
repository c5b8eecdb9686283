"""Loads the files of a model from a path or an https address, within limits.

Does not import the network (models.importers.formats does) and writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

from app.core.errors import UserError
from models.add import export
from models.sources.download import UnavailableError, download, mirrored
from models.spec.card import File

LARGEST = 1 << 28  # bytes of all files together, as of one file of a card
TOPOLOGY = 1 << 25  # bytes of a model.json; BodyPix's has 50 kB. As Python objects it takes ten times as much
SHARDS = 256  # of a tf.js model; with 4 MB each they have 1 GB, more than LARGEST
# The suffix of a file -> its format; export.EXPORTERS has those of the frameworks.
FORMATS = {".tflite": "tflite", ".json": "tfjs", ".onnx": "onnx"}
SUFFIXES = (*FORMATS, *export.EXPORTERS)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ModelFiles:
    """The files of one source, and how a card names them."""

    format: str
    name: str  # of the model, from the name of the file
    files: Mapping[str, bytes]
    places: tuple[File, ...]  # as in the card; `local` is relative to own/ID/
    credit: str


def load(source: str, size: tuple[int, int] | None, progress: Progress) -> ModelFiles:
    """The files at `source`, a path or an https address; `size` (H, W) is for exporters that need one.

    Raises UserError.
    """
    url = urlsplit(source)
    address = len(url.scheme) > 1  # a scheme of one letter is a Windows drive
    path = PurePosixPath(url.path) if address else PurePosixPath(Path(source).as_posix())
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{source}: the name of the file must end in one of {', '.join(SUFFIXES)}.")
    reader = _Reader(source, address, progress)
    data = reader.read(path.name)
    credit = f"from {url.hostname}" if address else f"from {path.name}"
    if suffix in export.EXPORTERS:
        exported = export.export(path.name, data, size, progress)
        name = f"{path.stem}.onnx"
        return ModelFiles("onnx", path.stem, {name: exported}, (_local(name, exported),), credit)
    files = {path.name: data}
    if FORMATS[suffix] == "tfjs":
        for shard in _shards(source, data):
            files[shard] = reader.read(shard)
    places = tuple(reader.place(name, data) for name, data in files.items())
    return ModelFiles(FORMATS[suffix], stem(path), files, places, credit)


def stem(path: PurePosixPath) -> str:
    """The model's name from its path: the name of the file, or of its folder for model.json and the like."""
    return path.parent.name if path.stem.lower() in ("model", "web_model") and path.parent.name else path.stem


class _Reader:
    """Reads the source and files in the same folder, at most LARGEST bytes in all."""

    def __init__(self, source: str, address: bool, progress: Progress) -> None:
        self.source, self.address, self.progress = source, address, progress
        self.left = LARGEST

    def read(self, name: str) -> bytes:
        """The file of this name in the folder of the source."""
        try:
            data = self._url(name) if self.address else self._path(name)
        except (UnavailableError, OSError) as error:
            reason = f"{error.strerror}." if isinstance(error, OSError) and error.strerror else error
            raise UserError(f"{self._where(name)}: {reason}") from None
        self.left -= len(data)
        return data

    def place(self, name: str, data: bytes) -> File:
        """How a card names the file."""
        if not self.address:
            return _local(name, data)
        return replace(_local(name, data), local="", url=self._where(name))

    def _where(self, name: str) -> str:
        if not self.address:
            return str(Path(self.source).parent / name)
        query = urlsplit(self.source).query
        return urljoin(self.source, name) + (f"?{query}" if query else "")

    def _url(self, name: str) -> bytes:
        url = self._where(name)
        data = mirrored(url, most=self.left)
        if data is None:
            self.progress(f"downloading {url}")
            data = download(url, self.left, self.progress, name, exact=False)
        return data

    def _path(self, name: str) -> bytes:
        path = Path(self._where(name))
        if not path.is_file():
            raise UnavailableError("it is a folder." if path.is_dir() else "there is no such file.")
        if path.stat().st_size > self.left:
            raise UnavailableError(f"it is larger than {LARGEST >> 20} MiB, too large for a web page.")
        return path.read_bytes()


def _local(name: str, data: bytes) -> File:
    return File(name, hashlib.sha256(data).hexdigest(), len(data), local=name)


def _shards(source: str, data: bytes) -> list[str]:
    """The names of the weight files in a tf.js model.json."""
    if len(data) > TOPOLOGY:
        raise UserError(f"{source}: model.json has {len(data):,} bytes, more than {TOPOLOGY:,}.")
    try:
        model = json.loads(data)
        groups = [[str(name) for name in group["paths"]] for group in model["weightsManifest"]]
        layers = model.get("format") == "layers-model"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(
            f"{source}: it is not a tf.js model.json: it has no weightsManifest with paths."
        ) from None
    if layers:
        raise UserError(
            f"{source}: it is a tf.js layers model. Convert it to a graph model with tensorflowjs_converter "
            "--input_format=tfjs_layers_model --output_format=tfjs_graph_model, and add the result."
        )
    names = list(dict.fromkeys(name for group in groups for name in group))
    if not 0 < len(names) <= SHARDS:
        raise UserError(f"{source}: it names {len(names)} weight files; it must be between 1 and {SHARDS}.")
    for name in names:
        if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise UserError(f"{source}: the weight file {name!r} must be in the same folder.")
    return names
