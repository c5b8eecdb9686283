"""The messages of app.worker.protocol as TypeScript declarations and as a Markdown table.

Does not write files: publish.docs does. The comments beside the fields come from the source text.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from app.worker.protocol import TO_PAGE, TO_WORKER, browser, to_worker

SCALARS = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "None": "null"}
BROWSER = {
    "Bitmap": "ImageBitmap | null",
    "Picture": "VideoFrame | ImageBitmap",
    "FrameStream": "ReadableStream<VideoFrame> | null",
    "Canvas": "OffscreenCanvas",
    "File": "Blob",
}
HEAD = """\
// Written by `python3 build.py docs` from app/worker/protocol. Do not edit.

"""


def typescript() -> str:
    """types/messages.d.ts: an interface for each message and for each record in one, and the two unions."""
    records: dict[str, type] = {}
    parts = [_interface(message, records) for message in (*TO_WORKER, *TO_PAGE)]
    written: set[str] = set()
    while waiting := [name for name in sorted(records) if name not in written]:
        for name in waiting:
            written.add(name)
            parts.append(_interface(records[name], records))
    for title, messages in (("ToWorker", TO_WORKER), ("ToPage", TO_PAGE)):
        rows = "".join(f"  '{message.type}': {message.__name__};\n" for message in messages)  # type: ignore[attr-defined]
        parts.append(f"/** Each message by its type. */\nexport interface {title} {{\n{rows}}}\n")
    return HEAD + "\n".join(parts)


def table() -> str:
    """The messages both ways as Markdown, for docs/architecture.md."""
    lines = []
    for title, messages in (("Page to worker", TO_WORKER), ("Worker to page", TO_PAGE)):
        lines += [f"**{title}**", "", "| Type | Meaning | Fields |", "| --- | --- | --- |"]
        for message in messages:
            names = ", ".join(f"`{each.name}`" for each in fields(message)) or "–"
            lines.append(f"| `{message.type}` | {_summary(message)} | {names} |")  # type: ignore[attr-defined]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _interface(record: type, records: dict[str, type]) -> str:
    comments = _comments(record)
    lines = [f"/** {_summary(record)} */", f"export interface {record.__name__} {{"]
    if hasattr(record, "type"):
        lines.append(f"  type: '{record.type}';")
    for each in fields(record):
        if comment := comments.get(each.name):
            lines.append(f"  /** {comment} */")
        scope = vars(inspect.getmodule(record))
        may = "?" if record.__module__ == to_worker.__name__ and each.default is not MISSING else ""
        lines.append(f"  {each.name}{may}: {_type(str(each.type), scope, records)};")
    return "\n".join([*lines, "}", ""])


def _summary(record: type) -> str:
    return " ".join((inspect.getdoc(record) or "").split("\n\n")[0].split())


def _comments(record: type) -> dict[str, str]:
    """The comment behind each field."""
    found = re.findall(r"^    (\w+): [^#\n]*#\s*(.+)$", inspect.getsource(record), re.MULTILINE)
    return {name: text.strip() for name, text in found}


def _type(annotation: str, scope: dict[str, Any], records: dict[str, type]) -> str:
    """An annotation's TypeScript. Raises TypeError for one that cannot be written."""

    def convert(node: ast.expr) -> str:
        if isinstance(node, ast.BinOp):
            return f"{convert(node.left)} | {convert(node.right)}"
        if isinstance(node, ast.Constant):
            return SCALARS[str(node.value)]
        if isinstance(node, ast.Subscript):
            return generic(ast.unparse(node.value), node.slice)
        name = ast.unparse(node)
        if name in SCALARS:
            return SCALARS[name]
        if name in BROWSER and hasattr(browser, name):
            return BROWSER[name]
        found = scope.get(name)
        if is_dataclass(found) and isinstance(found, type):
            records[name] = found
            return name
        if found is not None and hasattr(found, "__args__"):  # an alias, such as Options
            return _type(re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", str(found)), _module_of(found, scope), records)
        raise TypeError(f"TypeScript for the annotation {annotation!r} is not known: {name}")

    def generic(name: str, inner: ast.expr) -> str:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Mapping":
            return f"Record<{convert(parts[0])}, {convert(parts[1])}>"
        if name == "tuple" and isinstance(parts[-1], ast.Constant) and parts[-1].value is Ellipsis:
            element = convert(parts[0])
            return f"({element})[]" if "|" in element else f"{element}[]"
        if name == "tuple":
            return f"[{', '.join(map(convert, parts))}]"
        raise TypeError(f"TypeScript for the annotation {annotation!r} is not known: {name}")

    return convert(ast.parse(annotation, mode="eval").body)


def _module_of(alias: Any, scope: dict[str, Any]) -> dict[str, Any]:
    """The names that an alias is made of, as they are known where it is used."""
    names = dict(scope)
    for each in _parts(alias):
        names[each.__name__] = each
    return names


def _parts(alias: Any) -> Iterator[type]:
    for each in getattr(alias, "__args__", ()):
        if isinstance(each, type):
            yield each
        yield from _parts(each)
