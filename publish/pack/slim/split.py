"""Splits a WebAssembly module in two: the functions that a start runs, and the rest, which comes when called.

Does not know which functions a start runs: hot.py does. Both modules keep every index of the original, so no
instruction is changed: a function that the other module has is a stub here, which calls it through a table.
"""

from __future__ import annotations

from collections.abc import Collection

from models.compile.wasm import I32, signed, unsigned, vector
from publish.pack.slim.binary import (
    COUNT,
    DATA,
    ELEMENT,
    FUNCTIONS,
    GLOBALS,
    MEMORIES,
    START,
    TABLES,
    TAGS,
    Export,
    Global,
    Import,
    Module,
    Reader,
)

FUNCREF = 0x70
PREFIX = "split."  # of the names by which the second module imports what the first one has
NOTHING = (b"", b"")  # the type of a function without parameters and results
LOCAL_GET, CALL, CALL_INDIRECT, I32_CONST, TABLE_GET, REF_IS_NULL, IF, END, GLOBAL_SET = (
    0x20, 0x10, 0x11, 0x41, 0x25, 0xD1, 0x04, 0x0B, 0x24,
)  # fmt: skip
VOID = 0x40


def split(data: bytes, hot: Collection[int], exports: Collection[str]) -> tuple[bytes, bytes]:
    """The module of the `hot` functions, and that of the others, which is loaded when one of them is called.

    `hot`: positions in the code section. `exports`: those that remain, besides memory and tables. Neither
    module has data: a memory snapshot has it. The first exports a table `split.functions`, whose last entry
    the loader sets to a function that instantiates the second module; that one imports the first's exports
    as `core`. Raises ValueError for a module of another form.
    """
    whole = Module(data)
    count = len(whole.bodies)
    cold = [i for i in range(count) if i not in hot]
    if not cold or not hot:
        raise ValueError("the functions of a start are all or none of the module's")
    if START in whole.other:
        raise ValueError("the module has a start function, which would run twice")
    return _first(Module(data), cold, exports), _second(whole, hot)


def _stub(module: Module, position: int, table: int, ensure: int | None) -> bytes:
    """The body of a function that calls the function of that position in the other module."""
    kind = module.functions[position]
    inputs, _ = module.types[kind]
    code = bytes([CALL]) + unsigned(ensure) if ensure is not None else b""
    code += b"".join(bytes([LOCAL_GET]) + unsigned(i) for i in range(len(inputs)))
    code += bytes([I32_CONST]) + signed(position)
    code += bytes([CALL_INDIRECT]) + unsigned(kind) + unsigned(table)
    return b"\0" + code + bytes([END])


def _fill(positions: Collection[int], table: int, base: int) -> list[bytes]:
    """Element segments that put functions into the shared table, each at its position."""
    segments = []
    ordered = sorted(positions)
    start = 0
    for i in range(1, len(ordered) + 1):
        if i == len(ordered) or ordered[i] != ordered[i - 1] + 1:
            run = [unsigned(base + each) for each in ordered[start:i]]
            offset = bytes([I32_CONST]) + signed(ordered[start]) + bytes([END])
            segments.append(b"\2" + unsigned(table) + offset + b"\0" + vector(run))
            start = i
    return segments


def _first(module: Module, cold: Collection[int], exports: Collection[str]) -> bytes:
    count, base = len(module.bodies), len(module.imported(FUNCTIONS))
    table = len(module.imported(TABLES)) + len(module.tables)
    module.tables.append(bytes([FUNCREF, 0]) + unsigned(count + 1))
    absent = set(cold)
    hot = [i for i in range(count) if i not in absent]
    nothing = module.types.index(NOTHING)
    for position in cold:
        module.bodies[position] = _stub(module, position, table, base + count)
    module.functions.append(nothing)
    # If the first of the cold functions is not in the table yet: call the table's last entry.
    module.bodies.append(
        b"\0" + bytes([I32_CONST]) + signed(min(absent)) + bytes([TABLE_GET]) + unsigned(table)
        + bytes([REF_IS_NULL, IF, VOID, I32_CONST]) + signed(count)
        + bytes([CALL_INDIRECT]) + unsigned(nothing) + unsigned(table) + bytes([END, END])
    )  # fmt: skip
    wanted = {name.encode() for name in exports}
    module.exports = [each for each in module.exports if each.name in wanted or each.kind in (1, 2)]
    module.exports += _shared(module)
    segments = _fill(hot, table, base)
    elements = module.other.get(ELEMENT, b"\0")
    before, body = _count(elements)
    module.other[ELEMENT] = unsigned(before + len(segments)) + body + b"".join(segments)
    module.other.pop(DATA, None)
    module.other.pop(COUNT, None)
    return module.encode()


