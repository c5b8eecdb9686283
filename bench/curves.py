"""Curves of the page in a browser without a GPU: cost against sizes, faces, galleries and threads; memory.

Compares nothing but what is in one plot. Each point is a median. Arguments: the curves to measure (default:
all); their names are in CURVES.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.core.errors import UserError
from bench import _curve_cost, _curve_lookalike, _curve_memory, _plot
from bench._browser import launch, serve_dist
from bench._command import progress, run
from bench._curve_cost import Series
from bench._report import markdown
from bench._results import Results, machine, sentence
from bench._rows import ABSENT
from bench._sites import serve_peers
from bench._subjects import OURS, PEERS


@dataclass(frozen=True)
class Curve:
    """`x` and `y` name the axes, with their units."""

    title: str
    x: str
    y: str
    measure: Callable[[Mapping[str, str]], Series]
    logarithmic: bool = False


CURVES = {
    "input": Curve("Inference against the model's input", "Thousands of pixels", "ms", _curve_cost.inputs),
    "picture": Curve(
        "A frame with blur against the picture", "Rows of the picture", "ms", _curve_cost.pictures
    ),
    "threads": Curve("Frame to Mask against threads", "Threads", "ms", _curve_cost.threads),
    "faces": Curve("A photo's answers against its faces", "Faces", "ms", _curve_lookalike.faces),
    "gallery": Curve(
        "A search against the gallery", "Characters", "ms", _curve_lookalike.gallery, logarithmic=True
    ),
    "memory": Curve("Memory of the browser", "Seconds", "MB", _curve_memory.memory),
}


def main() -> None:
    """Measure, print, draw and write."""
    names, results = sys.argv[1:] or list(CURVES), Results("curves")
    if unknown := [name for name in names if name not in CURVES]:
        raise UserError(f"There is no curve {unknown[0]}. The curves are: {', '.join(CURVES)}.")
    with serve_dist() as ours, serve_peers() as peers:
        with launch(gpu="none") as browser:
            where = machine(browser.version, {})
        results.data = {"machine": where, "curves": {}}
        results.add("## Curves", sentence(where))
        for name in names:
            curve = CURVES[name]
            series = curve.measure({OURS: ours, PEERS: peers})
            results.data["curves"][name] = series
            progress(f"curves: {curve.title}")
            if any(series.values()):
                svg = _plot.lines(curve.title, curve.x, curve.y, series, curve.logarithmic)
                results.add(f"### {curve.title}")
                results.plot(name, curve.title, svg)
                results.add(markdown(*table(curve, series)))
            else:
                results.notes([f"{curve.title}: nothing could be measured on this machine."])
    results.write()


def table(curve: Curve, series: Series) -> tuple[list[str], list[list[str]]]:
    """The points of a plot as a table, one row for each place on the x axis."""
    places = sorted({place for points in series.values() for place, _ in points})
    rows = []
    for place in places:
        found = [dict(points).get(place) for points in series.values()]
        cells = [ABSENT if value is None else f"{value:.1f}" for value in found]
        rows.append([_plot.number(place), *cells])
    return [curve.x, *(f"{name}, {curve.y}" for name in series)], rows


if __name__ == "__main__":
    run(main)
