"""bench/_plot.py, _results.py and _processes.py: SVG, files of results, and the browser's processes.

Does not measure and does not start a browser.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.core.errors import UserError
from bench import _peer_packages, _plot, _processes
from bench._results import Results, machine, processor, sentence
from publish import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def test_ticks_are_round_numbers_around_the_values() -> None:
    assert _plot.ticks(0, 10) == [0, 2, 4, 6, 8, 10]
    assert _plot.ticks(0, 0.13) == [0, 0.05, 0.1, 0.15]
    assert _plot.ticks(3, 3)[0] <= 3 <= _plot.ticks(3, 3)[-1]
    for high in (0.001, 1.0, 7.3, 99.0, 12345.0):
        found = _plot.ticks(0, high)
        assert found[0] == 0 and found[-1] >= high * (1 - 1e-9) and 2 <= len(found) <= 8


def test_a_plot_is_well_formed_and_holds_every_point() -> None:
    series = {"a < b": [(1.0, 2.0), (10.0, 4.0), (100.0, 1.0)], "c": [(1.0, 3.0)]}
    root = ElementTree.fromstring(_plot.lines("Cost & size", "Size", "ms", series, logarithmic=True))
    circles = root.findall(f"{SVG}circle")
    assert len(circles) == 4
    across = [float(circle.get("cx", "")) for circle in circles[:3]]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)  # equal steps of ten
    down = [float(circle.get("cy", "")) for circle in circles[:3]]
    assert down[1] < down[0] < down[2]  # larger values are higher
    words = [text.text for text in root.findall(f"{SVG}text")]
    assert {"Cost & size", "Size", "ms", "a < b", "c"} <= set(words)
    assert all(0 <= float(c.get("cx", "")) <= _plot.WIDTH and 0 <= float(c.get("cy", "")) <= _plot.HEIGHT
               for c in circles)  # fmt: skip


def test_a_plot_without_points_is_an_error() -> None:
    with pytest.raises(ValueError, match="Nothing has no points"):
        _plot.lines("Nothing", "x", "y", {"a": []})


def test_results_are_json_markdown_and_plots_and_join_to_one_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("native", "summary"):
        results = Results(part, tmp_path)
        results.add(f"## The {part}")
        results.notes(["One sentence."])
        results.plot("faces", "Faces", "<svg/>")
        results.data = {"numbers": [1]}
        results.write()
    assert json.loads((tmp_path / "native.json").read_text("utf-8")) == {"numbers": [1]}
    assert (tmp_path / "native-faces.svg").read_text("utf-8") == "<svg/>"
    report = (tmp_path / "report.md").read_text("utf-8")
    assert report.index("## The summary") < report.index("## The native")
    assert "- One sentence." in report and "![Faces](native-faces.svg)" in report
    assert "## The native" in capsys.readouterr().out


def test_the_machine_is_named_and_a_software_gpu_is_marked(tmp_path: Path) -> None:
    gpus = {"webgl": {"name": "SwiftShader", "imitated": True}, "webgpu": {"name": "", "imitated": False}}
    text = sentence(machine("156.0.1", gpus))
    assert "headless Chromium 156.0.1" in text and f"{os.cpu_count()} cores" in text
    assert text.endswith("GPUs: webgl: SwiftShader (a software GPU: the processor emulates it).")
    assert sentence(machine("1", {})).endswith("GPUs: none.")
    file = tmp_path / "cpuinfo"
    file.write_text("processor: 0\nmodel name\t: A processor\n", "utf-8")
    assert processor(file) == "A processor"


def process(proc: Path, pid: int, parent: int, ticks: int, arguments: str) -> None:
    (proc / str(pid)).mkdir(parents=True)
    fields = ["S", parent, *[0] * 9, ticks, 0, 0, 0]
    (proc / str(pid) / "stat").write_text(f"{pid} (a) name) {' '.join(map(str, fields))}")
    (proc / str(pid) / "cmdline").write_text(arguments.replace(" ", "\0"))


def test_only_the_processes_of_the_browser_are_counted(tmp_path: Path) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    process(tmp_path, 1, 0, 1000 * ticks, "python3 -m bench")
    process(tmp_path, 2, 1, 100 * ticks, "node driver")
    process(tmp_path, 3, 2, 2 * ticks, "chromium --remote-debugging-pipe")
    process(tmp_path, 4, 3, 3 * ticks, "chromium --type=renderer --remote-debugging-pipe")
    process(tmp_path, 5, 4, 4 * ticks, "chromium --type=utility")
    process(tmp_path, 6, 0, 50 * ticks, "chromium --remote-debugging-pipe")  # of another benchmark
    (tmp_path / "self").mkdir()
    (tmp_path / "version").write_text("no process")
    processes = _processes.table(tmp_path)
    assert _processes.browsers(processes, 1) == {3, 4, 5}
    assert processes[4].seconds == pytest.approx(3.0)


def test_a_system_without_the_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="counted on Linux only"):
        _processes.table(tmp_path)


def test_every_served_package_is_pinned_exactly_and_has_a_compatible_licence() -> None:
    lock = json.loads((ROOT / "bench" / "package-lock.json").read_text("utf-8"))["packages"]
    given = json.loads((ROOT / "bench" / "package.json").read_text("utf-8"))
    assert "dependencies" not in given
    pinned = given["devDependencies"]
    assert all(version[0].isdigit() for version in pinned.values())
    for package in _peer_packages.PACKAGES.values():
        if package.home == _peer_packages.HERE:
            assert f"node_modules/{package.name}" in lock, package.name
    allowed = {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC"}
    assert {row["license"] for place, row in lock.items() if place} <= allowed
    assert all(row.get("integrity", "").startswith("sha512-") for place, row in lock.items() if place)
