"""Leaves out of Pyodide's script the exports of its module that nothing in the script uses.

Does not change what the script does. They exist for modules that are linked when loaded; the page has none.
"""

from __future__ import annotations

import re

HEAD = "function assignWasmExports(wasmExports){"
FIELD = r'(?:Module\["\w+"\]=)?'
STATEMENT = re.compile(rf'(\w+)={FIELD}(?:(\w+)={FIELD})?wasmExports\["(\w+)"\](?:\.value>>>0)?')
WORD = re.compile(r"[\w$]+")


def shorten(script: str) -> tuple[str, set[str]]:
    """The shorter script and the names of the exports that it uses. Raises ValueError for another form."""
    start = script.find(HEAD)
    end = script.find("}", start)
    if start < 0 or end < 0:
        raise ValueError("pyodide.asm.mjs has no function assignWasmExports")
    statements = script[start + len(HEAD) : end].split(";")
    # The variables are declared once before the function; a declaration is no use.
    declared = script.rfind("var ", 0, start)
    outside = script[:declared] + script[end:]
    if not re.fullmatch(r"[\w$,\s]+;?", script[declared + 4 : start]):
        raise ValueError("pyodide.asm.mjs does not declare the exports' variables before assignWasmExports")
    words = set(WORD.findall(outside))
    kept, names = [], set(re.findall(r"wasmExports(?:\.|\[\")(\w+)", outside))
    for statement in filter(None, statements):
        match = STATEMENT.fullmatch(statement)
        if not match:
            raise ValueError(f"pyodide.asm.mjs has an export of another form: {statement[:80]}")
        if {match[1], match[2]} & words:
            kept.append(statement)
            names.add(match[3])
    variables = script[declared + 4 : start].strip().rstrip(";").split(",")
    used = {name for statement in kept for name in WORD.findall(statement)} | words
    short = "var " + ",".join(name for name in variables if name.strip() in used) + ";"
    body = "".join(f"{statement};" for statement in kept)
    return script[:declared] + short + HEAD + body + script[end:], names
