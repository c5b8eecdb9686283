"""ModelFileError: why a published file cannot be imported, and what the user can do about it.

Does not know the formats. The advice is kept apart from the problem, because the user follows it in a card
or on the command line of `models add`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.core.errors import UserError


@dataclass(frozen=True)
class Places:
    """Where the user sets something, as the end of a sentence."""

    size: str  # the size of the picture
    outputs: str  # the names of the outputs


IN_CARD = Places(size="in [input] of the card", outputs="in [outputs] of the card")
Advice = Callable[[Places], str]


class ModelFileError(UserError):
    """The files are not a model that the importers can read.

    `problem` is a sentence that says why. `advice` makes the sentence that says what to do. The message
    itself gives the advice for a card.
    """

    def __init__(self, problem: str, advice: Advice | None = None) -> None:
        super().__init__(problem if advice is None else f"{problem} {advice(IN_CARD)}")
        self.problem, self.advice = problem, advice

    def message(self, places: Places) -> str:
        """The message with the advice for other places."""
        return self.problem if self.advice is None else f"{self.problem} {self.advice(places)}"

    def within(self, context: str) -> ModelFileError:
        """The same error with `context` and a colon before the problem."""
        return ModelFileError(f"{context}: {self.problem}", self.advice)


def give_size(places: Places) -> str:
    """The advice where the file leaves the size of its input open."""
    return f"Give one {places.size}."


def change_size(places: Places) -> str:
    """The advice where the file has another size."""
    return f"Change the size {places.size}."


def leave_out(places: Places) -> str:
    """The advice for an output that cannot be used."""
    return f"Name the other outputs {places.outputs} to leave it out."
