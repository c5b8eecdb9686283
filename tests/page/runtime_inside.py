"""A backend's runtime beside the page's own. Sent as text, before what runs something on it.

Does not run anything.
"""

from typing import Any

from app.core.backend import BACKENDS
from app.page.runtime import Runtime, load_ort


async def loaded(page: Any, backend: str) -> Runtime:
    """The runtime; the page keeps its own."""
    worker, js_own = page.python.unwrap(), page.ort
    probe = worker.caps.probe
    js_ort, _ = await load_ort(page, worker.manifest, BACKENDS[backend], probe, worker.settings)
    page.ort = js_own
    return Runtime(page, js_ort, BACKENDS[backend], probe.features)
