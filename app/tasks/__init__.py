"""The tasks by id: each module or package of this folder that defines TASK, in alphabetical order.

Does not choose a task: the settings do.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from app.tasks.base import Task


def _load() -> dict[str, type[Task]]:
    modules = {name: import_module(f"{__name__}.{name}") for _, name, _ in sorted(iter_modules(__path__))}
    return {name: module.TASK for name, module in modules.items() if hasattr(module, "TASK")}


TASKS: dict[str, type[Task]] = _load()
