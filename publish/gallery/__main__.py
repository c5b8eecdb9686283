"""`build.py gallery SOURCE`: a folder of pictures or a card becomes a further gallery of the page.

Does not make it: the build does, as every gallery.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.errors import UserError

ABOUT = """Adds a gallery to the page: the characters that the look-alike task compares faces with.

SOURCE is a folder of pictures (PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF): a file's name is the character's,
a subfolder is a set. Or it is a card (.toml), which says whose the pictures are:

  title = "Our town"
  [[set]]
  title = "Portraits"
  folder = "portraits"      # beside the card; or npm = "PACKAGE" and path = "FOLDER" in it
  licence = "CC0 1.0"
  credit = "Ada Example"

The gallery is built into dist/ and into every later build, until --remove. Pictures that cannot be used are
left out; each is named, with the reason. Without SOURCE, the galleries that were added are listed."""


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 1 after one sentence about what is wrong."""
    lines = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="build.py gallery", description=ABOUT, formatter_class=lines)
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="a folder of pictures, or a card (.toml)")
    parser.add_argument("--title", default="", help="what the page calls it (default: the folder's name)")
    parser.add_argument("--remove", metavar="ID", default="", help="leave an added gallery out again")
    args = parser.parse_args(arguments)
    try:
        return run(args.source, args.title, args.remove)
    except KeyboardInterrupt:
        return 130
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        print(f"\nThe gallery was not made: {error}", file=sys.stderr)
    return 1


def run(source: str | None, title: str, remove: str) -> int:
    """Add, remove or list. Raises UserError."""
    from publish.gallery import registry

    if remove:
        registry.remove(remove)
        return _pack()
    if source is None:
        rows = [f"{row.id}: {row.source}" for row in registry.added()]
        print("\n".join(rows) or "No gallery was added. How it is done: python3 build.py gallery --help")
        return 0
    before = registry.added()
    row = registry.add((Path(os.environ.get("VITRINE_FROM", ".")) / source).resolve(), title)
    try:
        _pack()
        return _tell(row.id)
    except BaseException:  # Ctrl-C too: what was not made, or stopped the build, is not remembered
        registry.put(before)
        raise


def _pack() -> int:
    from publish.pack.dist import pack

    pack()
    return 0


def _tell(id: str) -> int:
    """Print what became of a gallery. Raises UserError where it is not in dist/."""
    from publish.gallery import make, registry

    built = registry.built(id)
    if built is None or built["missing"]:
        reason = registry.why(id) or (built["missing"] if built else "dist/ does not hold it")
        raise UserError(f"The gallery was not built: {reason}")
    print(told(id, make.report(id)))
    return 0


def told(id: str, found: dict[str, Any]) -> str:
    """The report in lines."""
    sets = ", ".join(f"{title} {count:,}" for title, count in found["sets"])
    lines = [
        f"Gallery {id}: {found['pictures']:,} characters ({sets}), {found['bytes'] / 1e6:.1f} MB of pictures."
    ]
    lines += [f"  {name} {why}" for name, why in found["refused"]]
    if found["refused"]:
        lines.insert(1, f"{len(found['refused']):,} left out:")
    if found["alike"]:
        lines.append(f"{len(found['alike']):,} pairs look nearly the same to the classifier, for instance:")
        lines += [f"  {one} and {other} (cosine {cosine:.3f})" for one, other, cosine in found["alike"][:5]]
    lines.append(
        f"In the page: ?task=lookalike&gallery={id}. To leave it out: python3 build.py gallery --remove {id}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
