"""The galleries of this build: complete, varied, in order on their sheets, and drawn the same each time.

Does not make them: `build.py build` does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from app.core.card import ModelCard
from app.core.errors import UserError
from app.core.gallery import OWN, Gallery, Index, from_dict
from app.core.model import Model
from app.native.session import Session
from publish.gallery import DEFAULT, avatars, card, faces, pictures
from publish.gallery.features import Classifier
from tests.support import built

SAMPLE = 40  # characters checked one by one, spread over the gallery


@dataclass(frozen=True)
class Shown:
    """The default gallery with its names and a classifier of this build."""

    gallery: Gallery
    names: dict[str, Any]
    card: ModelCard

    def sheet(self, n: int) -> Image.Image:
        return Image.open(BytesIO((built.DIST / self.gallery.sheets[n].path).read_bytes())).convert("RGBA")

    def cell(self, n: int) -> Image.Image:
        """Character n as the page shows it."""
        sheet, place = divmod(n, self.gallery.columns * self.gallery.rows)
        row, column = divmod(place, self.gallery.columns)
        x, y = column * self.gallery.size, row * self.gallery.size
        return self.sheet(sheet).crop((x, y, x + self.gallery.size, y + self.gallery.size))


@pytest.fixture(scope="module")
def shown() -> Shown:
    """Skips if this build has no classifier."""
    gallery = from_dict(built.manifest()["galleries"][0])
    if gallery.missing:
        pytest.skip(f"{gallery.id}: {gallery.missing}")
    classifier = next(each for each in built.cards().values() if each.kind == "classifier")
    names = json.loads((built.DIST / gallery.names.path).read_bytes())
    return Shown(gallery, names, classifier)


def test_without_a_classifier_the_gallery_says_so() -> None:
    classifiers = [each for each in built.cards().values() if each.kind == "classifier"]
    rows = [from_dict(row) for row in built.manifest()["galleries"]]
    assert rows[0].id == DEFAULT.stem
    assert bool(rows[0].missing) is not bool(classifiers)
    assert (rows[-1].id == OWN) is bool(classifiers)


def test_every_file_is_there(shown: Shown) -> None:
    for row in built.manifest()["galleries"]:
        gallery = from_dict(row)
        graphs = [graph for rows in gallery.indexes.values() for v in rows for graph in v.graphs]
        sizes = {file.path: file.bytes for file in (gallery.names, *gallery.sheets) if file.path}
        for path, size in {**sizes, **{graph.path: graph.bytes for graph in graphs}}.items():
            assert (built.DIST / path).stat().st_size == size, path


def test_there_are_at_least_700_with_names_and_credits(shown: Shown) -> None:
    rows = shown.names["characters"]
    assert shown.gallery.count == len(rows) >= 700
    assert len({(name, n) for name, n in rows}) == len(rows)
    assert len(shown.names["sets"]) >= 12
    assert all(each["title"] and each["licence"] and each["credit"] for each in shown.names["sets"])
    assert {n for _, n in rows} == set(range(len(shown.names["sets"])))
    places = shown.gallery.columns * shown.gallery.rows
    assert len(shown.gallery.sheets) == -(-len(rows) // places)


def test_sheets_are_small_and_every_cell_has_a_picture(shown: Shown) -> None:
    gallery = shown.gallery
    left = gallery.count
    for n, file in enumerate(gallery.sheets):
        assert file.bytes < 150_000
        sheet = shown.sheet(n)
        assert sheet.size == (gallery.columns * gallery.size, gallery.rows * gallery.size)
        alpha = np.asarray(sheet)[..., 3].reshape(gallery.rows, gallery.size, gallery.columns, gallery.size)
        covered = (alpha > 127).mean((1, 3)).reshape(-1)
        here = min(left, covered.size)
        assert covered[:here].min() > 0.15, (file.path, covered[:here].argmin())
        assert not covered[here:].any()
        left -= here


def test_few_look_the_same(shown: Shown) -> None:
    assert shown.gallery.report["alike"] < 0.05 * shown.gallery.count
    assert shown.gallery.report["refused"] == 0


def test_a_second_build_takes_galleries_from_the_cache(shown: Shown, tmp_path: Path) -> None:
    """From the cache, in a new interpreter: the same files, no heavy import, no run of Node."""
    code = (
        "import json, sys; from pathlib import Path\n"
        "from app.core.card import from_dict; from publish import DIST\n"
        "from publish.gallery import registry; registry.ADDED_FILE = Path('none')\n"
        "models = [from_dict(row) for row in json.loads((DIST / 'manifest.json').read_bytes())['models']]\n"
        "found = registry.galleries(models, Path(sys.argv[1]), lambda text, share: sys.exit(text))\n"
        "assert not {'numpy', 'PIL', 'onnx', 'onnxruntime'} & set(sys.modules)\n"
        "print(found[0].names.path, found[-1].id)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=built.ROOT, capture_output=True, text=True)
    assert done.stdout.split() == [shown.gallery.names.path, OWN], done.stderr
    files = [(tmp_path / each.path).stat().st_size for each in shown.gallery.sheets]
    assert files == [each.bytes for each in shown.gallery.sheets]


async def _nearest(index: Index, seen: Any) -> int:
    _, near = await index.nearest(seen, np.zeros_like(seen), np.zeros(1, np.float32))
    return near[0].n


def test_a_characters_number_is_its_place_on_the_sheets(shown: Shown) -> None:
    """The index finds a picture that is cut from the sheets, at half the sharpness."""
    import asyncio

    classifier = Classifier(shown.card, built.DIST)
    variant = shown.gallery.index(shown.card.id, "wasm-ort")
    assert variant
    session = Session((built.DIST / variant.graphs[0].path).read_bytes())
    index = Index(shown.gallery.id, shown.gallery.count, session)
    wanted = list(range(3, shown.gallery.count, shown.gallery.count // SAMPLE))
    seen = [classifier.embed(shown.cell(n))[None] for n in wanted]
    found = [asyncio.run(_nearest(index, each)) for each in seen]
    right = sum(one == other for one, other in zip(found, wanted, strict=True))
    assert right >= 0.9 * len(wanted), [pair for pair in zip(wanted, found, strict=True) if len({*pair}) > 1]


def usable_models(least: int) -> tuple[list[ModelCard], list[ModelCard]]:
    """The build's cards and its classifiers; skips if faces cannot be found or classifiers are too few."""
    models = list(built.cards().values())
    classifiers = [card for card in models if card.kind == "classifier"]
    try:
        faces.choose_models(models)
    except LookupError as error:
        pytest.skip(str(error))
    if len(classifiers) < least:
        pytest.skip(f"this build has {len(classifiers)} classifiers, {least} are needed")
    return models, classifiers


