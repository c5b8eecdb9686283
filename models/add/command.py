"""`build.py models add`: a published file becomes a card to edit and, at once, a checked model.

Does not import, wrap or verify models: models.build.made does, as for any card. A failure leaves no files.
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

from app.core.errors import UserError
from models.add import inputs, writer
from models.add.inputs import ModelFiles
from models.importers.errors import ModelFileError, Places
from models.sources.fetch import Fetched
from models.spec import rules
from models.spec.card import Card, CardError
from models.spec.cards import FOLDER, read

if TYPE_CHECKING:
    from models.add.guess import Guess

ROOT = Path(__file__).parents[2]
COPIES = "own"  # the folder in the project for models that have no public address
PARTIAL = ROOT / ".vitrine" / "partial"
OPTIONS = Places(size="with --size HxW", outputs="with --output")

ABOUT = """\
Adds a model to the page: writes models/cards/ID.toml, a card to edit, then imports, lowers and verifies the
model as the build does, and prints the report.

FILE_OR_URL, by the suffix of its name:
  .tflite        TensorFlow Lite
  .json          model.json of a tf.js graph model; its shards are in the same folder
  .onnx          ONNX
  .keras .h5     Keras, by its own exporter
  .pt2 .pt       PyTorch (torch.export.save, torch.jit.save), by its own exporter
