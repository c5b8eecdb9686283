"""The handlers of ONNX operators, by name.

Does not import them: models.compile.operators does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any, Any], None]  # takes the Lowering and a Node, and defines the Node's outputs
HANDLERS: dict[str, Handler] = {}
FUSABLE: set[str] = set()  # elementwise operators: their operands and results may be expressions
TAKES_LAZY: set[str] = set()  # others that can take an expression that nothing else uses


def operator(*names: str, fusable: bool = False, lazy: bool = False) -> Callable[[Handler], Handler]:
    """Registers the handler of ONNX operators."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        if fusable:
            FUSABLE.update(names)
        if lazy:
            TAKES_LAZY.update(names)
        return handler

    return register
