"""Frame, place and Box. Does not test any browser's pictures."""

import pytest

from app.card import Input
from app.frame import Box, Frame, place


def test_a_frame_is_closed_exactly_once() -> None:
    closed: list[int] = []
    frame = Frame("picture", 640, 480, close=lambda: closed.append(1))
    frame.close()
    assert (closed, frame.picture) == ([1], None)
    with pytest.raises(RuntimeError, match="closed twice"):
        frame.close()
    assert closed == [1]


def test_a_frame_without_close_still_counts() -> None:
    frame = Frame("picture", 1, 1)
    frame.close()
    with pytest.raises(RuntimeError):
        frame.close()


@pytest.mark.parametrize("size", [(0, 480), (640, 0), (-1, 5)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be shown"):
        Frame("picture", *size)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1, 5000), (128, 128)])
def test_stretch_fills_the_input(size: tuple[int, int]) -> None:
    assert place(*size, Input(144, 256, "stretch")) == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("size", "where"),
    [
        ((640, 480), (0, 0.125, 1, 0.75)),
        ((480, 640), (0.125, 0, 0.75, 1)),
        ((500, 500), (0, 0, 1, 1)),
        ((1280, 320), (0, 0.375, 1, 0.25)),
    ],
)
def test_letterbox_keeps_the_aspect_ratio_in_the_middle(
    size: tuple[int, int], where: tuple[float, ...]
) -> None:
    assert place(*size, Input(128, 128, "letterbox")) == pytest.approx(where)


def test_letterbox_into_an_oblong_input() -> None:
    into = Input(144, 256, "letterbox")
    left, top, width, height = place(640, 480, into)
    assert width * into.width / (height * into.height) == pytest.approx(640 / 480)
    assert left == pytest.approx((1 - width) / 2)
    assert top == 0
    assert height == 1


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((640, 480), (640, 480)),
        ((320, 240), (320, 240)),  # never up
        ((1280, 720), (640, 360)),
        ((720, 1280), (270, 480)),
        ((9000, 1), (640, 1)),
        ((1, 9000), (1, 480)),
    ],
)
def test_a_box_bounds_a_picture(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert Box(640, 480).fit(*size) == shown