def _count(section: bytes) -> tuple[int, bytes]:
    value = shift = at = 0
    while True:
        byte = section[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, section[at:]


def _name(kind: int, index: int) -> bytes:
    return f"{PREFIX}{kind}.{index}".encode()


def _last_mutable(module: Module) -> int:
    """How many of the module's own globals lie before the last that may change, with it."""
    return max((i + 1 for i, each in enumerate(module.globals) if each.mutable), default=0)


def _shared(module: Module) -> list[Export]:
    """What the second module imports: tables, memory, tags and the globals that may change."""
    out = []
    for kind, own in ((TABLES, module.tables), (MEMORIES, module.memories), (TAGS, module.tags)):
        before = len(module.imported(kind))
        out += [Export(_name(kind, i), kind, before + i) for i in range(len(own))]
    before = len(module.imported(GLOBALS))
    out += [Export(_name(GLOBALS, i), GLOBALS, before + i) for i in range(_last_mutable(module))]
    out[len(module.tables) - 1] = Export(
        f"{PREFIX}functions".encode(), TABLES, len(module.imported(TABLES)) + len(module.tables) - 1
    )
    return out


def _second(module: Module, hot: Collection[int]) -> bytes:
    count, base = len(module.bodies), len(module.imported(FUNCTIONS))
    table = len(module.imported(TABLES)) + len(module.tables)
    for position in hot:
        module.bodies[position] = _stub(module, position, table, None)
    shared = [(TABLES, i, each) for i, each in enumerate(module.tables)]
    shared += [(MEMORIES, i, each) for i, each in enumerate(module.memories)]
    shared += [(TAGS, i, each) for i, each in enumerate(module.tags)]
    last = _last_mutable(module)
    shared += [(GLOBALS, i, bytes([each.type, each.mutable])) for i, each in enumerate(module.globals[:last])]
    module.imports += [Import(b"core", _name(kind, i), kind, type) for kind, i, type in shared]
    whole = bytes([FUNCREF, 0]) + unsigned(count + 1)
    module.imports.append(Import(b"core", f"{PREFIX}functions".encode(), TABLES, whole))
    module.globals = module.globals[last:]
    module.tables, module.memories, module.tags, module.exports, module.custom = [], [], [], [], []
    absent = set(hot)
    cold = [i for i in range(count) if i not in absent]
    module.other = {ELEMENT: vector(_fill(cold, table, base))}
    return module.encode()


def instrumented(data: bytes, count: int) -> bytes:
    """The module with an exported global `hot.<position>` for each of its first `count` functions.

    It becomes 1 when the function is called.
    """
    module = Module(data)
    before = len(module.imported(GLOBALS)) + len(module.globals)
    for i, body in enumerate(module.bodies[:count]):
        at = _code_start(body)
        mark = bytes([I32_CONST, 1, GLOBAL_SET]) + unsigned(before + i)
        module.bodies[i] = body[:at] + mark + body[at:]
        module.globals.append(Global(I32, True, bytes([I32_CONST, 0, END])))
        module.exports.append(Export(f"hot.{i}".encode(), GLOBALS, before + i))
    return module.encode()


def _code_start(body: bytes) -> int:
    """Where a body's instructions begin, after its local variables."""
    reader = Reader(body)
    for _ in range(reader.number()):
        reader.number()
        reader.take(1)
    return reader.at
