"""Runs the candidates of one card in turns on the page's backend. Run by bench/variants.py.

Judges nothing: returns times and outputs.
"""

import asyncio
import json
from base64 import b64encode
from typing import Any

import js
import page
from pyodide.ffi import JsException

from app.core.chain import Chain
from app.page.session import Session, now
from app.page.tensor import Tensor

TIMEOUT = 240  # s for one run; WebGPU emulated in software compiles for half a minute


async def main(
    provider: str,
    candidates: Any,
    pictures: str,
    shape: list[int],
    mask: list[int],
    collect: int,
    budget: float,
    dimensions: Any,
) -> str:
    """As JSON, by candidate: `said` (why it does not run, or ""), `times` in ms, `outputs` of each picture.

    `candidates`: id -> paths of its graphs and the type of its rgba. `pictures`: path of bytes [n,H,W,4].
    Each candidate runs the first `collect` of them once and returns their outputs. Then the candidates run
    the first picture in turns for `budget` milliseconds.
    """
    js_bytes = js.Uint8Array.new(await fetch_bytes(pictures))
    length = shape[1] * shape[2] * 4
    collect = min(collect, js_bytes.length // length)
    results: dict[str, Any] = {}
    sessions: dict[str, Any] = {}
    for name, candidate in candidates.to_py().items():
        results[name] = {"said": "", "times": [], "outputs": []}
        try:
            opened = [
                await Session.open(
                    page.ort, js.Uint8Array.new(await fetch_bytes(path)), provider, dimensions.to_py()
                )
                for path in candidate["paths"]
            ]
        except (RuntimeError, JsException) as error:
            results[name]["said"] = reason(error)
            continue
        sessions[name] = opened[0] if len(opened) == 1 else Chain(*opened), candidate["rgba"]

    async def run(name: str, index: int) -> dict[str, Any]:
        session, kind = sessions[name]
        js_picture = js_bytes.slice(index * length, (index + 1) * length)
        feeds = {
            "rgba": Tensor(kind, js_picture if kind == "uint8" else js.Float32Array.new(js_picture), shape)
        }
        feeds["memory"] = session.blank((1, 1, *mask))
        feeds["keep"] = session.tensor([0.0], (1,))
        begin = now()
        outputs: dict[str, Any] = await asyncio.wait_for(session.run(feeds), TIMEOUT)
        results[name]["times"].append(now() - begin)
        return outputs

    for name in list(sessions):
        try:
            for index in range(collect):
                results[name]["outputs"].append({k: to_json(v) for k, v in (await run(name, index)).items()})
        except (RuntimeError, JsException, TimeoutError) as error:
            results[name]["said"] = reason(error) or "takes more than four minutes"
            del sessions[name]
        results[name]["times"] = results[name]["times"][1:]  # the first run compiles and allocates
    begin = now()
    while sessions and now() - begin < budget:
        for name in sessions:
            await run(name, 0)
    for session, _ in sessions.values():
        await session.close()
    return json.dumps(results)


def reason(error: Exception) -> str:
    """The message of the runtime."""
    return str(error).split("\n")[0].split("Error: ")[-1][:200]


async def fetch_bytes(path: str) -> Any:
    """A file as an ArrayBuffer."""
    return await (await js.fetch(path)).arrayBuffer()


def to_json(tensor: Any) -> Any:
    """A Tensor as plain JSON types."""
    return {
        "type": tensor.type,
        "dims": list(tensor.dims),
        "data": b64encode(tensor.data.to_bytes()).decode(),
    }
