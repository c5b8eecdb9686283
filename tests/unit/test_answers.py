"""app.tasks.lookalike.answers: who is followed, who stands, what the page is told. Does not run a model."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from app.core.frame import Frame
from app.core.gallery import Match
from app.core.geometry import RotatedRect
from app.tasks.lookalike.answers import (
    GONE,
    LOOKS,
    MARGIN,
    NEARBY,
    SHOWN,
    Character,
    Names,
    StableRanking,
    Track,
    associate,
    box,
    named,
    next_to_refresh,
    percent,
    update,
)
from tests.support.fakes import GALLERY, MINE

FRAME = Frame(1, 640, 480)
LEAD = MARGIN * 1.5


def face(x: float, y: float = 200.0, size: float = 100.0) -> RotatedRect:
    return RotatedRect(x, y, size, size)


def near(*likenesses: float, first: int = 0) -> list[Match]:
    """Characters numbered from `first`, best first whatever the order given."""
    rows = [Match("characters", first + n, value) for n, value in enumerate(likenesses)]
    return sorted(rows, key=lambda one: -one.similarity)


def order(standing: StableRanking) -> list[int]:
    return [one.n for one in standing.shown]


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
    tracks = associate(tracks, [face(100), face(500)], GONE)
    assert [track.id for track in tracks] == [1, 2, 3]  # the middle one was seen a second ago
    tracks = associate(tracks, [face(100), face(500)], GONE + 1)
    assert [track.id for track in tracks] == [1, 3]
    tracks = associate(tracks, [face(100), face(300), face(500)], GONE + 2)
    assert [(track.id, track.face.x) for track in tracks] == [(1, 100), (2, 300), (3, 500)]


def test_a_jump_and_another_size_are_another_face() -> None:
    tracks = associate((), [face(100)], 0)
    assert [t.id for t in associate(tracks, [face(100 + 100 * NEARBY + 1)], 40)] == [1, 2]
    assert [t.id for t in associate(tracks, [face(100 + 100 * NEARBY - 1)], 40)] == [1]
    assert [t.id for t in associate(tracks, [face(100, size=210)], 40)] == [1, 2]
    assert [t.id for t in associate(tracks, [face(100, size=190)], 40)] == [1]


def test_a_clip_that_begins_anew_begins_with_new_faces() -> None:
    tracks = associate((), [face(100)], 60_000)
    assert associate(tracks, [], 0) == ()


def test_where_frames_are_slow_each_face_has_its_turn_as_well() -> None:
    tracks: tuple[Track, ...] = ()
    looked = []
    for step in range(4):
        tracks = associate(tracks, [face(100), face(300)], step * 10 * GONE)
        whose = next_to_refresh(tracks, step * 10 * GONE)
        assert whose is not None
        looked.append(whose.id)
        tracks = after(tracks, whose, step + 1)
    assert looked == [1, 2, 1, 2]


def after(tracks: tuple[Track, ...], whose: Track, settings: int) -> tuple[Track, ...]:
    """The tracks once one of them was looked at."""
    return tuple(replace(track, looked=settings) if track.id == whose.id else track for track in tracks)


def test_each_face_has_its_turn() -> None:
    tracks = associate((), [face(100), face(300), face(500)], 0)
    looked = []
    for step in range(9):
        tracks = associate(tracks, [face(100), face(300), face(500)], step)
        whose = next_to_refresh(tracks, step)
        assert whose is not None
        looked.append(whose.id)
        tracks = after(tracks, whose, step + 1)
    assert looked == [1, 2, 3] * 3
    newcomer = associate(tracks, [face(100), face(300), face(500), face(300, 400)], 9)
    whose = next_to_refresh(newcomer, 9)
    assert whose is not None
    assert whose.id == 4
    assert (
        next_to_refresh(associate(tracks, [], 9), 9) is None
    )  # where a face was seen before there may be none now


def test_who_comes_later_takes_no_more_than_their_turn() -> None:
    tracks: tuple[Track, ...] = ()
    looked = []
    for step in range(160):
        faces = [face(100)] if step < 100 else [face(100), face(400)]
        tracks = associate(tracks, faces, step)
        whose = next_to_refresh(tracks, step)
        assert whose is not None
        looked.append(whose.id)
        tracks = after(tracks, whose, step + 1)
    assert looked[:100] == [1] * 100
    assert looked[100:] == [2, 1] * 30


def test_a_first_look_stands_as_it_is() -> None:
    standing = update(StableRanking(), near(0.3, 0.9, 0.5, 0.4, 0.8, 0.1, 0.2))
    assert order(standing) == [1, 4, 2, 3, 0]
    assert len(standing.shown) == SHOWN


def test_a_challenger_wins_after_a_clear_lead_in_several_looks() -> None:
    standing = update(StableRanking(), near(0.5, 0.4, 0.3, 0.2, 0.1))
    for settings in range(1, LOOKS + 1):
        standing = update(standing, near(0.5, 0.5 + LEAD, 0.3, 0.2, 0.1))
        assert order(standing)[:2] == ([1, 0] if settings == LOOKS else [0, 1])
    assert standing.shown[0].similarity == 0.5 + LEAD


def test_a_narrow_or_a_short_lead_changes_nothing() -> None:
    standing = update(StableRanking(), near(0.5, 0.4, 0.3, 0.2, 0.1))
    for settings in range(50):  # one look in between begins the count anew
        lead = LEAD if settings % LOOKS else MARGIN * 0.9
        standing = update(standing, near(0.5, 0.5 + lead, 0.3, 0.2, 0.1))
        assert order(standing) == [0, 1, 2, 3, 4]


def test_noise_does_not_move_the_winner() -> None:
    random = Random(1)
    level = [0.500, 0.498, 0.496, 0.494, 0.492, 0.490, 0.488]
    standing, winners, raw = StableRanking(), set(), set()
    for _ in range(500):
        seen = near(*(value + random.uniform(-0.4, 0.4) * MARGIN for value in level))
        standing = update(standing, seen)
        winners.add(standing.shown[0].n)
        raw.add(seen[0].n)
    assert len(raw) > 1  # without the hysteresis it would have
    assert len(winners) == 1


def test_likenesses_follow_at_once_and_a_lost_character_falls_behind() -> None:
    standing = update(StableRanking(), near(0.5, 0.4, 0.3, 0.2, 0.1))
    standing = update(standing, near(0.6, 0.45, 0.35, 0.25, 0.15))
    assert [one.similarity for one in standing.shown] == [0.6, 0.45, 0.35, 0.25, 0.15]
    others = near(0.9, 0.8, 0.7, 0.6, 0.55, 0.52, first=10)
    for _ in range(2 * LOOKS):
        standing = update(standing, others)
    assert order(standing) == [10, 11, 12, 13, 14]


def test_nobody_is_shown_twice() -> None:
    random = Random(2)
    standing = StableRanking()
    for _ in range(300):
        seen = near(*(random.random() for _ in range(30)))[:10]
        standing = update(standing, seen)
        assert len(set(order(standing))) == SHOWN
        assert len(standing.waits) <= len(seen)
    assert order(update(StableRanking(), near(0.4))) == [0]  # a gallery of one


def test_a_box_is_a_part_of_the_frame() -> None:
    assert box(RotatedRect(320, 240, 64, 48), FRAME) == pytest.approx([0.45, 0.45, 0.1, 0.1])
    assert box(RotatedRect(0, 480, 64, 48), FRAME) == pytest.approx([0, 0.95, 0.05, 0.05])
    assert box(RotatedRect(-500, 240, 64, 48), FRAME)[2] == 0


TEXT = json.dumps(
    {
        "sets": [
            {"title": "Plants", "licence": "CC BY 4.0", "credit": "Ada: Plants"},
            {"title": "Stones"},
            {"title": "Stones", "licence": "CC0 1.0", "credit": ""},
        ],
        "characters": [[f"No. {n}", n % 3] for n in range(100)],
    }
)


def test_a_character_has_a_name_and_a_place_on_a_sheet() -> None:
    names = Names.read(GALLERY, TEXT)
    assert names.row(Match("characters", 64 + 8 * 3 + 5, 0.614)) == {
        "key": "characters/93", "name": "No. 93", "set": "Plants", "likeness": 61,
        "design": "Design: Ada: Plants, CC BY 4.0",
        "sheet": "galleries/b.webp", "x": 5, "y": 3, "columns": 8, "rows": 8,
    }  # fmt: skip
    assert [names.characters[n].design for n in (1, 2)] == ["", "Design: CC0 1.0"]


def test_the_visitors_own_have_keys_and_no_sheet() -> None:
    mine = Names(MINE, [Character("Aunt", "Your own pictures")], ["a1b2"])
    assert mine.row(Match("own", 0, 1.0)) == {
        "key": "own/a1b2", "name": "Aunt", "set": "Your own pictures", "likeness": 100, "design": "",
        "sheet": "", "x": 0, "y": 0, "columns": 1, "rows": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "\ud800", '{"sets": [], "characters": [["A", 0]]}', '{"sets": 1, "characters": 2}',
     '{"sets": [{"title": "A"}], "characters": [["A"]]}'],
)  # fmt: skip
def test_damaged_names_are_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^the names of Characters are damaged$"):
        Names.read(GALLERY, text)


def test_what_is_said_is_named_and_mirrored_with_the_picture() -> None:
    galleries = {"characters": Names.read(GALLERY, TEXT)}
    said = {
        "faces": [{"id": 2, "box": [0.1, 0.2, 0.3, 0.4], "near": near(0.5, 0.4)}],
        "together": [Match("gone", 1, 0.9), *near(0.3), Match("characters", 100, 0.2)],
        "note": "A note.",
    }
    plain, turned = (named(said, galleries, mirror) for mirror in (False, True))
    assert (plain["faces"][0]["id"], plain["faces"][0]["box"]) == (2, [0.1, 0.2, 0.3, 0.4])
    assert turned["faces"][0]["box"] == [0.6, 0.2, 0.3, 0.4]
    assert [row["name"] for row in plain["faces"][0]["five"]] == ["No. 0", "No. 1"]
    assert [row["name"] for row in plain["together"]] == ["No. 0"]  # what is not known is left out
    assert plain["note"] == "A note."
    assert json.loads(json.dumps(plain)) == plain


def test_a_percentage_stays_one() -> None:
    assert [percent(value) for value in (-1.0, -2.0, 0.0, 0.614, 1.0, 1.0000002)] == [0, 0, 0, 61, 100, 100]
