"""Parameter: a number, colour or picture that belongs to one background; ParameterValues: their values.

Does not list the backgrounds' parameters: each background in app.backgrounds does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T", int, str)

# What `Parameter.kind` may be, and the type of its values.
KINDS: dict[str, type[int] | type[str]] = {
    "range": int,  # a whole number, `low` to `high`
    "colour": str,  # "#rrggbb"
    "image": str,  # the id of a built-in backdrop, or "own"
}


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """A setting that only one background has. `name` is also its name in the URL query."""

    name: str
    label: str  # in the panel
    default: T
    meaning: str  # a sentence for the documentation
    kind: str = "range"
    low: int = 0
    high: int = 100
    step: int = 1
    unit: str = ""  # in the panel, after the number
    hint: str = ""  # in the panel, below the control


@dataclass(frozen=True)
class ParameterValues:
    """The chosen values, by parameter name.

    Stores no value that is the parameter's default, so that equal choices compare equal.
    """

    chosen: tuple[tuple[str, int | str], ...] = ()

    def get(self, parameter: Parameter[T]) -> T:
        """The chosen value, or the parameter's default."""
        return cast("T", dict(self.chosen).get(parameter.name, parameter.default))

    def changed(self, parameter: Parameter[T], value: T) -> ParameterValues:
        """The same values but for one parameter."""
        chosen = {**dict(self.chosen), parameter.name: value}
        if value == parameter.default:
            del chosen[parameter.name]
        return ParameterValues(tuple(sorted(chosen.items())))


DEFAULTS = ParameterValues()
