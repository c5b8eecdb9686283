"""Later: stands for a module that the page does not use, and imports it if it is used after all.

Does not fetch anything. The build puts this file into the standard library that the snapshot is made with.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """A module whose first unknown attribute imports the real one in its place."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks for these
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        real = import_module(self.__name__)
        if isinstance(real, Later):  # the snapshot is being made
            raise AttributeError(f"{self.__name__}.{name} is not in publish/pack/slim/library.py")
        self.__dict__.update(real.__dict__)
        return getattr(real, name)


def stand(name: str, **known: object) -> None:
    """Put a Later in the place of a module; `known` is what is read of it when others are imported."""
    module = Later(name)
    module.__dict__.update(known, __all__=())
    sys.modules[name] = module
