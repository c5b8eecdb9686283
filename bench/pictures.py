"""Makes the README's pictures from the built-in scene: docs/screenshot, phone, vitrine and lookalike.

Measures nothing. The page is the real one, in headless Chromium: a machine without a GPU makes the same.
Arguments: the names of those wanted; without, all.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from bench._browser import browser, opened, run, served
from publish import ROOT

DOCS = ROOT / "docs"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
MOVING = {"width": 1120, "height": 700}  # the page's wide form; shown at half of it
# What is changed while the picture moves, and how many pictures each change is shown for.
CHANGES = (
    ({"background": "blur"}, 7),
    ({"background": "image", "image": "study"}, 7),
    ({"background": "image", "image": "dusk"}, 7),
    ({"model": "selfie"}, 8),
    ({"background": "colour"}, 6),
    ({"background": "blur", "blur": 90}, 7),
)
PAUSE = 150  # ms between two pictures of the animation
MOST = 700_000  # bytes: a README is read on phones too


def main() -> None:
    """Write the files."""
    DOCS.mkdir(exist_ok=True)
    wanted = sys.argv[1:] or ["screenshot", "phone", "vitrine", "lookalike"]
    with served() as url, browser(gpu="none") as chromium:
        for name, size in (("screenshot", DESK), ("phone", PHONE)):
            if name in wanted:
                with opened(chromium, url, backend="wasm", model="selfie") as page:
                    is_photo(page, size, DOCS / f"{name}.png")
        if "vitrine" in wanted:
            with opened(chromium, url, backend="wasm", model="selfie-landscape") as page:
                write(moving(page), DOCS / "vitrine.webp")
        if "lookalike" in wanted:
            with opened(chromium, url, task="lookalike", backend="wasm") as page:
                page.locator("#five [data-answer]").first.click()
                is_photo(page, DESK, DOCS / "lookalike.png")


def is_photo(page: Page, size: dict[str, int], path: Path) -> None:
    """The page at this size, once its stats show some seconds of work."""
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page.evaluate("vitrine.ready")
    page.wait_for_timeout(4000)
    page.screenshot(path=path)
    report(path)


def moving(page: Page) -> list[Image.Image]:
    """Pictures of the page while its settings are changed."""
    page.set_viewport_size({"width": MOVING["width"], "height": MOVING["height"]})
    page.wait_for_timeout(2000)
    found = []
    for settings, count in CHANGES:
        for name, value in settings.items():
            page.evaluate("([name, value]) => vitrine.set(name, value)", [name, value])
        page.wait_for_timeout(2000 if "model" in settings else 600)
        for _ in range(count):
            shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
            found.append(shot.resize((shot.width * 5 // 8, shot.height * 5 // 8), Image.Resampling.LANCZOS))
            page.wait_for_timeout(PAUSE)
    return found


def write(pictures: list[Image.Image], path: Path) -> None:
    """The animation, in the best quality that MOST allows."""
    for quality in range(80, 20, -10):
        out = BytesIO()
        how = {"save_all": True, "append_images": pictures[1:], "duration": PAUSE, "loop": 0, "method": 6}
        pictures[0].save(out, "WEBP", quality=quality, **how)
        if out.tell() < MOST:
            break
    path.write_bytes(out.getvalue())
    report(path)


def report(path: Path) -> None:
    """Say what was written."""
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    run(main)
