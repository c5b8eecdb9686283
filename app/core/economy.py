"""Economy: decides for each frame whether the model runs, and how much it may save on a slow machine.

Does not measure a picture: the Compositor does. Changes nothing of what is drawn but the age of the Mask.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

UNKNOWN = 255.0  # a difference that nobody measured; a Mask is never reused then


@dataclass(frozen=True)
class Rule:
    """When the last Mask may be reused: at most `age` frames in a row, up to a `difference`.

    The difference is that of the sampled picture from the one that was inferred last: the largest mean
    difference of a channel, 0 to 255, among tiles of 32 x 16 pixels.
    """

    difference: float
    age: int


# A level is rules of which one has to hold. Level 0 is for a machine that keeps up: bench/gate.py measures
# what each level loses. Up to 1.6 is a camera's noise, and 2.2 a face that speaks.
STILL = Rule(1.6, 5), Rule(2.2, 1)
LEVELS = (STILL, (*STILL, Rule(24.0, 1)), (*STILL, Rule(24.0, 2)))

BUDGET_MS = 30.0  # of a frame; a camera gives 30 a second
DEBT_MS = 600.0  # over the budget, added up, before a step down
REPAY = 0.5  # of the time under the budget pays debt off
COOLDOWN_MS = 3000.0  # after a step down until anything changes again
UPGRADE_MS = 5000.0  # within the budget before a step up is tried
PART = 0.7  # of the budget: what frames may take before a step up is tried
FAILED_MS = 8000.0  # a step up that is taken back within this time has failed
BARRED_MS = 60_000.0  # after a failed step up until the next one; doubled each time
RECENT = 90  # frames


class Quality:
    """The level of LEVELS that keeps frames within the budget. Times are ms of one clock."""

    def __init__(self) -> None:
        self.level = 0
        self._debt = 0.0
        self._calm_since: float | None = None
        self._changed = float("-inf")
        self._raised = float("-inf")
        self._barred_until = float("-inf")
        self._bar = BARRED_MS

    def note(self, now: float, spent: float) -> None:
        """A frame ended at `now` and took `spent` ms."""
        over = spent - BUDGET_MS
        self._debt = max(0.0, self._debt + (over if over > 0 else REPAY * over))
        if spent > PART * BUDGET_MS:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = now
        if now - self._changed < COOLDOWN_MS:
            self._debt = 0.0
        elif self._debt > DEBT_MS:
            self._lower(now)
        elif self._calm_since is not None and now - max(self._calm_since, self._changed) > UPGRADE_MS:
            self._raise(now)

    def _lower(self, now: float) -> None:
        if now - self._raised < FAILED_MS:
            self._barred_until = now + self._bar
            self._bar *= 2
        if self.level + 1 < len(LEVELS):
            self.level += 1
            self._changed = now
        self._debt = 0.0

    def _raise(self, now: float) -> None:
        if self.level and now >= self._barred_until:
            self.level -= 1
            self._raised = self._changed = now
            self._calm_since = None


class Economy:
    """The decisions of one pipeline. `active` is the visitor's setting: without it the model always runs."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.active = True
        self.quality = Quality()
        self._clock = clock
        self._age = 0
        self._recent: deque[bool] = deque(maxlen=RECENT)

    @property
    def level(self) -> int:
        """The level in use, 0 to the last of LEVELS."""
        return self.quality.level if self.active else 0

    @property
    def reused(self) -> float:
        """The share of the last frames with a Mask that reused one, 0 to 1."""
        return round(sum(self._recent) / len(self._recent), 2) if self._recent else 0.0

    def reuses(self, difference: float) -> bool:
        """Whether a frame that differs so much from the inferred one reuses its Mask."""
        reused = self.active and any(
            difference <= rule.difference and self._age < rule.age for rule in LEVELS[self.level]
        )
        self._age = self._age + 1 if reused else 0
        self._recent.append(reused)
        return reused

    def ended(self, spent: float) -> None:
        """A frame has ended, which took `spent` ms."""
        self.quality.note(self._clock(), spent)
