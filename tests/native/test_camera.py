"""The Camera over files and the generated clip. Does not open a device."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.core.frame import Frame
from app.native.camera import Camera
from tests.support import clip


def frames(camera: Camera) -> list[Frame]:
    async def all_of_them() -> list[Frame]:
        return [frame async for frame in camera.frames()]

    return asyncio.run(all_of_them())


def test_arrays_become_frames_with_their_time() -> None:
    pictures = [np.full((4, 6, 3), i, np.uint8) for i in range(3)]
    taken = frames(Camera(pictures, 25))
    assert [(f.width, f.height, f.time, f.is_photo) for f in taken] == [
        (6, 4, i * 40.0, False) for i in range(3)
    ]
    assert taken[2].picture is pictures[2]


def test_a_folder_is_read_by_name_as_photos(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "c.txt"):
        (tmp_path / name).write_text("no picture")
    for name, tone in (("b.png", 20), ("a.png", 10)):
        Image.new("RGB", (3, 2), (tone, 0, 0)).save(tmp_path / name)
    assert [f.picture[0, 0, 0] for f in frames(Camera.open(tmp_path))] == [10, 20]
    (photo,) = frames(Camera.open(tmp_path / "b.png"))
    assert photo.is_photo


@pytest.mark.parametrize("kind", ["mjpeg", "y4m"])
def test_the_clip_comes_back_from_its_file(tmp_path: Path, kind: str) -> None:
    path = clip.write(tmp_path / f"clip.{kind}", 3)
    assert path.read_bytes() == clip.write(tmp_path / f"again.{kind}", 3).read_bytes()
    taken = frames(Camera.open(path))
    assert [round(f.time) for f in taken] == [0, 33, 67]
    for index, frame in enumerate(taken):
        assert frame.picture.shape == (480, 640, 3)
        # Measured 2.3 and 1.8: colour is stored at half the size.
        assert np.abs(frame.picture.astype(int) - clip.frame(index)).mean() < 3


def test_a_clip_cut_short_ends_at_its_last_whole_frame(tmp_path: Path) -> None:
    path = clip.write(tmp_path / "clip.y4m", 2)
    path.write_bytes(path.read_bytes()[:-1])
    assert len(frames(Camera.open(path))) == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.png", b"no picture", "is not a picture"),
        ("a.y4m", b"RIFF", "is not a .y4m clip"),
        ("a.y4m", b"YUV4MPEG2 W4 H4 C444\n", "Convert it to 8-bit 4:2:0"),
        ("a.mjpeg", b"\xff\xd8\xffbroken", "A frame of the clip is not a picture"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        frames(Camera.open(tmp_path / name))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="contains no picture"):
        Camera.open(tmp_path)
    with pytest.raises(ValueError, match="does not exist"):
        Camera.open(tmp_path / "a.png")


def test_the_rectangles_of_the_clip_are_surely_person_and_room() -> None:
    for index in range(clip.FRAMES):
        person = clip.person(index)
        for part in clip.PERSON:
            assert person[part.y0 - 8 : part.y1 + 8, part.x0 - 8 : part.x1 + 8].all()
        for part in clip.ROOM:
            assert not person[part.y0 - 8 : part.y1 + 8, part.x0 - 8 : part.x1 + 8].any()


def test_the_clip_ends_where_it_begins() -> None:
    steps = [
        np.abs(clip.frame(i).astype(int) - clip.frame((i + 1) % clip.FRAMES)).mean() for i in (0, 30, 59)
    ]
    assert max(steps) < 2 * min(steps)
    assert min(steps) > 0
