"""bench/_report.py: a command writes its figures between its marks of docs/figures.md, and nothing else.

Does not measure and does not start a browser.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import UserError
from bench import fps
from bench._report import FILE, Report, machine, markdown, median_and_min
from publish import ROOT

PAGE = "# Figures\n\n<!-- start -->\nold\n<!-- end of start -->\n\n<!-- fps -->\nkeep\n<!-- end of fps -->\n"
WRITERS = sorted(
    path.stem
    for path in (ROOT / "bench").glob("[!_]*.py")
    if f'Report("{path.stem}"' in path.read_text("utf-8")
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "figures.md").write_text(PAGE, "utf-8")
    return tmp_path / "figures.md"


def test_figures_are_replaced_between_the_marks_of_the_command(page: Path) -> None:
    for text in ("one", "two"):  # a second run replaces the first
        Report("start", ["--write"], page).write(text, markdown(["a", "b"], [[1, 2.5]]))
        table = "| a | b |\n| --- | --- |\n| 1 | 2.5 |"
        block = f"<!-- start -->\n\n{text}\n\n{table}\n\n<!-- end of start -->"
        assert page.read_text("utf-8") == PAGE.replace("<!-- start -->\nold\n<!-- end of start -->", block)


def test_without_the_option_nothing_is_written(page: Path) -> None:
    report = Report("start", ["20"], page)
    report.write("new")
    assert page.read_text("utf-8") == PAGE
    assert report.arguments == ["20"]


def test_the_option_is_not_an_argument_of_the_command(page: Path) -> None:
    assert Report("fps", ["none", "--write", "selfie"], page).arguments == ["none", "selfie"]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        PAGE.replace("<!-- start -->", ""),
        PAGE.replace("<!-- end of start -->", ""),
        "<!-- end of start -->\n<!-- start -->\n",
    ],
)
def test_missing_marks_are_reported_in_a_sentence_before_measuring(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "figures.md"
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(UserError, match=r"figures\.md has no marks for start\. Add the lines <!-- ") as error:
        Report("start", ["--write"], file)
    assert "\n" not in str(error.value) and str(error.value).endswith("<!-- end of start -->.")
    Report("start", [], file).write("new")  # without --write the marks are not needed


@pytest.mark.parametrize("name", WRITERS)
def test_every_command_that_writes_has_its_place_and_is_named_there(name: str) -> None:
    Report(name, ["--write"])
    assert f"`python3 build.py bench {name}`" in FILE.read_text("utf-8")


def test_the_commands_of_the_figures_write_them() -> None:
    assert {"border", "compose", "fps", "peer", "start"} <= set(WRITERS)


def test_the_machine_is_one_sentence() -> None:
    sentence = machine("156.0.1")
    assert sentence.startswith("Measured ") and " in headless Chromium 156.0.1, " in sentence
    assert sentence.endswith(").")


def test_a_cell_has_median_and_minimum() -> None:
    assert median_and_min([3.0, 1.0, 2.0]) == "2.00 (1.00)"


def test_the_tables_of_frames_per_second_have_only_measured_rows() -> None:
    ms = {"infer": 4.6, "compose": 2.4, "frame": 7.8}
    rows = [
        fps.Row("none", "selfie", "wasm", 0, "sample", 58.94, ms),
        fps.Row("none", "selfie", "wasm", 0, "camera", 30.06, ms),
        fps.Row("software", "selfie", "webgl", 0, "sample", 6.2, ms),
    ]
    titles = {"blazeface": "BlazeFace", "selfie": "Selfie"}
    assert fps.without_gpu(rows, titles)[1] == [["Selfie", "58.9", "30.1", 4.6, 2.4, 7.8]]
    assert fps.with_software_gpu(rows, titles)[1] == [["Selfie", "–", "–", "–", "6.2", "–"]]
    assert fps.titled("Title:", fps.with_software_gpu(rows[:2], titles)) == []
    assert fps.titled("Title:", fps.without_gpu(rows, titles))[0] == "Title:"
