"""The page's <link> elements that have the browser fetch what it needs first, before a script asks for it.

Does not name what only the worker needs: it fetches that itself, and would fetch it twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

MARK = "  <!-- preload -->\n"
IMPORT = re.compile(r"""^(?:import|export)\b[^'";]*?'\./([\w-]+\.js)'""", re.MULTILINE)


def modules(read: Callable[[str], str], entry: str) -> list[str]:
    """The modules that `entry` imports, and those that they import; `read` gives the text of one."""
    found: list[str] = []
    todo = [entry]
    while todo:
        for name in IMPORT.findall(read(todo.pop())):
            if name not in found and name != entry:
                found.append(name)
                todo.append(name)
    return sorted(found)


def page(html: str, scripts: Sequence[str], images: Sequence[str]) -> str:
    """index.html with its links in place of MARK. Raises ValueError where it has no MARK."""
    if html.count(MARK) != 1:
        raise ValueError(f"index.html needs the line {MARK.strip()} once")
    links = ['<link rel="preload" href="manifest.json" as="fetch" crossorigin>']
    links += [f'<link rel="modulepreload" href="{escape(path)}">' for path in scripts]
    links += [f'<link rel="preload" href="{escape(path)}" as="image">' for path in images]
    return html.replace(MARK, "".join(f"  {link}\n" for link in links))
