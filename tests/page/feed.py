"""Frames for the look-alike task, handed to the page's worker as fast as it takes them. Does not judge."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

from PIL import Image

# Runs in the worker, hands pictures over as worker.js does. Takes how many, and JPEG files in base64 that are
# shown in turn, swaying a little. Their times are 33 ms apart, whatever they take.
FRAMES = """async ([count, texts]) => {
    const { page } = self;
    const bytes = texts.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
    const shown = await Promise.all(bytes.map((each) => createImageBitmap(new Blob([each]))));
    const source = new OffscreenCanvas(shown[0].width, shown[0].height);
    const draw = source.getContext('2d', { willReadFrequently: true });
    const own = page.done;
    for (let i = 0; i < count; i += 1) {
        draw.drawImage(shown[i % shown.length], 10 * Math.sin(i / 5), 0);
        const done = new Promise((resolve) => { page.done = resolve; });
        const picture = await createImageBitmap(source);
        page.take({ picture, time: 1e6 + 33 * i, is_photo: false, first_of_source: i === 0, skipped: 0 });
        await done;
    }
    page.done = own;
}"""


def jpeg(picture: Image.Image) -> str:
    """A JPEG file in base64."""
    out = BytesIO()
    picture.save(out, "JPEG")
    return b64encode(out.getvalue()).decode()
