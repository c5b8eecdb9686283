"""StableRanking: the characters that a face is shown with, with hysteresis, so that noise does not swap them.

Does not compare: it is given the matches of each comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.events import CARDS
from app.core.gallery import Match

SHOWN = CARDS  # characters shown of each face
# A challenger must lead by this much of the cosine in so many comparisons one after another. Over seven
# people's clips (bench/lookalike.py), compared in each frame, the winner changed 4.6 times a second without
# hysteresis and smoothing, 1.3 times with the features smoothed, and 0.1 times with the hysteresis as well.
# The character shown was then at most 0.019 behind.
MARGIN = 0.015
MIN_LEADS = 3

CharacterId = tuple[str, int]  # its gallery, its number in it


@dataclass(frozen=True)
class StableRanking:
    """The characters shown, in order. `lead_count`: in how many comparisons a challenger has led."""

    shown: tuple[Match, ...] = ()
    lead_count: Mapping[CharacterId, int] = field(default_factory=dict)


def update(ranking: StableRanking, matches: Sequence[Match]) -> StableRanking:
    """The ranking after one more comparison, which gave `matches`, best first.

    A character keeps its place until another has led it by MARGIN in MIN_LEADS comparisons; similarities
    follow at once.
    """
    if not ranking.shown:
        return StableRanking(tuple(matches[:SHOWN]))
    similarity = {_id(match): match.similarity for match in matches}
    least = min(similarity.values(), default=0.0)  # a character that is not among the matches is below this
    shown = [_with_similarity(match, similarity, least) for match in ranking.shown]
    lead_count: dict[CharacterId, int] = {}
    for match in matches:
        places = [_id(other) for other in shown]
        beaten = [n for n, other in enumerate(shown) if match.similarity > other.similarity + MARGIN]
        if not beaten or _id(match) in places[: beaten[0] + 1]:
            continue
        lead_count[_id(match)] = ranking.lead_count.get(_id(match), 0) + 1
        if lead_count[_id(match)] >= MIN_LEADS:
            del lead_count[_id(match)]
            shown = [other for other in shown if _id(other) != _id(match)]
            shown.insert(beaten[0], match)
    return StableRanking(tuple(shown[:SHOWN]), lead_count)


def _with_similarity(match: Match, similarity: Mapping[CharacterId, float], least: float) -> Match:
    known = similarity.get(_id(match))
    return match._replace(similarity=min(match.similarity, least) if known is None else known)


def _id(match: Match) -> CharacterId:
    return match.gallery, match.n
