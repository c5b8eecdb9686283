"""StableRanking: the characters shown change only for a clear and lasting lead. Compares no picture."""

from __future__ import annotations

from random import Random

from app.core.gallery import Match
from app.tasks.lookalike.ranking import MARGIN, MIN_LEADS, SHOWN, StableRanking, update

LEAD = MARGIN * 1.5


def near(*similarities: float, first: int = 0) -> list[Match]:
    """Characters numbered from `first`, best first whatever the order given."""
    rows = [Match("characters", first + n, value) for n, value in enumerate(similarities)]
    return sorted(rows, key=lambda one: -one.similarity)


def order(ranking: StableRanking) -> list[int]:
    return [one.n for one in ranking.shown]


def test_a_first_look_stands_as_it_is() -> None:
    ranking = update(StableRanking(), near(0.3, 0.9, 0.5, 0.4, 0.8, 0.1, 0.2))
    assert order(ranking) == [1, 4, 2, 3, 0]
    assert len(ranking.shown) == SHOWN


def test_a_challenger_wins_after_a_clear_lead_in_several_looks() -> None:
    ranking = update(StableRanking(), near(0.5, 0.4, 0.3, 0.2, 0.1))
    for comparison in range(1, MIN_LEADS + 1):
        ranking = update(ranking, near(0.5, 0.5 + LEAD, 0.3, 0.2, 0.1))
        assert order(ranking)[:2] == ([1, 0] if comparison == MIN_LEADS else [0, 1])
    assert ranking.shown[0].similarity == 0.5 + LEAD


def test_a_narrow_or_a_short_lead_changes_nothing() -> None:
    ranking = update(StableRanking(), near(0.5, 0.4, 0.3, 0.2, 0.1))
    for comparison in range(50):  # one comparison in between begins the count anew
        lead = LEAD if comparison % MIN_LEADS else MARGIN * 0.9
        ranking = update(ranking, near(0.5, 0.5 + lead, 0.3, 0.2, 0.1))
        assert order(ranking) == [0, 1, 2, 3, 4]


def test_noise_does_not_move_the_winner() -> None:
    random = Random(1)
    level = [0.500, 0.498, 0.496, 0.494, 0.492, 0.490, 0.488]
    ranking, winners, raw = StableRanking(), set(), set()
    for _ in range(500):
        seen = near(*(value + random.uniform(-0.4, 0.4) * MARGIN for value in level))
        ranking = update(ranking, seen)
        winners.add(ranking.shown[0].n)
        raw.add(seen[0].n)
    assert len(raw) > 1  # without the hysteresis it would have
    assert len(winners) == 1


def test_likenesses_follow_at_once_and_a_lost_character_falls_behind() -> None:
    ranking = update(StableRanking(), near(0.5, 0.4, 0.3, 0.2, 0.1))
    ranking = update(ranking, near(0.6, 0.45, 0.35, 0.25, 0.15))
    assert [one.similarity for one in ranking.shown] == [0.6, 0.45, 0.35, 0.25, 0.15]
    others = near(0.9, 0.8, 0.7, 0.6, 0.55, 0.52, first=10)
    for _ in range(2 * MIN_LEADS):
        ranking = update(ranking, others)
    assert order(ranking) == [10, 11, 12, 13, 14]


def test_nobody_is_shown_twice() -> None:
    random = Random(2)
    ranking = StableRanking()
    for _ in range(300):
        seen = near(*(random.random() for _ in range(30)))[:10]
        ranking = update(ranking, seen)
        assert len(set(order(ranking))) == SHOWN
        assert len(ranking.lead_count) <= len(seen)
    assert order(update(StableRanking(), near(0.4))) == [0]  # a gallery of one
