"""The kinds of a setting: what values it takes, how a value is checked, which element shows it.

Does not know the settings: app.panel.rows does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.backend import most_threads
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.options import Options

Value = str | int | bool


class Kind(Protocol):
    """What a setting's values are. `id` names the element in the panel."""

    @property
    def id(self) -> str: ...

    @property
    def values(self) -> str:
        """The values, for the documentation."""
        ...

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> Value:
        """The value as the Settings hold it. Raises ValueError, with a sentence for the visitor."""
        ...

    def control(self, settings: Settings, caps: Capabilities) -> Mapping[str, Any]:
        """What the panel needs to draw the element: fields of Control."""
        ...


@dataclass(frozen=True)
class Choice:
    """One of several options. `described`: the values, where they depend on the build or the browser."""

    options: Callable[[Settings, Capabilities], Options]
    described: str = ""
    id: str = "choice"

    @property
    def values(self) -> str:
        """See Kind."""
        fixed = self.options(Settings(), Capabilities())
        return self.described or ", ".join(f"`{option.value}`" for option in fixed)

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> Value:
        """See Kind."""
        options = self.options(settings, caps)
        option = next((each for each in options if each.value == str(value)), None)
        if option is None:
            names = ", ".join(each.value for each in options if each.value)
            raise ValueError(f"{name} must be one of {names}, not “{value}”.")
        if option.unavailable:
            raise ValueError(f"{name}: {option.title} cannot be chosen here ({option.unavailable}).")
        return option.value

    def control(self, settings: Settings, caps: Capabilities) -> Mapping[str, Any]:
        """See Kind."""
        return {"options": self.options(settings, caps)}


@dataclass(frozen=True)
class CameraChoice(Choice):
    """One of the cameras, or any other id: for an unknown id the browser opens its default camera."""

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> Value:
        """See Kind."""
        return str(value)


@dataclass(frozen=True)
class GalleryChoice(Choice):
    """A gallery, or the gallery that the Settings name already: a build without galleries offers no
    option.
    """

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> Value:
        """See Kind."""
        return settings.gallery if value == settings.gallery else super().check(name, value, settings, caps)


@dataclass(frozen=True)
class ThreadCount(Choice):
    """The number of WebAssembly threads, from 0 (automatic) to the most that this browser can run."""

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> Value:
        """See Kind."""
        most = most_threads(caps.probe)
        if not re.fullmatch(r"\d{1,3}", str(value)):
            raise ValueError(f"{name} must be a whole number from 0 (automatic) to {most}, not “{value}”.")
        if int(value) > most:
            why = "" if caps.probe.isolated else ": the page is not cross-origin isolated"
            raise ValueError(f"{name} can be at most {most} here, not {value}{why}.")
        return int(value)


@dataclass(frozen=True)
class Range:
    """A whole number, `low` to `high`."""

    low: int = 0
    high: int = 100
    step: int = 1
    unit: str = ""
    id: str = "range"

    @property
    def values(self) -> str:
        """See Kind."""
        return f"{self.low} to {self.high}"

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> int:
        """See Kind."""
        expected = f"{name} must be a whole number from {self.low} to {self.high}, not"
        try:
            number = round(float(value))
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{expected} “{value}”.") from None
        if not self.low <= number <= self.high:
            raise ValueError(f"{expected} {value}.")
        return number

    def control(self, settings: Settings, caps: Capabilities) -> Mapping[str, Any]:
        """See Kind."""
        return {"low": self.low, "high": self.high, "step": self.step, "unit": self.unit}


@dataclass(frozen=True)
class Toggle:
    """On or off."""

    id: str = "toggle"
    values: str = "`0`, `1`"

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> bool:
        """See Kind."""
        known = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
        if str(value).lower() not in known:
            raise ValueError(f"{name} must be 1 or 0, not “{value}”.")
        return known[str(value).lower()]

    def control(self, settings: Settings, caps: Capabilities) -> Mapping[str, Any]:
        """See Kind."""
        return {}


@dataclass(frozen=True)
class Colour:
    """A colour, "#rrggbb"."""

    id: str = "colour"
    values: str = "`#rrggbb`"

    def check(self, name: str, value: Any, settings: Settings, caps: Capabilities) -> str:
        """See Kind."""
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(value)):
            raise ValueError(f"{name} must be a colour such as #2f6f5e, not “{value}”.")
        return str(value).lower()

    def control(self, settings: Settings, caps: Capabilities) -> Mapping[str, Any]:
        """See Kind."""
        return {}
