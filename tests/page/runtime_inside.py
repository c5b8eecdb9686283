"""A backend's runtime beside the page's own. Sent as text, before what runs something on it.

Does not run anything.
"""

from typing import Any

from app.core.backend import BACKENDS
from app.page.runtime import Runtime, load_ort


async def loaded(page: Any, backend: str) -> Runtime:
    """The runtime; the page keeps its own."""
    shell, js_own = page.python.unwrap(), page.ort
    state = shell.state
    probe = state.caps.probe
    js_ort, _ = await load_ort(page, shell.manifest, BACKENDS[backend], probe, state.settings)
    page.ort = js_own
    return Runtime(page, js_ort, BACKENDS[backend], probe.features)
