"""`python -m models [OUT]` makes the models into OUT (dist by default) and prints their report; `add` adds.

Does not decide anything: models.build_models and models.add.command do the work.
"""

from __future__ import annotations

import sys
from pathlib import Path

from models import ROOT, build_models
from models.add import command
from models.spec.card import CardError


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 1 after one sentence about what is wrong."""
    if arguments[:1] == ["add"]:
        return command.main(arguments[1:])
    from models.report import readme, report

    out = Path(arguments[0]) if arguments else ROOT / "dist"
    try:
        cards = build_models(out, lambda line: print(line, file=sys.stderr, flush=True))
        readme.write()
    except CardError as error:
        print(error, file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"The models were not made: {error}", file=sys.stderr)
        return 1
    print(report.text(cards))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
