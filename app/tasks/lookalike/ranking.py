"""StableRanking: the characters shown for a face; hysteresis keeps noise from swapping them.

Does not compare faces: update() takes the matches of each comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.events import CARDS
from app.core.gallery import Match

SHOWN = CARDS  # characters shown for each face
# A challenger replaces a character when its cosine is higher by MARGIN in MIN_LEADS consecutive comparisons.
# Measured over clips of seven people, compared in each frame (bench/lookalike.py): the first character
# changed 4.6 times a second without smoothing and hysteresis, 1.3 times with smoothed features, and 0.1 times
# with hysteresis too. The character shown then had a cosine at most 0.019 below the highest one.
MARGIN = 0.015
MIN_LEADS = 3

CharacterId = tuple[str, int]  # the gallery's id, the character's number


@dataclass(frozen=True)
class StableRanking:
    """The characters shown, in order. `lead_count`: consecutive comparisons in which a challenger has led."""

    shown: tuple[Match, ...] = ()
    lead_count: Mapping[CharacterId, int] = field(default_factory=dict)


def update(ranking: StableRanking, matches: Sequence[Match]) -> StableRanking:
    """The ranking after one more comparison, whose result is `matches`, best first.

    A character keeps its place until another leads by MARGIN in MIN_LEADS comparisons. The similarities are
    updated at once.
    """
    if not ranking.shown:
        return StableRanking(tuple(matches[:SHOWN]))
    similarity = {_id(match): match.similarity for match in matches}
    least = min(similarity.values(), default=0.0)  # upper bound for a character outside the matches
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
