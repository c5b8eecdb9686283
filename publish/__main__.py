"""`python -m publish build|serve`: the commands that build.py runs once the environment exists.

Does not set up the environment: build.py does.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import webbrowser

from app.core.errors import UserError
from publish import DIST
from publish.pack.serve import Server


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m publish")
    parser.add_argument("command", choices=("build", "serve"))
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-open", action="store_true")
    args = parser.parse_args(arguments)
    try:
        if args.command == "build":
            pack()
        else:
            serve(args.port, not args.no_open)
        return 0
    except UserError as error:
        print(f"\n{error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("\nThe disk is full. Free about 1 GB and run the same command again.", file=sys.stderr)
    return 1


def pack() -> None:
    """Bring dist/ up to date."""
    from publish.pack.dist import pack  # imports the tools for models, which takes a second

    pack()


def serve(port: int, show: bool) -> None:
    """Open the port, pack dist/ and serve it until Ctrl-C; `show` opens the browser."""
    with Server(DIST, port) as server:
        pack()
        print(f"Vitrine is at {server.url} (Ctrl-C stops it)", flush=True)
        if show and not (graphical() and webbrowser.open(server.url)):
            print("Open this address in a browser.", flush=True)
        server.serve_forever()


def graphical() -> bool:
    """Whether a window can open: without a display `webbrowser` may start a browser inside the terminal."""
    return sys.platform in ("win32", "darwin") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
