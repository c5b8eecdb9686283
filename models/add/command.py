"""`build.py models add`: a published file becomes a card to edit, and at once a model that is checked.

Does not import, fuse or verify: models.made does, as for any card. Leaves nothing behind where that fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from models.add import export, inputs, writer
from models.add.inputs import Offered, Unfit
from models.sources.fetch import Fetched
from models.spec import rules
from models.spec.card import Card, CardError
from models.spec.cards import FOLDER, read

if TYPE_CHECKING:
    import onnx

    from models.add.guess import Guess

ROOT = Path(__file__).parents[2]
OWN = "own"  # the folder in the project for models that have no public address
DRAFTS = ROOT / ".vitrine" / "draft"

ABOUT = """Adds a model to the page: writes models/cards/ID.toml, a card to edit, then imports,
lowers and verifies the model as the build does, and prints the report.

FILE_OR_URL, by how its name ends:
  .tflite        TensorFlow Lite
  .json          a tf.js graph model's model.json; its shards lie beside it
  .onnx          ONNX
  .keras .h5     Keras, by its own exporter
  .pt2 .pt       PyTorch (torch.export.save, torch.jit.save), by its own exporter
An exporter is run by the Python that build.py is started with: the framework has to be installed there.
A file of this machine is copied to own/ID/; an https address is only named, with its sha256."""
EDIT = """
models/cards/{id}.toml is the model's card. Look it through and correct what could only be guessed:
title, about, licence and credit; [input] scale and offset (now byte * {scale:.6g} + {offset:.6g}); kind and
[outputs]. Then: python3 build.py serve"""


# The importers speak to who edits a card; here there is none yet.
OPTIONS = {
    "give one in [input] of the card": "give it with --size HxW",
    "in [outputs] to": "with --output to",
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    lines = argparse.RawDescriptionHelpFormatter
    result = argparse.ArgumentParser(prog="build.py models add", description=ABOUT, formatter_class=lines)
    add = result.add_argument
    add("given", metavar="FILE_OR_URL", help="the published model")
    add("--id", help="the card's name, a word in the page's URL (default: from the file's)")
    add("--kind", choices=rules.KINDS, help="what it gives (default: guessed from its outputs)")
    add("--size", type=_size, metavar="HxW", help="its picture, where the file leaves it open")
    about = "an output, any tensor of the network, again for each; the rest is cut off (default: the file's)"
    add("--output", action="append", type=_output, metavar="[ROLE=]NAME", help=about)
    return result


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 1 after one sentence about what is wrong."""
    args = parser().parse_args(arguments)
    try:
        print(add(_from(args.given), args.id, args.kind, args.size, dict(args.output or [])))
    except KeyboardInterrupt:
        return 130
    except (Unfit, export.Failed) as error:
        print(f"\nNothing was added. {error}", file=sys.stderr)
        return 1
    except (ValueError, RuntimeError, OSError) as error:  # Unreadable, CardError, verify.Failure, a full disk
        print(f"\nNothing was added. {args.given}: {_sentence(error)}", file=sys.stderr)
        return 1
    return 0


