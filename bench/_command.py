"""Runs a benchmark as a command: its errors as sentences, its progress apart from its tables.

Measures nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from app.core.errors import UserError


def run(main: Callable[[], None]) -> None:
    """Run a module's main(); a UserError ends the command with its sentence."""
    try:
        main()
    except UserError as error:
        sys.exit(str(error))


def progress(*words: object) -> None:
    """Print a line of progress to standard error."""
    print(*words, file=sys.stderr, flush=True)