def test_the_face_of_a_photo_is_cut_out_as_in_the_page() -> None:
    """One face before two backgrounds, near and far: cut out, it gives more similar features."""
    models, classifiers = usable_models(1)
    near = Image.fromarray(data.astronaut()).convert("RGBA")  # type: ignore[no-untyped-call]
    far = Image.new("RGBA", (1200, 700), (40, 160, 90, 255))
    far.paste(near.crop((0, 0, 512, 365)), (600, 300))
    finder = faces.Faces(models, classifiers[:1], built.DIST)
    found = [finder.embed(picture) for picture in (near, far)]
    assert found[0] and found[1]
    assert all(each and each[0].width == each[0].height for each in found)
    assert 180 < found[0][0].width < 320  # head and chin, of a portrait of 512
    plain = Classifier(classifiers[0], built.DIST)
    whole = [plain.embed(pictures.crop_square(picture)) for picture in (near, far)]
    assert found[0][1][0] @ found[1][1][0] > whole[0] @ whole[1] + 0.1
    cup = Image.fromarray(data.coffee()).convert("RGBA")  # type: ignore[no-untyped-call]
    assert finder.embed(cup) is None


def test_models_run_once_on_a_photo_for_all_classifiers(monkeypatch: pytest.MonkeyPatch) -> None:
    models, classifiers = usable_models(2)
    picture = Image.fromarray(data.astronaut()).convert("RGBA")  # type: ignore[no-untyped-call]
    alone = [faces.Faces(models, [each], built.DIST).embed(picture) for each in classifiers]
    looks: list[str] = []
    infer = Model.infer

    async def counted(model: Any, *given: Any) -> Any:
        looks.append(model.card.kind)
        return await infer(model, *given)

    monkeypatch.setattr(Model, "infer", counted)
    together = faces.Faces(models, classifiers, built.DIST)
    for _ in range(2):
        looks.clear()
        found = together.embed(picture)
        assert sorted(looks) == ["detector", "segmenter"]
    assert found and all(alone)
    assert all(one and np.array_equal(one[1][0], row) for one, row in zip(alone, found[1], strict=True))


def test_drawings_are_the_same_each_time_and_whole(tmp_path: Path) -> None:
    """One avatar of each style: the same bytes twice, a face in the middle, no cut at the sides."""
    sets = [replace(each, names=each.names.split()[3]) for each in card.read(DEFAULT).sets if each.generated]
    one = avatars.draw(sets, lambda text, share: None, tmp_path / "one")
    two = avatars.draw(sets, lambda text, share: None, tmp_path / "two")
    for n, each in enumerate(sets):
        data = (one[n] / "0.png").read_bytes()
        assert data == (two[n] / "0.png").read_bytes(), each.title
        square = pictures.crop_square(pictures.load(one[n] / "0.png"), each.crop)
        alpha = np.asarray(square)[..., 3]
        side = len(alpha)
        middle = alpha[side // 3 : side // 2, side // 3 : -side // 3]
        assert (middle == 255).mean() > 0.98, each.title  # adjacent strokes leave a thin seam
        assert not alpha[:1].any() and not alpha[: side // 3, [0, -1]].any(), each.title
        assert abs(side - avatars.SIDE) < avatars.SIDE / 2


def test_a_style_that_fails_raises_a_sentence(tmp_path: Path) -> None:
    style = next(each for each in card.read(DEFAULT).sets if each.generated)
    with pytest.raises(UserError, match=r"could not be drawn: Error: .* has no option nonsense") as refused:
        avatars.draw([replace(style, each=("nonsense",))], lambda text, share: None, tmp_path)
    assert "\n" not in str(refused.value) and not list(tmp_path.iterdir())
