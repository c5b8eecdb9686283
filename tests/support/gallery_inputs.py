"""Inputs of a small gallery for tests: pictures that are drawn here, and a small graph as classifier.

Does not need Node or a published model.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import onnx
from PIL import Image, ImageDraw

from app.core.card import Graph, Input, ModelCard, Variant

CLASSIFIER = """<ir_version: 8, opset_import: ["" : 17]>
small (uint8[1,224,224,4] rgba) => (float[1,196] features)
<int64[6] blocks = {1, 7, 32, 7, 32, 4}, int64[2] row = {1, 196}> {
    values = Cast<to = 1>(rgba)
    cut = Reshape(values, blocks)
    means = ReduceMean<axes = [2, 4], keepdims = 0>(cut)
    features = Reshape(means, row)
}"""


def check_progress(text: str, share: float) -> None:
    """A Progress that prints nothing and checks its arguments."""
    assert text and 0 <= share <= 1


def classifier(out: Path) -> ModelCard:
    """A classifier with 196 features; writes its graph to `out`."""
    data = onnx.parser.parse_model(CLASSIFIER).SerializeToString()
    (out / "models").mkdir(parents=True, exist_ok=True)
    (out / "models" / "small.onnx").write_bytes(data)
    graph = Graph("models/small.onnx", len(data), f"{zlib.crc32(data):064x}")
    variant = Variant("fp32", ("wasm-ort", "webgpu"), (graph,))
    return ModelCard("small", "Small", "classifier", "", "", Input(224, 224, "crop"), (0, 0), (variant,))


def face(n: int, size: tuple[int, int] = (120, 120)) -> Image.Image:
    """A disc in a colour of its own with two eyes, on a transparent ground."""
    image = Image.new("RGBA", size)
    draw = ImageDraw.Draw(image)
    x, y = size[0] // 2, size[1] // 2
    draw.ellipse((x - 40, y - 40, x + 40, y + 40), fill=(40 * n % 256, 255 - 30 * n % 256, 90 * n % 256, 255))
    draw.rectangle((x - 30, y - 20 + 5 * n, x - 10, y + 5 * n), fill="black")
    return image


def folder(path: Path) -> Path:
    """Fill a folder with six faces, two of them in a subfolder, and files that are left out; returns it."""
    (path / "The others").mkdir(parents=True)
    for n in range(4):
        face(n).save(path / f"ada_{n}.png")
    face(4).save(path / "The others" / "ada_0.webp")
    face(5).convert("RGB").save(path / "The others" / "Zoë.jpg")
    (path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (path / "notes.txt").write_text("not a picture, and not called one")
    return path
