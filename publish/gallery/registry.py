"""Which galleries a build has: the default one, those that the user has added, and the visitor's own.

Does not make a gallery.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.core.card import ModelCard
from app.core.errors import UserError
from app.core.gallery import OWN, File, Gallery, from_dict, to_dict
from publish import DIST
from publish.files import write
from publish.gallery import DEFAULT, KEPT, MADE, card, characters, make
from publish.gallery import cache as kept
from publish.gallery.make import Say

ABSENT = "it was not to be had when this was built"
WHY = "left-out.json"  # in MADE: a gallery's id -> why the last build has none
# A source that cannot be used, features that the index does not take, a file that cannot be read.
FAILED = (UserError, ValueError, OSError)


@dataclass(frozen=True)
class Added:
    """A gallery that the user has added: a folder of pictures or a card."""

    id: str
    source: str
    title: str = ""


def added() -> list[Added]:
    """The galleries that the user has added; none where the list is damaged."""
    try:
        return [Added(**row) for row in json.loads(KEPT.read_bytes())]
    except (OSError, ValueError, TypeError):
        return []


def add(source: Path, title: str = "") -> Added:
    """Remember a gallery; the same source keeps its id. Raises UserError where none can be made of it."""
    rows = added()
    known = next((row for row in rows if Path(row.source) == source), None)
    taken = {row.id for row in rows} | {DEFAULT.stem}
    wanted = card.read(source, title=title)
    characters.found(wanted)
    id = known.id if known else next(n for n in _names(wanted.id) if n not in taken)
    row = Added(id, str(source), title or (known.title if known else ""))
    put([*(each for each in rows if each != known), row])
    return row


def remove(id: str) -> None:
    """Forget a gallery. Raises UserError for one that was not added."""
    rows = added()
    if id not in {row.id for row in rows}:
        there = ", ".join(row.id for row in rows) or "none"
        raise UserError(f"No gallery {id} was added. What was added: {there}.")
    put([row for row in rows if row.id != id])
    kept.forget(id, MADE)


def galleries(models: Sequence[ModelCard], out: Path, say: Say) -> list[Gallery]:
    """Every gallery, files in out/galleries; one that cannot be made is `missing`.

    `say` and `why` tell the reason; dist/ does not, for it may name paths of this machine.
    """
    rows = [Added(DEFAULT.stem, str(DEFAULT)), *added()]
    found, reasons = [], {}
    for n, row in enumerate(rows):
        try:
            wanted = card.read(Path(row.source), row.id, row.title)
            one = make.make(wanted, models, out, _part(say, n, len(rows)))
        except FAILED as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise  # the whole build has failed, and has its own sentence for it
            one = make.missing(row.id, row.title or row.id, ABSENT)
            reasons[row.id] = str(error)
        if one.missing:
            say(f"{one.id} is left out: {reasons.get(one.id, one.missing)}", (n + 1) / len(rows))
        found.append(one)
    write(MADE / WHY, json.dumps(reasons).encode())
    own_one = own(models, out)
    return [*found, own_one] if own_one else found


def why(id: str) -> str:
    """Why the last build has no such gallery; "" where it has, or had no need to look."""
    try:
        return str(json.loads((MADE / WHY).read_bytes()).get(id, ""))
    except (OSError, ValueError):
        return ""


def own(models: Sequence[ModelCard], out: Path, cache: Path | None = None) -> Gallery | None:
    """The gallery of the visitor's own pictures: its indexes take it as input. None without a classifier."""
    classifiers = [each for each in models if each.kind == "classifier" and not each.missing]
    if not classifiers:
        return None
    cache = cache or MADE
    folder = cache / f"{OWN}-{kept.index_key(classifiers)}"
    done = folder / "gallery.json"
    if not done.is_file():
        write(done, json.dumps(to_dict(_own(classifiers, folder, out))).encode())
    kept.forget(OWN, cache, folder)
    gallery = from_dict(json.loads(done.read_text("utf-8")))
    kept.place(gallery, folder, out)
    return gallery


def built(id: str) -> dict[str, Any] | None:
    """The gallery's row in dist/manifest.json; None where it is not there."""
    try:
        rows = json.loads((DIST / "manifest.json").read_bytes())["galleries"]
    except (OSError, ValueError, KeyError):
        return None
    return next((row for row in rows if row["id"] == id), None)


def fingerprint() -> bytes:
    """What the user's galleries are made from, for what asks whether dist/ is up to date."""
    total = hashlib.sha256()
    for row in added():
        total.update(repr(asdict(row)).encode())
        try:
            wanted = card.read(Path(row.source), row.id, row.title)
            total.update(kept.key(wanted, characters.found(wanted)).encode())
        except FAILED as error:
            total.update(str(error).encode())
    return total.digest()


def _own(classifiers: Sequence[ModelCard], folder: Path, out: Path) -> Gallery:
    from models.graphs import index
    from publish.gallery import features

    indexes = {each.id: index.own(features.length(each, out), folder) for each in classifiers}
    return Gallery(OWN, "Your own pictures", index.OWN, File("", 0), (), 0, 0, 0, indexes)


def _part(say: Say, n: int, total: int) -> Say:
    """The progress of the n-th of `total` as progress of all."""
    return lambda text, share: say(text, (n + share) / total)


def _names(id: str) -> list[str]:
    return [id, *(f"{id}-{n}" for n in range(2, 1000))]


def put(rows: Sequence[Added]) -> None:
    """Remember these and no others."""
    write(KEPT, json.dumps([asdict(row) for row in rows], indent=1).encode())