def add(
    given: str,
    id: str | None = None,
    kind: str | None = None,
    size: tuple[int, int] | None = None,
    outputs: Mapping[str, str] | None = None,
    folder: Path = FOLDER,
    root: Path = ROOT,
) -> str:
    """The report of the model at `given`, whose card is then in `folder`; `outputs` is role -> name.

    Raises Unfit, models.add.export.Failed, CardError, models.importers.read.Unreadable or
    models.verify.parity.Failure.
    """
    name = id or _id(given)
    _free(name, folder)
    found = inputs.take(given, size, _say)
    guessed = _guessed(found, kind, size, outputs or {})
    draft = DRAFTS / name
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        card = draft / f"{name}.toml"
        _write(card, found, guessed, writer.VARIANTS)
        if lacking := _lacking(card, found):
            _say(f"{name}: not offered on webgl: {lacking}")
            _write(card, found, guessed, writer.WITHOUT_WEBGL)
        report = _made(card, found, draft)
        _free(name, folder)  # another may have come meanwhile
        _keep(found, name, card, folder, root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return report + "\n" + EDIT.format(id=name, scale=guessed.scale, offset=guessed.offset)


def _guessed(
    found: Offered, kind: str | None, size: tuple[int, int] | None, outputs: Mapping[str, str]
) -> Guess:
    from models.add import guess
    from models.importers import read as importers

    _say(f"{found.name}: importing")
    try:
        model = importers.read(found.format, found.files, size, outputs)
    except importers.Unreadable as error:
        text = str(error)
        for card, option in OPTIONS.items():
            text = text.replace(card, option)
        raise importers.Unreadable(text) from None
    return guess.guess(found.format, found.files, model, kind, outputs)


def _write(path: Path, found: Offered, guessed: Guess, variants: writer.Variants) -> None:
    places = [writer.placed(file, f"{OWN}/{path.stem}") for file in found.places]
    text = writer.text(path.stem, found.format, places, guessed, found.credit, variants)
    path.write_text(text, "utf-8")


def _read(path: Path, found: Offered) -> tuple[Card, Fetched]:
    card = read(path)
    source = card.sources[0]
    return card.of(source), Fetched(source, found.files, str(source))


def _made(path: Path, found: Offered, out: Path) -> str:
    from models import made
    from models.report import report

    return report.text([made(*_read(path, found), out, _say)])


def _lacking(path: Path, found: Offered) -> str:
    """What keeps the model from WebGL, the one backend that cannot fall back; "" where nothing does."""
    from models import make
    from models.verify import parity

    card, fetched = _read(path, found)
    wanted = next(wanted for wanted in card.wanted if "webgl" in wanted.backends)
    graphs: list[onnx.ModelProto] = []
    try:
        _, graphs = make.graphs(card, wanted, make.imported(card, fetched))
        parity.operators(graphs, wanted.backends)
    except parity.Failure as error:
        nodes = (node for model in graphs for node in model.graph.node if node.op_type not in parity.WEBGL)
        first = next((f" (node {n.name or n.output[0]!r} is the first)" for n in nodes), "")
        return f"{error}{first}; --output with a tensor before it is the way round"
    return ""


def _keep(found: Offered, id: str, card: Path, folder: Path, root: Path) -> None:
    """The files and the card to where they stay; the card last, all or nothing."""
    own = root / OWN / id
    written: list[Path] = []
    try:
        for file in found.places:
            if file.local:
                path = own / file.local
                path.parent.mkdir(parents=True, exist_ok=True)
                written.append(path)
                path.write_bytes(found.files[file.name])
        target = folder / card.name
        written.append(target)
        shutil.move(card, target)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        for place in (own, own.parent):
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
        raise


def _free(id: str, folder: Path) -> None:
    try:
        rules.identifier(id)
    except ValueError as error:
        raise Unfit(f"{error}: give another with --id") from None
    if (folder / f"{id}.toml").exists():
        raise Unfit(
            f"there is already a model {id!r} (models/cards/{id}.toml): give this one another name "
            "with --id, or delete that card"
        )


def _id(given: str) -> str:
    """A card's name from a file's: small letters, digits and hyphens."""
    stem = inputs.stem(PurePosixPath(Path(given.split("?")[0]).as_posix()))
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40].strip("-")


def _from(given: str) -> str:
    """A path as seen from where the user started build.py, which starts this in the project's folder."""
    start = Path(os.environ.get("VITRINE_FROM", ".")).resolve()
    if "://" in given or start == Path.cwd():
        return given
    return str(start / given)


def _size(value: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", value)
    low, high = rules.SIDES
    if not found or not all(low <= int(side) <= high for side in found.groups()):
        raise argparse.ArgumentTypeError(f"{value!r} is not HEIGHTxWIDTH in pixels, {low} to {high} each")
    return int(found[1]), int(found[2])


def _output(value: str) -> tuple[str, str]:
    role, name = value.split("=", 1) if "=" in value else (value, value)
    if not role or not name:
        raise argparse.ArgumentTypeError(f"{value!r} is not NAME or ROLE=NAME")
    return role, name


def _sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    text = text.splitlines()[0]
    return text.split(": ", 1)[1] if isinstance(error, CardError) and ": " in text else text


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
