"""The pictures of the page: the same bytes each time, the right sizes, and the person complete and alone.

Does not judge how they look.
"""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from math import sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.sources import fetch
from publish import ROOT
from publish.scene import backdrops, background, make, person


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    out, cache = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("cache")
    return out, cache, make.make(out, pytest.fail, cache)


def picture(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))


def alpha(path: Path) -> Any:
    return np.asarray(picture(path).convert("RGBA"))[..., 3]


def test_sizes(made: tuple[Path, Path, dict[str, Any]]) -> None:
    out, _, found = made
    assert picture(out / found["sample"]["room"]).size == (640, 480)
    assert (found["sample"]["width"], found["sample"]["height"]) == (640, 480)
    assert [row["id"] for row in found["backdrops"]] == ["study", "window", "dusk", "linen", "aurora"]
    for row in found["backdrops"]:
        file = out / row["path"]
        assert picture(file).size == (1280, 720)
        assert file.stat().st_size == row["bytes"] < 150_000
        assert row["path"].startswith(f"backdrops/{row['id']}.")


def test_person_is_whole_and_alone(made: tuple[Path, Path, dict[str, Any]]) -> None:
    out, _, found = made
    a = alpha(out / found["sample"]["person"])
    high, wide = a.shape
    assert 450 < high < 520 and 450 < wide < 640
    middle = wide // 2
    assert a[120 : high - 1, middle - 30 : middle + 40].min() > 250  # face, neck and chest
    assert a[-1, middle - 150 : middle + 150].min() > 250  # down to the cut
    assert a[:200, :120].max() == 0 and a[:250, -120:].max() == 0  # without flag and model shuttle
    assert 0.3 < (a > 127).mean() < 0.7
    soft = ((a > 12) & (a < 243)).mean()
    assert 0.001 < soft < 0.04  # an edge, not a veil


def test_cut_edge_stays_out_of_sight(made: tuple[Path, Path, dict[str, Any]]) -> None:
    out, _, found = made
    wide = picture(out / found["sample"]["person"]).width
    sway = found["sample"]["sway"]
    assert wide / 2 * sin(sway["turn"]["reach"]) + 1 < sway["low"]


def test_same_each_time() -> None:
    assert background.draw() == background.draw()
    assert backdrops.draw("aurora") == backdrops.draw("aurora")
    assert person.webp(person.cut(None)) == person.webp(person.cut(None))


def test_backdrops_differ_from_black_and_from_each_other() -> None:
    means = [np.asarray(Image.open(BytesIO(backdrops.draw(n)))).mean((0, 1)) for n in backdrops.BACKDROPS]
    assert all(mean.max() > 40 for mean in means)
    assert len({tuple(mean.round()) for mean in means}) == len(means)


def test_a_second_build_takes_pictures_from_the_cache(
    made: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    """From the cache, in a new interpreter: the same files, without an import of NumPy or Pillow."""
    _, cache, found = made
    code = (
        "import sys; from pathlib import Path; from publish.scene import make\n"
        "found = make.make(Path(sys.argv[1]), print, Path(sys.argv[2]))\n"
        "assert not {'numpy', 'PIL', 'skimage', 'onnxruntime'} & set(sys.modules)\n"
        "print(found['sample']['person'])"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(cache)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found["sample"]["person"]
    assert (tmp_path / found["sample"]["person"]).is_file()
    assert len(list((tmp_path / "backdrops").iterdir())) == 5


def test_without_the_model_the_person_is_cut_out_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> tuple[bytes, str]:
        raise fetch.MissingSourceError("no source has it")

    monkeypatch.setattr(fetch, "fetch", missing)
    said: list[str] = []
    found = make.make(tmp_path / "out", said.append, tmp_path / "cache")
    assert len(said) == 1 and "by hand" in said[0] and "no source has it" in said[0]
    a = alpha(tmp_path / "out" / found["sample"]["person"])
    assert a[200:, a.shape[1] // 2].min() > 250 and a[:100, :100].max() == 0
    assert not list((tmp_path / "cache").rglob("scene.json"))  # so the next build tries again
