"""The worker in which kernels are timed: writes the files that it loads, starts it, and asks it for times.

Knows no tables. bench/inside/kernels.js does the timing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import brotli
import numpy as np
from playwright.sync_api import Browser, Worker

from bench import _kernel_peak
from bench._browser import TIMEOUT, script
from bench._kernel_graphs import Subject
from bench._kernel_tables import COMPILED, Layers, Sizes, Speed, multiplications
from models import artifacts
from models.compile import Program, compile_graph
from publish import DIST

BUDGET = 40  # ms of runs of a kind in a round; one run at least
QUALITY = 9  # of brotli, which is fast enough and packs nearly as well as the build's
WORKER = """import * as ort from '../{module}';
const at = (path) => new URL(path, import.meta.url).href;
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = {{ mjs: at('../{mjs}'), wasm: at('../{wasm}') }};
globalThis.ort = ort;
postMessage('ready');
"""
PAGE = "<!doctype html><title>kernels</title>"
START = """() => new Promise((done, fail) => {
  const worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = done;
  worker.onerror = () => fail(new Error('the worker does not start'));
})"""


@dataclass(frozen=True)
class Prepared:
    """A compiled subject, whose files are in the worker's folder under `name`."""

    subject: Subject
    name: str
    program: Program
    seconds: float  # that compiling took
    inputs: dict[str, dict[str, object]]

    @property
    def macs(self) -> int:
        """Multiplications of a run."""
        return sum(macs for _, macs in multiplications(self.program.steps))


def prepare(subject: Subject, name: str, folder: Path) -> Prepared:
    """Compile a subject and write its files."""
    begin = perf_counter()
    program = compile_graph(subject.model, subject.dimensions)
    seconds = perf_counter() - begin
    files = {"onnx": artifacts.serialize(subject.model), "bin": program.weights}
    files |= {f"{kind}.wasm": getattr(program, kind) for kind in COMPILED}
    if subject.is_model:
        profiled = compile_graph(subject.model, subject.dimensions, profile=True)
        files |= {f"{kind}.steps.wasm": getattr(profiled, kind) for kind in COMPILED}
    inputs: dict[str, dict[str, object]] = {}
    for place, (title, array) in enumerate(subject.feeds.items()):
        files[f"{place}.raw"] = np.ascontiguousarray(array).tobytes()
        inputs[title] = {"type": str(array.dtype), "shape": array.shape, "path": f"{name}.{place}.raw"}
    for suffix, data in files.items():
        (folder / f"{name}.{suffix}").write_bytes(data)
    return Prepared(subject, name, program, seconds, inputs)


def write_rest(folder: Path) -> None:
    """Write the page, the worker's script, and the modules that measure peak and tiles."""
    bundle = json.loads((DIST / "manifest.json").read_text("utf-8"))["ort"]["wasm"]
    (folder / "index.html").write_text(PAGE, "utf-8")
    (folder / "worker.js").write_text(WORKER.format(**bundle), "utf-8")
    for kind, relaxed in _kernel_peak.KINDS.items():
        for count in _kernel_peak.ACCUMULATORS:
            module = _kernel_peak.module(count, relaxed)
            (folder / f"peak.{count}.{kind}.wasm").write_bytes(module)
    for pixels in _kernel_peak.PIXELS:
        program = _kernel_peak.tiled(pixels)
        for kind in COMPILED:
            (folder / f"tiled.{pixels}.{kind}.wasm").write_bytes(getattr(program, kind))


def start(browser: Browser, url: str) -> Worker:
    """The worker of a page at `url`, the address of the folder, once onnxruntime-web is imported."""
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{url}index.html")
    page.evaluate(START)
    return page.workers[0]


def ask(worker: Worker, task: str, **job: object) -> Any:
    """What a task of bench/inside/kernels.js gives."""
    return worker.evaluate(script("kernels"), {"task": task, **job})


def peak(worker: Worker, kind: str) -> float:
    """The most GMAC/s of a loop in registers."""
    counts = _kernel_peak.ACCUMULATORS
    times = ask(worker, "calls", functions=[[f"peak.{count}.{kind}.wasm", "run"] for count in counts])
    return float(
        max(_kernel_peak.macs(count) / time / 1e6 for count, time in zip(counts, times, strict=True))
    )


def tiles(worker: Worker, kind: str) -> dict[int, float]:
    """GMAC/s of the dense kernel by pixels of its tiles."""
    functions = [[f"tiled.{pixels}.{kind}.wasm", _kernel_peak.DENSE] for pixels in _kernel_peak.PIXELS]
    times = ask(worker, "calls", functions=functions)
    return {
        pixels: _kernel_peak.TILED_MACS / time / 1e6
        for pixels, time in zip(_kernel_peak.PIXELS, times, strict=True)
    }


def measure(worker: Worker, found: Prepared, rounds: int) -> tuple[Speed, Sizes]:
    """The speed of a graph in turns with onnxruntime-web, and what its start took."""
    name, program = found.name, found.program
    given = ask(
        worker,
        "graph",
        onnx=f"{name}.onnx",
        weights=f"{name}.bin",
        modules={kind: f"{name}.{kind}.wasm" for kind in COMPILED},
        given=found.inputs,
        dimensions=dict(found.subject.dimensions),
        rounds=rounds,
        budget=BUDGET,
    )
    starts = {kind: (row["ready"], row["first"]) for kind, row in given["figures"].items()}
    title, memory = found.subject.title, given["figures"]["simd"]["memory"]
    modules = {kind: _packed(getattr(program, kind)) for kind in COMPILED}
    sizes = Sizes(title, modules, _packed(program.weights), memory, found.seconds, starts)
    return Speed(title, found.subject.goal, found.macs, given["times"]), sizes


def layers(worker: Worker, found: Prepared, kind: str) -> Layers:
    """The time of each step of a model, in the simd128 or relaxed module."""
    steps = multiplications(found.program.steps)
    given = ask(
        worker,
        "steps",
        weights=f"{found.name}.bin",
        module=f"{found.name}.{kind}.steps.wasm",
        given=found.inputs,
        count=len(steps),
    )
    rows = [(title, macs, time) for (title, macs), time in zip(steps, given["times"], strict=True)]
    return Layers(found.subject.title, rows, given["run"])


def _packed(data: bytes) -> tuple[int, int]:
    return len(data), len(brotli.compress(data, quality=QUALITY))
