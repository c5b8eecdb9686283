"""Compiled graphs against onnxruntime-web, and their kernels against the core's peak, on one thread.

Judges no output. Every graph that WebAssembly runs takes turns in one module worker of a cross-origin
isolated page: onnxruntime-web, the simd128 module and its twin for relaxed SIMD, in rotating order. A run of
a module includes copying its inputs in. Ratios are onnxruntime-web / module: of the minima and, in brackets,
the median of the rounds' ratios. Then each step of the models is timed alone, many times in a row, so its
inputs lie in the cache. The peak is what loops of multiplications and additions in registers reach.
Arguments: cards (default: all), whose steps are then listed, and the number of rounds. With --write the
tables of the measured graphs go to docs/figures.md and docs/compiler.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.errors import UserError
from bench import _kernel_graphs
from bench import _kernel_tables as tables
from bench import _kernel_worker as worker
from bench._browser import launch, serve_dist
from bench._command import progress, run
from bench._kernel_graphs import Subject
from bench._kernel_tables import COMPILED, KINDS, Layers, Table
from bench._report import Report, machine, markdown
from publish import DIST, ROOT, STATE

ROUNDS = 8
DETAILED = "selfie-landscape"  # the model whose steps the document lists
COMPILER = ROOT / "docs" / "compiler.md"


def main() -> None:
    """Measure and print."""
    report = Report("kernels", sys.argv[1:])
    explained = Report("kernels", sys.argv[1:], COMPILER)
    words = report.arguments
    rounds = next((int(word) for word in words if word.isdigit()), ROUNDS)
    if not (DIST / "manifest.json").is_file():
        raise UserError("dist/ is not built. Run: python3 build.py build")
    names = [word for word in words if not word.isdigit()]
    subjects = chosen(_kernel_graphs.read(DIST), names)
    with TemporaryDirectory(dir=STATE) as name:
        folder = Path(name)
        worker.write_rest(folder)
        found = [worker.prepare(subject, str(n), folder) for n, subject in enumerate(subjects)]
        with serve_dist({"kernels": folder}) as url, launch(gpu="none") as browser:
            where = machine(browser.version)
            timed = worker.start(browser, f"{url}kernels/")
            peaks = {kind: worker.peak(timed, kind) for kind in COMPILED}
            tiled = {kind: worker.tiles(timed, kind) for kind in COMPILED}
            measured = []
            for each in found:
                measured.append(worker.measure(timed, each, rounds))
                progress(*tables.speed([measured[-1][0]])[1][0])
            models = [each for each in found if each.subject.is_model]
            steps = {kind: [worker.layers(timed, each, kind) for each in models] for kind in COMPILED}
            peaks = {kind: max(before, worker.peak(timed, kind)) for kind, before in peaks.items()}
    figures = paragraphs(
        {
            "Speed on one thread (minimum / 10th percentile / median of all runs):": tables.speed(
                row for row, _ in measured
            ),
            "Sizes (as they are / packed by brotli) and the start:": tables.sizes(row for _, row in measured),
        }
    )
    pixels = "A 1 × 1 convolution of 72 to 72 channels, GMAC/s by the pixels of a tile of 8 channels:"
    roofline = paragraphs({**rooflines(steps, peaks), pixels: tables.tiles(tiled, peaks)})
    print("\n\n".join([where, *figures, *roofline]), flush=True)
    for row in steps["simd"] if names else ():
        print(f"\n{row.title}, simd128:\n\n{markdown(*tables.layers(row, peaks['simd'], 0))}", flush=True)
    report.write(where, *figures)
    explained.write(where, *roofline)


def chosen(subjects: Sequence[Subject], cards: Sequence[str]) -> list[Subject]:
    """The subjects of these cards; all without cards. Raises UserError for a card that has none."""
    known = dict.fromkeys(subject.card for subject in subjects)
    if unknown := [card for card in cards if card not in known]:
        raise UserError(f"There is no graph of {unknown[0]}. The cards are: {', '.join(known)}.")
    return [subject for subject in subjects if not cards or subject.card in cards]


def rooflines(steps: Mapping[str, Sequence[Layers]], peaks: Mapping[str, float]) -> dict[str, Table]:
    """Tables by their titles: the models' kernels for each kind of module, and the steps of one model."""
    found: dict[str, Table] = {}
    for kind, rows in steps.items():
        peak = peaks[kind]
        text = (
            f"{KINDS[kind]}, GMAC/s (part of the peak of {peak:.1f} GMAC/s); part of the time of all steps:"
        )
        found[text] = tables.kernels(rows, peak)
        for row in rows:
            if row.title == DETAILED:
                found[f"The steps of {DETAILED}, {KINDS[kind]}:"] = tables.layers(row, peak)
    return found


def paragraphs(found: Mapping[str, Table]) -> list[str]:
    """Titles and tables as Markdown, without tables that have no rows."""
    return [text for title, table in found.items() if table[1] for text in (title, markdown(*table))]


if __name__ == "__main__":
    run(main)
