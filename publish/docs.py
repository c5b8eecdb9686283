"""`python3 build.py docs`: the parts of the documentation that are made from the code.

Does not write the models' tables or the figures: `build.py models` and `build.py bench` do.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from app.core.errors import UserError
from app.core.settings import Settings
from app.panel.rows import SETTINGS
from app.panel.setting import Setting
from publish import ROOT
from publish.protocol import table, typescript

START, END = "<!-- {name}: written by `python3 build.py docs` -->", "<!-- end of {name} -->"


def settings() -> str:
    """The settings as a Markdown table: the names are the URL's and those of vitrine.set()."""
    rows = [_row(setting) for setting in SETTINGS.values()]
    return "\n".join(["| Name | Values | Meaning | Default |", "| --- | --- | --- | --- |", *rows]) + "\n"


def _row(setting: Setting) -> str:
    value = setting.value(Settings())
    default = int(value) if isinstance(value, bool) else value
    shown = f"`{default}`" if default != "" else "–"
    return f"| `{setting.name}` | {setting.kind.values} | {setting.meaning} | {shown} |"


# A whole file, or a file and the name of the part that is written in it.
WRITTEN: Mapping[str, tuple[str, Callable[[], str]]] = {
    "types/messages.d.ts": ("", typescript),
    "README.md": ("settings", settings),
    "docs/architecture.md": ("protocol", table),
}


def between(text: str, name: str, part: str) -> str:
    """A text with what stands between the marks of this name replaced. Raises UserError without the marks."""
    start, end = START.format(name=name), END.format(name=name)
    pattern = f"{re.escape(start)}\n.*?{re.escape(end)}"
    if not re.search(pattern, text, re.DOTALL):
        raise UserError(f"The marks “{start}” and “{end}” are missing. Put them where the part belongs.")
    return re.sub(pattern, lambda _: f"{start}\n{part}{end}", text, count=1, flags=re.DOTALL)


def expected(path: str) -> str:
    """What a file has to hold. Raises UserError where its marks are missing."""
    name, make = WRITTEN[path]
    return between((ROOT / path).read_text("utf-8"), name, make()) if name else make()


def main() -> int:
    """Write every part that is not as it should be; returns the exit status."""
    try:
        for path in WRITTEN:
            text, file = expected(path), Path(ROOT / path)
            if not file.is_file() or file.read_text("utf-8") != text:
                file.write_text(text, "utf-8")
                print(f"{path}: written")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
