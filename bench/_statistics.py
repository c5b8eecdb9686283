"""Statistics of interleaved measurements: medians, minima, spread, and ratios with their confidence.

Pure: measures, reads and prints nothing. A sample is a list of rounds, and a round is a list of numbers (one
or more) that were measured together; the rounds of two samples that are compared were measured in turns, so
that round n of one and round n of the other saw the machine in the same state.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

Rounds = Sequence[Sequence[float]]
RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Summary:
    """`spread` is the distance between the quartiles, in the unit of the numbers; 0 for a single number."""

    count: int
    median: float
    least: float
    spread: float


@dataclass(frozen=True)
class Ratio:
    """Ours / theirs: the median of `rounds` ratios, its confidence interval, and the ratio of the minima."""

    rounds: int
    median: float
    low: float
    high: float
    minima: float


def flat(rounds: Rounds) -> list[float]:
    """All numbers of a sample."""
    return [number for numbers in rounds for number in numbers]


def summarize(rounds: Rounds) -> Summary:
    """The Summary of a sample. Raises ValueError if it has no number."""
    numbers = flat(rounds)
    if not numbers:
        raise ValueError("A sample has no number.")
    low, _, high = quantiles(numbers, n=4, method="inclusive") if len(numbers) > 1 else (0.0, 0.0, 0.0)
    return Summary(len(numbers), median(numbers), min(numbers), high - low)


def ratio(ours: Rounds, theirs: Rounds) -> Ratio:
    """The Ratio of two samples with the same number of rounds, paired round by round.

    Raises ValueError if the numbers of rounds differ, a round is empty, or a median to divide by is not
    positive.
    """
    if len(ours) != len(theirs) or not ours or not all(map(len, [*ours, *theirs])):
        raise ValueError("Both samples need the same number of rounds, each with a number.")
    pairs = [(median(a), median(b)) for a, b in zip(ours, theirs, strict=True)]
    if min(min(b for _, b in pairs), min(flat(theirs))) <= 0:
        raise ValueError("A number to divide by is not positive.")
    ratios = [a / b for a, b in pairs]
    low, high = interval(ratios)
    return Ratio(len(ratios), median(ratios), low, high, min(flat(ours)) / min(flat(theirs)))


def difference(rounds: Rounds, base: Rounds) -> list[list[float]]:
    """The rounds' medians above those of `base`, as a sample with one number in each round."""
    return [[median(a) - median(b)] for a, b in zip(rounds, base, strict=True)]


def interval(numbers: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The bootstrap's confidence interval of the median. The same numbers give the same interval."""
    generator = random.Random(len(numbers))
    medians = sorted(median(generator.choices(numbers, k=len(numbers))) for _ in range(RESAMPLES))
    tail = round((1 - confidence) / 2 * RESAMPLES)
    return medians[tail], medians[-1 - tail]


def order(subjects: Sequence[str], turn: int) -> list[str]:
    """The subjects in the order of this round: every second round goes backwards, so that drift cancels."""
    return list(subjects if turn % 2 == 0 else reversed(subjects))
