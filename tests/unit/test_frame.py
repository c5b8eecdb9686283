"""Frame, place and Box. Does not test any browser's pictures."""

from math import pi

import pytest

from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import Box, Letterbox, RotatedRect, letterbox, to_frame
from app.core.ports import Mask, Sample


def test_a_frame_is_closed_exactly_once() -> None:
    closed: list[int] = []
    frame = Frame("picture", 640, 480, close=lambda: closed.append(1))
    frame.close()
    assert (closed, frame.picture) == ([1], None)
    with pytest.raises(RuntimeError, match="closed twice"):
        frame.close()
    assert closed == [1]


def test_a_frame_is_shown_at_its_own_size_until_the_pipeline_sets_another() -> None:
    assert Frame("picture", 640, 480).shown_size == (640, 480)


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
    assert letterbox(*size, Input(144, 256, "stretch")) == (0, 0, 1, 1)


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
    assert letterbox(*size, Input(128, 128, "letterbox")) == pytest.approx(where)


def test_letterbox_into_an_oblong_input() -> None:
    into = Input(144, 256, "letterbox")
    left, top, width, height = letterbox(640, 480, into)
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


@pytest.mark.parametrize(
    "into", [Input(144, 256, "stretch"), Input(128, 128, "letterbox"), Input(224, 224, "crop")]
)
def test_the_matrix_of_a_whole_frame_undoes_its_place(into: Input) -> None:
    left, top, width, height = letterbox(640, 480, into)
    to = to_frame(640, 480, into)
    assert to.at(left, top) == pytest.approx((0, 0))
    assert to.at(left + width, top + height) == pytest.approx((1, 1))


def test_crop_fills_the_input_and_cuts_the_sides() -> None:
    assert letterbox(640, 480, Input(224, 224, "crop")) == pytest.approx((-1 / 6, 0, 4 / 3, 1))


def test_a_mask_lies_where_its_whole_frame_was_sampled() -> None:
    into, frame = Input(128, 128, "letterbox"), Frame("picture", 640, 480)
    place = letterbox(640, 480, into)
    assert Mask("mask", Sample("rgba", into, place, frame, None)).letterbox(into) == Letterbox(
        0, 0.125, 1, 0.75
    )
    with pytest.raises(ValueError, match="region cannot be composed"):
        Mask("mask", Sample("rgba", into, None, frame, None)).letterbox(into)
    with pytest.raises(ValueError, match="another model"):
        Mask("mask", Sample("rgba", into, place, frame, None)).letterbox(Input(144, 256, "letterbox"))


def test_a_region_is_turned_about_its_middle() -> None:
    into = Input(192, 192, "stretch")
    upright = to_frame(640, 480, into, RotatedRect(320, 240, 160, 120))
    assert upright.at(0.5, 0.5) == pytest.approx((0.5, 0.5))
    assert upright.at(0, 0) == pytest.approx((240 / 640, 180 / 480))
    quarter = to_frame(640, 480, into, RotatedRect(320, 240, 160, 120, pi / 2))
    assert quarter.at(0.5, 0.5) == pytest.approx((0.5, 0.5))
    # What is right of the middle in the input lies below it in the frame, as many pixels away.
    assert quarter.at(1, 0.5) == pytest.approx((0.5, (240 + 80) / 480))
