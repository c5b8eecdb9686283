"""answers(): what the page is told of a Comparison. Compares nothing."""

from __future__ import annotations

import json

from app.core.characters import Character, LoadedGallery, Names
from app.core.events import Answers
from app.core.gallery import Index, Match
from app.tasks.lookalike.comparison import Comparison, FaceMatches, answers
from app.tasks.lookalike.ranking import SHOWN
from app.worker.protocol import encode
from tests.support.fakes import GALLERY, FakeSession

NAMES = Names(GALLERY, [Character(f"No. {n}", "Set") for n in range(100)])
LOADED = (LoadedGallery(Index("characters", 100, FakeSession()), NAMES),)


def near(*similarities: float) -> tuple[Match, ...]:
    """Characters numbered from 0."""
    return tuple(Match("characters", n, value) for n, value in enumerate(similarities))


def told(mirror: bool = False) -> Answers:
    together = (Match("gone", 1, 0.9), *near(0.3), Match("characters", 100, 0.2))
    comparison = Comparison((FaceMatches(2, [0.1, 0.2, 0.3, 0.4], near(0.5, 0.4)),), together, "A note.", 7)
    return answers(comparison, LOADED, mirror, (640, 480))


def test_a_comparison_is_named_and_mirrored_with_the_picture() -> None:
    plain, turned = told(), told(mirror=True)
    assert (plain.faces[0].id, plain.faces[0].box) == (2, (0.1, 0.2, 0.3, 0.4))
    assert turned.faces[0].box == (0.6, 0.2, 0.3, 0.4)
    assert [row.name for row in plain.faces[0].five] == ["No. 0", "No. 1"]
    assert [row.name for row in plain.together] == ["No. 0"]  # what is not known is left out
    assert plain.note == "A note."
    assert (plain.source, plain.picture, dict(plain.picked)) == (7, (640, 480), {})


def test_answers_survive_json() -> None:
    data = encode(told())
    data["titles"] = {str(face): title for face, title in data["titles"].items()}  # JSON's keys are text
    assert json.loads(json.dumps(data)) == data


def test_each_face_has_a_title_and_at_most_so_many_characters() -> None:
    faces = tuple(FaceMatches(n, [0, 0, 1, 1], near(*([0.5] * (SHOWN + 2)))) for n in (1, 4))
    found = answers(Comparison(faces), LOADED, False, (640, 480))
    assert [len(face.five) for face in found.faces] == [SHOWN, SHOWN]
    assert found.titles == {0: "All faces together", 1: "Face 1", 4: "Face 4"}
