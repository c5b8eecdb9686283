"""Candidates of one card beside each other on the page's backend. Run by bench/variants.py.

Judges nothing: gives times and outputs.
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

LONGEST = 240  # s for one run; WebGPU imitated by the processor compiles for half a minute


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

    `candidates`: id -> paths of its graphs and the type of its rgba. `pictures`: path of bytes [n,H,W,4], of
    which the first `collect` are run once by each, their outputs kept; the first of them is then repeated, in
    turns, for `budget` milliseconds.
    """
    js_bytes = js.Uint8Array.new(await fetched(pictures))
    length = shape[1] * shape[2] * 4
    collect = min(collect, js_bytes.length // length)
    found: dict[str, Any] = {}
    sessions: dict[str, Any] = {}
    for name, candidate in candidates.to_py().items():
        found[name] = {"said": "", "times": [], "outputs": []}
        try:
            opened = [
                await Session.open(
                    page.ort, js.Uint8Array.new(await fetched(path)), provider, dimensions.to_py()
                )
                for path in candidate["paths"]
            ]
        except (RuntimeError, JsException) as error:
            found[name]["said"] = reason(error)
            continue
        sessions[name] = opened[0] if len(opened) == 1 else Chain(*opened), candidate["rgba"], opened[0]

    async def run(name: str, index: int) -> dict[str, Any]:
        session, kind, wrap = sessions[name]
        js_picture = js_bytes.slice(index * length, (index + 1) * length)
        feeds = {
            "rgba": wrap.wrap(kind, js_picture if kind == "uint8" else js.Float32Array.new(js_picture), shape)
        }
        feeds["memory"] = wrap.blank((1, 1, *mask))
        feeds["keep"] = wrap.tensor([0.0], (1,))
        begin = now()
        outputs: dict[str, Any] = await asyncio.wait_for(session.run(feeds), LONGEST)
        found[name]["times"].append(now() - begin)
        return outputs

    for name in list(sessions):
        try:
            for index in range(collect):
                found[name]["outputs"].append({k: kept(v) for k, v in (await run(name, index)).items()})
        except (RuntimeError, JsException, TimeoutError) as error:
            found[name]["said"] = reason(error) or "takes more than four minutes"
            del sessions[name]
        found[name]["times"] = found[name]["times"][1:]  # the first run compiles and allocates
    begin = now()
    while sessions and now() - begin < budget:
        for name in sessions:
            await run(name, 0)
    for session, _, _ in sessions.values():
        await session.close()
    return json.dumps(found)


def reason(error: Exception) -> str:
    """The runtime's own words."""
    return str(error).split("\n")[0].split("Error: ")[-1][:200]


async def fetched(path: str) -> Any:
    """An ArrayBuffer."""
    return await (await js.fetch(path)).arrayBuffer()


def kept(tensor: Any) -> Any:
    """What JSON can hold of a Tensor."""
    return {
        "type": tensor.type,
        "dims": list(tensor.dims),
        "data": b64encode(tensor.data.to_bytes()).decode(),
    }
