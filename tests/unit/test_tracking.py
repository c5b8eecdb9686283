"""Tracking: which face is which of the frame before, and which is compared next. Runs no model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.tasks.lookalike.tracking import GATE, TRACK_TIMEOUT_MS, Track, associate, box, next_to_refresh

FRAME = Frame(1, 640, 480)


def face(x: float, y: float = 200.0, size: float = 100.0) -> RotatedRect:
    return RotatedRect(x, y, size, size)


def test_a_face_keeps_its_number_while_it_moves() -> None:
    tracks: tuple[Track, ...] = ()
    for step in range(20):
        tracks = associate(tracks, [face(100 + 30 * step), face(600 - 10 * step, 400)], step * 40.0)
        assert [(track.id, track.face.x) for track in tracks] == [
            (1, 100 + 30 * step),
            (2, 600 - 10 * step),
        ]


def test_faces_that_change_their_order_do_not_change_their_numbers() -> None:
    tracks = associate((), [face(100), face(400)], 0)
    tracks = associate(tracks, [face(405), face(105)], 40)
    assert [(track.id, track.face.x) for track in tracks] == [(1, 105), (2, 405)]


def test_a_new_face_takes_the_smallest_free_number() -> None:
    tracks = associate((), [face(100), face(300), face(500)], 0)
    tracks = associate(tracks, [face(100), face(500)], TRACK_TIMEOUT_MS)
    assert [track.id for track in tracks] == [1, 2, 3]  # the middle one was seen a second ago
    tracks = associate(tracks, [face(100), face(500)], TRACK_TIMEOUT_MS + 1)
    assert [track.id for track in tracks] == [1, 3]
    tracks = associate(tracks, [face(100), face(300), face(500)], TRACK_TIMEOUT_MS + 2)
    assert [(track.id, track.face.x) for track in tracks] == [(1, 100), (2, 300), (3, 500)]


def test_a_jump_and_another_size_are_another_face() -> None:
    tracks = associate((), [face(100)], 0)
    assert [t.id for t in associate(tracks, [face(100 + 100 * GATE + 1)], 40)] == [1, 2]
    assert [t.id for t in associate(tracks, [face(100 + 100 * GATE - 1)], 40)] == [1]
    assert [t.id for t in associate(tracks, [face(100, size=210)], 40)] == [1, 2]
    assert [t.id for t in associate(tracks, [face(100, size=190)], 40)] == [1]


def test_a_clip_that_begins_anew_begins_with_new_faces() -> None:
    tracks = associate((), [face(100)], 60_000)
    assert associate(tracks, [], 0) == ()


def test_where_frames_are_slow_each_face_has_its_turn_as_well() -> None:
    tracks: tuple[Track, ...] = ()
    compared = []
    for step in range(4):
        tracks = associate(tracks, [face(100), face(300)], step * 10 * TRACK_TIMEOUT_MS)
        chosen = next_to_refresh(tracks, step * 10 * TRACK_TIMEOUT_MS)
        assert chosen is not None
        compared.append(chosen.id)
        tracks = after(tracks, chosen, step + 1)
    assert compared == [1, 2, 1, 2]


def after(tracks: tuple[Track, ...], chosen: Track, count: int) -> tuple[Track, ...]:
    """The tracks once one of them was compared."""
    return tuple(replace(track, refreshed=count) if track.id == chosen.id else track for track in tracks)


def test_each_face_has_its_turn() -> None:
    tracks = associate((), [face(100), face(300), face(500)], 0)
    compared = []
    for step in range(9):
        tracks = associate(tracks, [face(100), face(300), face(500)], step)
        chosen = next_to_refresh(tracks, step)
        assert chosen is not None
        compared.append(chosen.id)
        tracks = after(tracks, chosen, step + 1)
    assert compared == [1, 2, 3] * 3
    newcomer = associate(tracks, [face(100), face(300), face(500), face(300, 400)], 9)
    chosen = next_to_refresh(newcomer, 9)
    assert chosen is not None
    assert chosen.id == 4
    # Where a face was seen before there may be none now.
    assert next_to_refresh(associate(tracks, [], 9), 9) is None


def test_who_comes_later_takes_no_more_than_their_turn() -> None:
    tracks: tuple[Track, ...] = ()
    compared = []
    for step in range(160):
        faces = [face(100)] if step < 100 else [face(100), face(400)]
        tracks = associate(tracks, faces, step)
        chosen = next_to_refresh(tracks, step)
        assert chosen is not None
        compared.append(chosen.id)
        tracks = after(tracks, chosen, step + 1)
    assert compared[:100] == [1] * 100
    assert compared[100:] == [2, 1] * 30


def test_a_box_is_a_part_of_the_frame() -> None:
    assert box(RotatedRect(320, 240, 64, 48), FRAME) == pytest.approx([0.45, 0.45, 0.1, 0.1])
    assert box(RotatedRect(0, 480, 64, 48), FRAME) == pytest.approx([0, 0.95, 0.05, 0.05])
    assert box(RotatedRect(-500, 240, 64, 48), FRAME)[2] == 0
