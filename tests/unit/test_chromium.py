"""Which Chromium is taken, and the sentence where there is none.

Does not start one.
"""

from pathlib import Path

import pytest

from app.core.errors import UserError
from tests.support import chromium


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine without a browser."""
    monkeypatch.delenv("VITRINE_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "PLACES", ())
    monkeypatch.setattr("shutil.which", lambda name: name if Path(name).is_absolute() else None)
    monkeypatch.setattr(chromium, "playwrights", lambda: None)
    return monkeypatch


def test_an_installed_one_comes_before_playwrights(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed, theirs = tmp_path / "chromium", tmp_path / "theirs"
    theirs.touch()
    bare.setattr(chromium, "playwrights", lambda: str(theirs))
    assert chromium.find() == str(theirs)
    installed.touch()
    bare.setattr(chromium, "PLACES", (str(installed),))
    assert chromium.find() == str(installed)


def test_a_named_one_comes_first(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named, other = tmp_path / "named", tmp_path / "other"
    named.touch()
    other.touch()
    bare.setattr(chromium, "PLACES", (str(other),))
    bare.setenv("VITRINE_CHROMIUM", str(named))
    assert chromium.find() == str(named)


def test_none_that_can_be_installed(bare: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def run(command: list[str]) -> str:
        asked.append(command[0])
        return "E: Unable to locate package chromium"

    bare.setattr(chromium, "run", run)
    bare.setattr(chromium, "ROOT_USER", True)
    bare.setattr("shutil.which", lambda name: "apt-get" if name == "apt-get" else None)
    with pytest.raises(UserError, match=r"No Chromium here.*VITRINE_CHROMIUM.*Unable to locate") as stopped:
        chromium.ensure()
    assert asked[1:] == ["apt-get", "apt-get"]
    assert "\n" not in str(stopped.value)


def test_apt_is_left_alone_without_the_right_to_use_it(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(chromium, "ROOT_USER", False)
    bare.setattr(chromium, "run", lambda command: "apt-get" in command and pytest.fail("it ran apt-get"))
    with pytest.raises(UserError, match="No Chromium here"):
        chromium.ensure()
