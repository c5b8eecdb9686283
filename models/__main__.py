"""`python -m models [OUT]` makes the models into OUT (dist/ by default) and prints a report; `add` adds one.

Does not make models itself: models.build.build_models and models.add.command do.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.core.errors import UserError
from models.add import command
from models.build import ROOT, build_models


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 1 after a message that says what is wrong."""
    if arguments[:1] == ["add"]:
        return command.main(arguments[1:])
    from models.report import docs, report

    out = Path(arguments[0]) if arguments else ROOT / "dist"
    try:
        cards = build_models(out, lambda line: print(line, file=sys.stderr, flush=True))
        docs.write()
    except UserError as error:
        print(f"The models were not made. {error}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"The models were not made: {error}", file=sys.stderr)
        return 1
    print(report.text(cards))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
