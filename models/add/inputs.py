"""What `models add` was given: a file or an address becomes the files of one source, bounded.

Does not read a network (models.importers.read does) and writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin, urlsplit

from models.add import export
from models.sources.download import Refused, download, mirrored
from models.spec.card import File

LARGEST = 1 << 28  # bytes of all files together, as of one file of a card
TOPOLOGY = (
    1 << 25
)  # bytes of a model.json; BodyPix's has 50 kB, and as Python objects it takes ten times that
SHARDS = 256  # of one tf.js model; 4 MB each, so 1 GB, more than LARGEST
# How a file's name ends -> its format, or the framework whose exporter makes an ONNX file of it.
FORMATS = {".tflite": "tflite", ".json": "tfjs", ".onnx": "onnx"}
SUFFIXES = (*FORMATS, *export.EXPORTERS)

Say = Callable[[str], None]


class Unfit(ValueError):
    """What was given cannot be added; the message says why and what to give instead."""


@dataclass(frozen=True)
class Offered:
    """The files of one source, with the places a card names them by."""

    format: str
    name: str  # the model's, from the file's
    files: Mapping[str, bytes]
    places: tuple[File, ...]  # as the card has them; `local` is relative to own/ID/
    credit: str


def take(given: str, size: tuple[int, int] | None, say: Say) -> Offered:
    """The files at `given`, a path or an https address; `size` (H, W) is for exporters that ask for one.

    Raises Unfit; models.add.export.Failed where the framework's own exporter does not make an ONNX file.
    """
    where = urlsplit(given)
    address = len(where.scheme) > 1  # one letter is a Windows drive
    path = PurePosixPath(where.path) if address else PurePosixPath(Path(given).as_posix())
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise Unfit(f"{given}: the name does not end in one of {', '.join(SUFFIXES)}")
    read = _Reader(given, address, say)
    data = read.one(path.name)
    credit = f"from {where.hostname}" if address else f"from {path.name}"
    if suffix in export.EXPORTERS:
        exported = export.export(path.name, data, size, say)
        name = f"{path.stem}.onnx"
        return Offered("onnx", path.stem, {name: exported}, (_local(name, exported),), credit)
    files = {path.name: data}
    if FORMATS[suffix] == "tfjs":
        for shard in _shards(given, data):
            files[shard] = read.one(shard)
    places = tuple(read.place(name, data) for name, data in files.items())
    return Offered(FORMATS[suffix], stem(path), files, places, credit)


def stem(path: PurePosixPath) -> str:
    """What a file's name calls the model: its folder's name where the file's says nothing."""
    return path.parent.name if path.stem.lower() in ("model", "web_model") and path.parent.name else path.stem


class _Reader:
    """Reads the file given and those beside it, LARGEST bytes together."""

    def __init__(self, given: str, address: bool, say: Say) -> None:
        self.given, self.address, self.say = given, address, say
        self.left = LARGEST

    def one(self, name: str) -> bytes:
        """The file of this name, in the place of the one given."""
        try:
            data = self._url(name) if self.address else self._path(name)
        except (Refused, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise Unfit(f"{self._where(name)}: {reason or error}") from None
        self.left -= len(data)
        return data

    def place(self, name: str, data: bytes) -> File:
        """How a card names it."""
        if not self.address:
            return _local(name, data)
        return replace(_local(name, data), local="", url=self._where(name))

    def _where(self, name: str) -> str:
        if not self.address:
            return str(Path(self.given).parent / name)
        query = urlsplit(self.given).query
        return urljoin(self.given, name) + (f"?{query}" if query else "")

    def _url(self, name: str) -> bytes:
        url = self._where(name)
        data = mirrored(url, most=self.left)
        if data is None:
            self.say(f"fetching {url}")
            data = download(url, self.left, self.say, name, exact=False)
        return data

    def _path(self, name: str) -> bytes:
        path = Path(self._where(name))
        if not path.is_file():
            raise Refused("it is a folder" if path.is_dir() else "there is no such file")
        if path.stat().st_size > self.left:
            raise Refused(f"it is longer than {LARGEST >> 20} MiB, too much for a web page")
        return path.read_bytes()


def _local(name: str, data: bytes) -> File:
    return File(name, hashlib.sha256(data).hexdigest(), len(data), local=name)


def _shards(given: str, data: bytes) -> list[str]:
    """The weight files a tf.js model.json names."""
    if len(data) > TOPOLOGY:
        raise Unfit(f"{given}: a model.json of {len(data):,} bytes, more than {TOPOLOGY:,}")
    try:
        model = json.loads(data)
        groups = [[str(name) for name in group["paths"]] for group in model["weightsManifest"]]
        layers = model.get("format") == "layers-model"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unfit(f"{given}: not a tf.js model.json, it has no weightsManifest with paths") from None
    if layers:
        raise Unfit(
            f"{given}: a tf.js layers model; make a graph model of it with tensorflowjs_converter "
            "--input_format=tfjs_layers_model --output_format=tfjs_graph_model, and add that"
        )
    names = list(dict.fromkeys(name for group in groups for name in group))
    if not 0 < len(names) <= SHARDS:
        raise Unfit(f"{given}: it names {len(names)} weight files, between 1 and {SHARDS} are read")
    for name in names:
        if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise Unfit(f"{given}: the weight file {name!r} is not a plain name beside it")
    return names
