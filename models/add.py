"""`build.py models add`: a published file becomes a card to edit, and at once a model that is checked.

Does not import, fuse or verify: models.made does, as for any card. Leaves nothing behind where that fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from models import cardtext, export, offered, rules
from models.cards import FOLDER, CardError, read
from models.offered import Offered, Unfit

ROOT = Path(__file__).parent.parent
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


def parser() -> argparse.ArgumentParser:
    """The command line."""
    lines = argparse.RawDescriptionHelpFormatter
    result = argparse.ArgumentParser(prog="build.py models add", description=ABOUT, formatter_class=lines)
    result.add_argument("given", metavar="FILE_OR_URL", help="the published model")
    result.add_argument("--id", help="the card's name, a word in the page's URL (default: from the file's)")
    result.add_argument(
        "--kind", choices=rules.KINDS, help="what it gives (default: guessed from its outputs)"
    )
    result.add_argument(
        "--size", type=_size, metavar="HxW", help="its picture, where the file leaves it open"
    )
    return result


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 1 after one sentence about what is wrong."""
    args = parser().parse_args(arguments)
    try:
        print(add(_from(args.given), args.id, args.kind, args.size))
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
    folder: Path = FOLDER,
    root: Path = ROOT,
) -> str:
    """The report of the model at `given`, whose card is then in `folder`.

    Raises Unfit, models.export.Failed, CardError, models.importers.Unreadable or models.verify.Failure.
    """
    name = id or _id(given)
    _free(name, folder)
    found = offered.take(given, size, _say)
    text = _text(found, name, kind, size)
    draft = DRAFTS / name
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        path = draft / f"{name}.toml"
        path.write_text(text, "utf-8")
        report, scale, offset = _made(path, found, draft)
        _free(name, folder)  # another may have come meanwhile
        _keep(found, name, path, folder, root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return report + "\n" + EDIT.format(id=name, scale=scale, offset=offset)


def _made(path: Path, found: Offered, out: Path) -> tuple[str, float, float]:
    from models import made, report
    from models.fetch import Fetched

    card = read(path)
    source = card.sources[0]
    fetched = Fetched(source, found.files, str(source))
    model = made(card.of(source), fetched, out, _say)
    return report.text([model]), card.scale, card.offset


def _text(found: Offered, id: str, kind: str | None, size: tuple[int, int] | None) -> str:
    from models import guess, importers

    _say(f"{found.name}: importing")
    model = importers.read(found.format, found.files, size, {})
    guessed = guess.guess(found.format, found.files, model, kind)
    places = [cardtext.placed(file, f"{OWN}/{id}") for file in found.places]
    return cardtext.text(id, found.format, places, guessed, found.credit)


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
    path = Path(given.split("?")[0])
    stem = path.parent.name if path.stem.lower() in ("model", "web_model") and path.parent.name else path.stem
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


def _sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    text = text.splitlines()[0]
    return text.split(": ", 1)[1] if isinstance(error, CardError) and ": " in text else text


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
