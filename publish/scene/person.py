"""The person of the sample scene: head and shoulders cut out of a public-domain portrait.

Does not draw the background and does not move the person. The portrait is `skimage.data.astronaut()`: Eileen
Collins, photographed by NASA, in the public domain.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage import data, measure

from publish.scene.drawing import Plane, blur

SIZE = 512  # side of the portrait
BOTTOM = 365  # row of the cut; the 21 rows above it, with the helmet in her lap, stay below the frame
SCALE = 1.3  # the head is then 47 % of the frame's height, as close to a laptop's camera
MIDDLE, HALF = 218, 200  # columns used: the one in the middle of the frame, and the number to each side
QUALITY = 90

# Her outline drawn by hand, (x, y) in the portrait. Without the Selfie model it is the only outline. With the
# model it excludes what the model mistakes for her: folds of the flag, the wall at her shoulder, a helmet.
OUTLINE = (
    *((22, 511), (18, 412), (23, 345), (34, 305), (45, 274), (78, 240), (114, 210), (112, 188), (122, 174)),
    *((150, 154), (180, 147), (179, 132), (172, 126), (160, 110), (153, 86), (158, 58), (174, 36), (190, 25)),
    *((225, 14), (262, 21), (288, 45), (301, 82), (295, 112), (282, 130), (272, 137), (263, 160), (264, 180)),
    *((284, 200), (299, 218), (306, 242), (335, 262), (348, 282), (357, 305), (363, 350), (368, 511)),
)

Network = Callable[[Plane], Plane]  # RGB [1,3,256,256], 0 to 1, to the person's probability [1,1,256,256]


def cut(network: Network | None) -> Image.Image:
    """The person as RGBA at the scale of the scene, cut off at BOTTOM; without a network, along OUTLINE."""
    portrait = np.asarray(data.astronaut(), np.float32) / 255  # type: ignore[no-untyped-call]
    alpha = _refine(portrait, _probability(portrait, network))
    colours = _without_background(portrait, alpha)
    whole = np.concatenate([colours, alpha[..., None]], -1)[:BOTTOM, MIDDLE - HALF : MIDDLE + HALF]
    image = Image.fromarray(np.rint(whole * 255).astype(np.uint8), "RGBA")
    return image.resize((round(image.width * SCALE), round(image.height * SCALE)), Image.Resampling.LANCZOS)


def webp(image: Image.Image) -> bytes:
    """The picture as a WebP file with lossless alpha."""
    out = BytesIO()
    image.save(out, "WEBP", quality=QUALITY, alpha_quality=100, method=5)  # 6 takes 2 s for 2 % less
    return out.getvalue()


def _probability(portrait: Plane, network: Network | None) -> Plane:
    """The person's probability [512,512], 0 to 1: one connected piece without holes."""
    polygon = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(polygon).polygon(OUTLINE, fill=255)
    outline = blur(np.asarray(polygon, np.float32) / 255, 2)
    if network is None:
        return outline
    small = Image.fromarray(np.rint(portrait * 255).astype(np.uint8)).resize(
        (256, 256), Image.Resampling.LANCZOS
    )
    planes = (np.asarray(small, np.float32) / 255).transpose(2, 0, 1)[None]
    probability = Image.fromarray(np.ascontiguousarray(network(planes)[0, 0]))
    p = np.asarray(probability.resize((SIZE, SIZE), Image.Resampling.BICUBIC)).clip(0, 1)
    person = ~_largest(~_largest((p > 0.5) & (outline > 0.1)))  # neither islands nor holes
    return blur(person.astype(np.float32), 1)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected component of a mask."""
    pieces = measure.label(mask, connectivity=1)  # type: ignore[no-untyped-call]
    return np.asarray(pieces == np.bincount(pieces.flat)[1:].argmax() + 1)


def _mean(a: Plane, r: int) -> Plane:
    """Box filter of [h,w,...]: the mean of the (2r+1) x (2r+1) pixels around each pixel."""
    for axis in (0, 1):
        pad = [(0, 0)] * a.ndim
        pad[axis] = (r + 1, r)
        total = np.pad(a, pad, mode="edge").cumsum(axis, dtype=np.float64)
        n = a.shape[axis]
        a = (total.take(range(2 * r + 1, 2 * r + 1 + n), axis) - total.take(range(n), axis)) / (2 * r + 1)
    return a


def _refine(picture: Plane, p: Plane, r: int = 8, eps: float = 2e-4) -> Plane:
    """`p` aligned to the edges of the picture by the guided filter for colour (He, Sun, Tang 2010)."""
    mean, mean_p = _mean(picture, r), _mean(p, r)
    both = _mean(picture * p[..., None], r) - mean * mean_p[..., None]
    spread = _mean(picture[..., None] * picture[..., None, :], r) - mean[..., None] * mean[..., None, :]
    slope = np.linalg.solve(spread + eps * np.eye(3), both[..., None])[..., 0]
    offset = mean_p - (slope * mean).sum(-1)
    alpha = (_mean(slope, r) * picture).sum(-1) + _mean(offset, r)
    # The filter reaches 8 pixels. Farther from the edge the network is more reliable.
    near = np.clip(_mean(p, r), 0, 1)
    alpha = np.where(near > 0.97, 1, np.where(near < 0.03, 0, alpha))
    # A wall as bright as a highlight leaves a veil, so alpha below 0.1 becomes 0 and above 0.9 becomes 1.
    return np.asarray(np.clip((alpha - 0.1) / 0.8, 0, 1), np.float32)


def _without_background(picture: Plane, alpha: Plane) -> Plane:
    """The person without the wall's colours: partly covered pixels get those of the nearest covered ones."""
    sure = (alpha > 0.98).astype(np.float32)
    colours, known = picture * sure[..., None], sure
    result = picture.copy()
    for sigma in (8.0, 4.0, 2.0):  # nearer colours replace farther ones
        weight = blur(known, sigma)[..., None]
        guess = blur(colours, sigma) / np.maximum(weight, 1e-6)
        result = np.where((weight > 0.02) & (sure[..., None] == 0), guess, result)
    return np.asarray(np.clip(result, 0, 1), np.float32)
