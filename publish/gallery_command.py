"""`build.py gallery SOURCE`: adds a folder of pictures or a card to the page as a gallery.

Does not make the gallery: packing dist/ makes every gallery. It is not in publish.gallery because it packs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.errors import UserError

ABOUT = """Adds a gallery to the page: characters that the look-alike task compares faces with.

SOURCE is a folder of pictures (PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF): the name of a file is the name of the
character, and a subfolder is a set. Or SOURCE is a card (.toml), which also states licence and author:

  title = "Our town"
  [[set]]
  title = "Portraits"
  folder = "portraits"      # beside the card; or npm = "PACKAGE" and path = "FOLDER" inside the package
  licence = "CC0 1.0"
  credit = "Ada Example"

The gallery is built into dist/, now and in every later build, until you remove it with --remove. Pictures
that cannot be used are left out and listed with the reason. Without SOURCE, the added galleries are listed.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit status: 1 after a sentence that says what is wrong, else 0."""
    lines = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="build.py gallery", description=ABOUT, formatter_class=lines)
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="a folder of pictures, or a card (.toml)")
    parser.add_argument("--title", default="", help="title in the page (default: the name of the folder)")
    parser.add_argument("--remove", metavar="ID", default="", help="remove an added gallery")
    args = parser.parse_args(arguments)
    try:
        return run(args.source, args.title, args.remove)
    except KeyboardInterrupt:
        return 130
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        print(f"\nThe gallery could not be made: {error}", file=sys.stderr)
    return 1


def run(source: str | None, title: str, remove: str) -> int:
    """Add a gallery, remove one or list them; returns the exit status. Raises UserError."""
    from publish.gallery import registry

    if remove:
        registry.remove(remove)
        _pack()
        return 0
    if source is None:
        lines = [f"{row.id}: {row.source}" for row in registry.added_galleries()]
        print("\n".join(lines) or "No gallery has been added. For help: python3 build.py gallery --help")
        return 0
    before = registry.added_galleries()
    row = registry.add((Path(os.environ.get("VITRINE_FROM", ".")) / source).resolve(), title)
    try:
        _pack()
        _print_report(row.id)
    except BaseException:  # Ctrl-C too: a gallery that was not built, or that stopped the build, is not kept
        registry.save(before)
        raise
    return 0


def _pack() -> None:
    from publish.pack.dist import pack

    pack()


def _print_report(id: str) -> None:
    """Print the report of a gallery. Raises UserError if dist/ does not contain it."""
    from publish.gallery import make, registry

    row = registry.manifest_row(id)
    if row is None or row["missing"]:
        reason = registry.reason_missing(id) or (row["missing"] if row else "dist/ does not contain it.")
        raise UserError(f"The gallery was not built: {reason}")
    print(format_report(id, make.report(id)))


def format_report(id: str, report: dict[str, Any]) -> str:
    """The report of `make.report` as lines of text."""
    sets = ", ".join(f"{title} {count:,}" for title, count in report["sets"])
    megabytes = f"{report['bytes'] / 1e6:.1f} MB"
    lines = [f"Gallery {id}: {report['pictures']:,} characters ({sets}), {megabytes} of pictures."]
    rejected, duplicates = report["refused"], report["alike"]
    if rejected:
        lines.append(f"{len(rejected):,} left out:")
        lines += [f"  {name} {reason}" for name, reason in rejected]
    if duplicates:
        lines.append(f"{len(duplicates):,} pairs look nearly the same to the classifier, for instance:")
        lines += [f"  {one} and {other} (cosine {cosine:.3f})" for one, other, cosine in duplicates[:5]]
    lines.append(f"In the page: ?task=lookalike&gallery={id}")
    lines.append(f"To remove it: python3 build.py gallery --remove {id}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
