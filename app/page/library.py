"""The standard library's archive, which is fetched when a module is imported that the memory snapshot lacks.

Does not choose what the snapshot holds: the build imports the app's modules into it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec
from types import ModuleType

NAMES = sys.stdlib_module_names | {"pyodide", "_pyodide"}


class Library:
    """The first finder of `sys.meta_path` until a module of the standard library is asked for."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Have the archive fetched if it holds the module; the other finders find it there. Returns None."""
        if name.partition(".")[0] not in NAMES:
            return None
        if BuiltinImporter.find_spec(name) or FrozenImporter.find_spec(name):
            return None
        import page  # registered by worker.js; not there when the snapshot is made

        page.library(next(path for path in sys.path if path.endswith(".zip")))
        sys.meta_path = [each for each in sys.meta_path if each is not self]
        sys.path_importer_cache.clear()
        return None


def prepare() -> None:
    """Called once, after the last import of the snapshot: forget what can be had again."""
    import zipimport

    zipimport._zip_directory_cache.clear()  # type: ignore[attr-defined]
    sys.path_importer_cache.clear()
    sys.meta_path.insert(0, Library())
    gc.collect()