The Python that starts build.py runs the exporter, so it needs the framework. A file of this machine is copied
to own/ID/. Of an https address the card has only the address and the sha256."""
NEXT_STEPS = """
models/cards/{id}.toml is the model's card. Check the entries that are guessed: title, about, licence and
credit; scale and offset in [input] (now byte * {scale:.6g} + {offset:.6g}); kind and [outputs].
docs/models.md lists the model. Next steps:
  measure the variants in a browser, which decides what ships:  python3 build.py bench variants {id}
  rebuild the model and docs/models.md after a change:          python3 build.py models
  see the model in the page:                                    python3 build.py serve"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    lines = argparse.RawDescriptionHelpFormatter
    result = argparse.ArgumentParser(prog="build.py models add", description=ABOUT, formatter_class=lines)
    add = result.add_argument
    add("source", metavar="FILE_OR_URL", help="the published model")
    add("--id", help="the name of the card, also used in the page's URL (default: from the file's name)")
    add("--kind", choices=rules.KINDS, help="the task of the model (default: guessed from its outputs)")
    add("--size", type=_size, metavar="HxW", help="the size of the input, where the file leaves it open")
    about = "an output: any tensor of the network; repeat for more (default: the outputs of the file)"
    add("--output", action="append", type=_output, metavar="[ROLE=]NAME", help=about)
    return result


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 1 after a message that says what is wrong."""
    args = parser().parse_args(arguments)
    try:
        report = add_model(
            _seen_from_start(args.source), args.id, args.kind, args.size, dict(args.output or [])
        )
    except KeyboardInterrupt:
        return 130
    except (UserError, ValueError, RuntimeError, OSError) as error:
        print(f"\nNothing was added. {_message(error, args.source)}", file=sys.stderr)
        return 1
    from models.report import docs

    docs.write()
    print(report)
    return 0


def add_model(
    source: str,
    id: str | None = None,
    kind: str | None = None,
    size: tuple[int, int] | None = None,
    outputs: Mapping[str, str] | None = None,
    folder: Path = FOLDER,
    root: Path = ROOT,
) -> str:
    """The report on the model at `source`, whose card is then in `folder`; `outputs` is role -> name.

    Raises UserError.
    """
    name = id or _id(source)
    _check_free(name, folder)
    files = inputs.load(source, size, _progress)
    guessed = _guess(files, kind, size, outputs or {})
    partial = PARTIAL / name
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        card = partial / f"{name}.toml"
        _write(card, files, guessed, writer.VARIANTS)
        if reason := _unsupported_by_webgl(card, files):
            _progress(
                f"{name} is not made for WebGL. {reason} To cut the network before it, use --output NAME."
            )
            _write(card, files, guessed, writer.WITHOUT_WEBGL)
        report = _make(card, files, partial)
        _check_free(name, folder)  # another process may have added it in the meantime
        _keep(files, name, card, folder, root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return report + "\n" + NEXT_STEPS.format(id=name, scale=guessed.scale, offset=guessed.offset)


def _guess(
    files: ModelFiles, kind: str | None, size: tuple[int, int] | None, outputs: Mapping[str, str]
) -> Guess:
    from models.add import guess
    from models.importers.formats import import_model

    _progress(f"{files.name}: importing")
    model = import_model(files.format, files.files, size, outputs)
    return guess.guess(files.format, files.files, model, kind, outputs)


def _write(path: Path, files: ModelFiles, guessed: Guess, variants: writer.Variants) -> None:
    places = [writer.placed(file, f"{COPIES}/{path.stem}") for file in files.places]
    text = writer.text(path.stem, files.format, places, guessed, files.credit, variants)
    path.write_text(text, "utf-8")


def _read(path: Path, files: ModelFiles) -> tuple[Card, Fetched]:
    card = read(path)
    source = card.sources[0]
    return card.of(source), Fetched(source, files.files, str(source))


def _make(path: Path, files: ModelFiles, out: Path) -> str:
    from models.build import made
    from models.report import report

    return report.text([made(*_read(path, files), out, _progress)])


def _unsupported_by_webgl(path: Path, files: ModelFiles) -> str:
    """Why WebGL, which has no fallback, cannot run the model; "" where it can."""
    from models import make
    from models.verify import parity

    card, fetched = _read(path, files)
    spec = next(spec for spec in card.variants if "webgl" in spec.backends)
    network = make.imported(card, fetched)
    try:
        _, graphs = make.graphs(card, spec, network)
        parity.operators(graphs, spec.backends)
    except UserError as error:
        return str(error)
    return ""


def _keep(files: ModelFiles, id: str, card: Path, folder: Path, root: Path) -> None:
    """Copies the files and moves the card to their places; the card last, all or nothing."""
    target_folder = root / COPIES / id
    written: list[Path] = []
    try:
        for file in files.places:
            if file.local:
                path = target_folder / file.local
                path.parent.mkdir(parents=True, exist_ok=True)
                written.append(path)
                path.write_bytes(files.files[file.name])
        target = folder / card.name
        written.append(target)
        shutil.move(card, target)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        for empty in (target_folder, target_folder.parent):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
        raise


def _check_free(id: str, folder: Path) -> None:
    try:
        rules.identifier(id)
    except rules.RuleError as error:
        raise UserError(f"{error} Give another id with --id.") from None
    if (folder / f"{id}.toml").exists():
        raise UserError(
            f"there is already a model {id!r} (models/cards/{id}.toml). Give this one another id with --id, "
            "or delete that card."
        )


def _id(source: str) -> str:
    """The id of a card from a file's name: lowercase letters, digits and hyphens."""
    stem = inputs.stem(PurePosixPath(Path(source.split("?")[0]).as_posix()))
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40].strip("-")


def _seen_from_start(source: str) -> str:
    """A path relative to the folder where the user started build.py, which itself runs in the project's."""
    start = Path(os.environ.get("VITRINE_FROM", ".")).resolve()
    if "://" in source or start == Path.cwd():
        return source
    return str(start / source)


def _size(value: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", value)
    low, high = rules.SIDES
    if not match or not all(low <= int(side) <= high for side in match.groups()):
        raise argparse.ArgumentTypeError(f"{value!r} is not HEIGHTxWIDTH in pixels, {low} to {high} each")
    return int(match[1]), int(match[2])


def _output(value: str) -> tuple[str, str]:
    role, name = value.split("=", 1) if "=" in value else (value, value)
    if not role or not name:
        raise argparse.ArgumentTypeError(f"{value!r} is not NAME or ROLE=NAME")
    return role, name


def _message(error: Exception, source: str) -> str:
    """The error in one line that names the source and gives advice for the command line."""
    if isinstance(error, ModelFileError):
        text = error.message(OPTIONS)
    else:
        text = error.reason if isinstance(error, CardError) else str(error).strip() or type(error).__name__
    text = text.splitlines()[0]
    return text if text.startswith(source) else f"{source}: {text}"


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
