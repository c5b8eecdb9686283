"""Makes the documentation's pictures from the built-in scene: docs/screenshot, phone, vitrine, lookalike.

Measures nothing. The page is the real one in headless Chromium, so that a machine without a GPU makes the
same pictures. Arguments: the names of the pictures to make; default: all.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from bench._browser import launch, open_page, serve_dist
from bench._command import run
from publish import ROOT

DOCS = ROOT / "docs"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
ANIMATED = {"width": 1120, "height": 700}  # the wide layout of the page; shown at half this size
# Settings that change while the picture moves, and the number of pictures for each change.
CHANGES = (
    ({"background": "blur"}, 7),
    ({"background": "image", "image": "study"}, 7),
    ({"background": "image", "image": "dusk"}, 7),
    ({"model": "selfie"}, 8),
    ({"background": "colour"}, 6),
    ({"background": "blur", "blur": 90}, 7),
)
PAUSE = 150  # ms between two pictures of the animation
MAX_BYTES = 700_000  # a README is read on phones too


def main() -> None:
    """Write the files."""
    DOCS.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or ["screenshot", "phone", "vitrine", "lookalike"]
    with serve_dist() as url, launch(gpu="none") as chromium:
        for name, size in (("screenshot", DESK), ("phone", PHONE)):
            if name in wanted:
                with open_page(chromium, url, backend="wasm", model="selfie") as page:
                    screenshot(page, size, DOCS / f"{name}.png")
        if "vitrine" in wanted:
            with open_page(chromium, url, backend="wasm", model="selfie-landscape") as page:
                write(animation(page), DOCS / "vitrine.webp")
        if "lookalike" in wanted:
            with open_page(chromium, url, task="lookalike", backend="wasm") as page:
                page.locator("#five [data-answer]").first.click()
                screenshot(page, DESK, DOCS / "lookalike.png")


def screenshot(page: Page, size: dict[str, int], path: Path) -> None:
    """Write a picture of the page at this size, once its stats show some seconds of work."""
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page.evaluate("vitrine.ready")
    page.wait_for_timeout(4000)
    page.screenshot(path=path)
    report(path)


def animation(page: Page) -> list[Image.Image]:
    """Pictures of the page while its settings change."""
    page.set_viewport_size({"width": ANIMATED["width"], "height": ANIMATED["height"]})
    page.wait_for_timeout(2000)
    pictures = []
    for settings, count in CHANGES:
        for name, value in settings.items():
            page.evaluate("([name, value]) => vitrine.set(name, value)", [name, value])
        page.wait_for_timeout(2000 if "model" in settings else 600)
        for _ in range(count):
            shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
            pictures.append(
                shot.resize((shot.width * 5 // 8, shot.height * 5 // 8), Image.Resampling.LANCZOS)
            )
            page.wait_for_timeout(PAUSE)
    return pictures


def write(pictures: list[Image.Image], path: Path) -> None:
    """Write the animation in the best quality that MAX_BYTES allows."""
    for quality in range(80, 20, -10):
        out = BytesIO()
        options = {"save_all": True, "append_images": pictures[1:], "duration": PAUSE, "loop": 0, "method": 6}
        pictures[0].save(out, "WEBP", quality=quality, **options)
        if out.tell() < MAX_BYTES:
            break
    path.write_bytes(out.getvalue())
    report(path)


def report(path: Path) -> None:
    """Print the name and size of a written file."""
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    run(main)
