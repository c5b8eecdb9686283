"""Which Chromium is found first, and the sentence if there is none.

Does not start a Chromium.
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
    monkeypatch.setattr(chromium, "playwright_path", lambda: None)
    return monkeypatch


def test_an_installed_chromium_comes_before_playwrights(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed, theirs = tmp_path / "chromium", tmp_path / "theirs"
    theirs.touch()
    bare.setattr(chromium, "playwright_path", lambda: str(theirs))
    assert chromium.find() == str(theirs)
    installed.touch()
    bare.setattr(chromium, "PLACES", (str(installed),))
    assert chromium.find() == str(installed)


def test_a_named_chromium_comes_first(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named, other = tmp_path / "named", tmp_path / "other"
    named.touch()
    other.touch()
    bare.setattr(chromium, "PLACES", (str(other),))
    bare.setenv("VITRINE_CHROMIUM", str(named))
    assert chromium.find() == str(named)


def test_a_failed_installation_ends_with_a_sentence(bare: pytest.MonkeyPatch) -> None:
    programs: list[str] = []

    def run(command: list[str]) -> str:
        programs.append(command[0])
        return "E: Unable to locate package chromium"

    bare.setattr(chromium, "run", run)
    bare.setattr(chromium, "ROOT_USER", True)
    bare.setattr("shutil.which", lambda name: "apt-get" if name == "apt-get" else None)
    with pytest.raises(UserError, match=r"There is no Chromium.*VITRINE_CHROMIUM.*Unable to locate") as error:
        chromium.ensure()
    assert programs[1:] == ["apt-get", "apt-get"]
    assert "\n" not in str(error.value)


def test_apt_is_not_run_without_the_right_to_use_it(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(chromium, "ROOT_USER", False)
    bare.setattr(chromium, "run", lambda command: "apt-get" in command and pytest.fail("it ran apt-get"))
    with pytest.raises(UserError, match="There is no Chromium"):
        chromium.ensure()
