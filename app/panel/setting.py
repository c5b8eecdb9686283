"""Setting: a row that says all about one setting; Control: how the panel shows it.

Does not list the settings: app.panel.rows does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.core.parameter import Parameter
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.kinds import Kind, Value
from app.panel.options import Options

PICTURES = "image/png,image/jpeg,image/webp,image/avif"
VIDEOS = "video/mp4,video/webm,video/quicktime"


@dataclass(frozen=True)
class Control:
    """One row of the panel. `kind`: choice, range, toggle, colour or file."""

    name: str
    label: str
    kind: str
    value: Value
    group: str = ""
    hint: str = ""
    options: Options = ()
    low: int = 0
    high: int = 100
    step: int = 1
    unit: str = ""
    accept: str = ""  # kind file: the types that the picker offers


@dataclass(frozen=True)
class FilePicker:
    """A button below a setting, by which the visitor gives a file for one of its values."""

    name: str
    label: str
    accept: str
    shown: Callable[[Settings], bool] = lambda settings: True
    hint: str = ""  # the line below it


@dataclass(frozen=True)
class Setting:
    """All about one setting. Its name is that of the field of Settings, of the URL and of vitrine.set().

    `depends_on`: the settings by which its options are judged; a URL query sets those before this one.
    `restarts`: whether a change needs a new worker. `shown`: whether the panel has a row for it.
    `hint`: the line below the control. `display`: the value that the panel shows, where the chosen one is not
    what is in use. `initial`: the value of a first visit, where the default is not in every build.
    `then`: what else a change brings about, from the Settings before and after it.
    """

    name: str
    label: str
    group: str
    kind: Kind
    meaning: str  # a sentence for the documentation
    parameter: Parameter[Any] | None = None  # of a background; else it is a field of Settings
    depends_on: tuple[str, ...] = ()
    restarts: bool = False
    shown: Callable[[Settings, Capabilities], bool] = lambda settings, caps: True
    hint: Callable[[Settings, Capabilities], str] = lambda settings, caps: ""
    display: Callable[[Settings, Capabilities], Value] | None = None
    initial: Callable[[Settings, Capabilities], Value] | None = None
    then: Callable[[Settings, Settings, Capabilities], Settings] = lambda old, new, caps: new
    picker: FilePicker | None = None

    def value(self, settings: Settings) -> Value:
        """The chosen value."""
        found: Value = settings.get(self.parameter) if self.parameter else getattr(settings, self.name)
        return found

    def changed(self, settings: Settings, value: Value) -> Settings:
        """The Settings with this value; it is not checked."""
        if self.parameter:
            return settings.with_parameter(self.parameter, value)
        field: dict[str, Any] = {self.name: value}
        return replace(settings, **field)

    def controls(self, settings: Settings, caps: Capabilities) -> Iterator[Control]:
        """What the panel shows of it: nothing, a control, or a control and a file picker."""
        if not self.shown(settings, caps):
            return
        value = self.display(settings, caps) if self.display else self.value(settings)
        fields = self.kind.control(settings, caps)
        hint = self.hint(settings, caps)
        shown = str(value) if "options" in fields else value
        yield Control(self.name, self.label, self.kind.id, shown, self.group, hint, **fields)
        if self.picker and self.picker.shown(settings):
            name, label, hint = self.picker.name, self.picker.label, self.picker.hint
            yield Control(name, label, "file", "", self.group, hint, accept=self.picker.accept)
