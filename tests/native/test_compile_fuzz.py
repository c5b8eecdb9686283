"""Random graphs, compiled and run in wasmtime, against onnxruntime.

Does not choose the graphs: tests/support/random_graphs.py does. For long runs, which print each graph that
fails in its smallest form: python -m tests.native.test_compile_fuzz FIRST COUNT
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import numpy as np
import onnx
import pytest

from models.compile import UnsupportedError, compile_graph
from tests.support import random_graphs
from tests.support.random_graphs import Graph
from tests.support.wasm_run import Running, difference

SEEDS, GROUP = 500, 20
TOLERANCE = 2e-5  # of the largest number that a value's errors come from


def problem(g: Graph) -> str:
    """What is wrong with the compiled graph, in words; empty where nothing is. Raises UnsupportedError."""
    model = g.model()
    program = compile_graph(model)
    for kind in ("simd", "relaxed"):
        try:
            running = Running(getattr(program, kind), program.weights)
            feeds = {name: value for name, value in g.inputs.items() if name in running.about["inputs"]}
            got, again = running(feeds), running(feeds)
        except Exception as error:  # a module that is not valid, a trap, or an endless loop
            return f"{kind}: {type(error).__name__}: {str(error)[:300]}"
        for name in g.outputs:
            expected = g.values[name]
            if expected.dtype.kind == "f" and name not in g.exact:
                tolerance = TOLERANCE * g.scale[name] / max(float(np.abs(expected).max()), 1e-30)
            else:
                tolerance = 0.0 if name in g.exact else 1.0
            if text := difference(name, got[name], expected, tolerance):
                return f"{kind}: {text}"
            if difference(name, again[name], got[name], 0):
                return f"{kind}: {name} is another in the second run"
        for name, value in feeds.items():
            if not np.array_equal(running.view(running.about["inputs"][name]), value):
                return f"{kind}: the input {name} is changed"
    return ""


def outcome(g: Graph) -> str:
    """`problem`, or the exception of the compiler."""
    try:
        return problem(g)
    except UnsupportedError:
        return ""
    except Exception as error:
        return f"compile_graph: {type(error).__name__}: {error}"


@pytest.mark.parametrize("first", range(0, SEEDS, GROUP))
def test_random_graphs_compute_what_onnxruntime_does(first: int) -> None:
    unsupported = 0
    for seed in range(first, first + GROUP):
        g = random_graphs.make(seed)
        try:
            text = problem(g)
        except UnsupportedError:
            unsupported += 1
            continue
        assert not text, f"seed {seed}: {text}\n{onnx.printer.to_text(g.model())[:3000]}"
    assert unsupported <= GROUP // 4


def long_run(first: int, count: int) -> None:
    """Print each failure in its smallest form, and why graphs were refused."""
    tally: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    for seed in range(first, first + count):
        g = random_graphs.make(seed)
        operators.update(node.op_type for node in g.model().graph.node)
        try:
            text = problem(g)
            tally["wrong" if text else "right"] += 1
        except UnsupportedError as error:
            tally["refused"] += 1
            refused[_kind(error)] += 1
            continue
        except Exception as error:
            tally["crashed"] += 1
            text = f"compile_graph: {type(error).__name__}: {error}"
        if text:
            small = random_graphs.smaller(g, lambda each: outcome(each) != "")
            print(f"\nseed {seed}: {text}\n  smallest: {outcome(small)}")
            print("  " + _text(small).replace("\n", "\n  "), flush=True)
    print(dict(tally), *(f"\n  {n} {reason}" for reason, n in refused.most_common()))
    print(dict(operators.most_common()))


def _kind(error: Any) -> str:
    return "".join("#" if each.isdigit() else each for each in str(error))


def _text(g: Graph) -> str:
    model = g.model()
    lines = [f"{v.name} {list(g.inputs[v.name].shape)} {g.inputs[v.name].dtype}" for v in model.graph.input]
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        names = [
            f"{n}{list(g.constants[n].shape)}={g.constants[n].tolist() if g.constants[n].size < 9 else '...'}"
            if n in g.constants
            else n
            for n in node.input
        ]
        shape = [list(g.values[name].shape) for name in node.output]
        lines.append(f"{list(node.output)} {shape} = {node.op_type}({', '.join(names)}) {attributes}")
    return "\n".join([*lines, f"outputs {g.outputs}"])


if __name__ == "__main__":
    long_run(int(sys.argv[1]), int(sys.argv[2]))
