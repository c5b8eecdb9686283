"""The GPUs that the page's Probe finds. Run by bench/variants.py.

Measures nothing.
"""

import json

from app.page.probe import probe


async def main() -> str:
    """As JSON, by backend: `name` ("" without a GPU) and `imitated` (whether it is emulated in software)."""
    browser = await probe()
    return json.dumps(
        {
            backend: {
                "name": getattr(browser, backend),
                "imitated": getattr(browser, f"software_{backend}"),
            }
            for backend in ("webgl", "webgpu")
        }
    )
