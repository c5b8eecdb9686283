"""A backend's runtime beside the page's own. Sent as text, before what runs something on it.

Does not run anything.
"""

from typing import Any

from app.core.backend import BACKENDS
from app.page.runtime import Runtime


async def loaded(page: Any, backend: str) -> Runtime:
    """The runtime; the page keeps its own."""
    shell, js_own = page.python.unwrap(), getattr(page, "ort", None)
    state = shell.state
    runtime = Runtime(page, shell.manifest, BACKENDS[backend], state.caps.probe, state.settings)
    if BACKENDS[backend].bundle:
        await runtime.ort()
        page.ort = js_own
    return runtime
