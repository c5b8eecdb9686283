"""The GPUs as the page's Probe names them. Run by bench/variants.py.

Measures nothing.
"""

import json

from app.page.probe import probe


async def main() -> str:
    """As JSON, by backend: `name` ("" without one), and whether it is `imitated` by the processor."""
    found = await probe()
    return json.dumps(
        {
            backend: {
                "name": getattr(found, backend),
                "imitated": getattr(found, f"software_{backend}"),
            }
            for backend in ("webgl", "webgpu")
        }
    )
