"""What the gallery's tests share: a dist/, a small classifier in it, a folder of pictures, a list of its own.

Does not make a gallery.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import publish.pack.dist
from app.core.card import ModelCard
from publish.gallery import make, registry
from tests.support import gallery_given


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty dist/."""
    (tmp_path / "dist").mkdir()
    return tmp_path / "dist"


@pytest.fixture
def small(out: Path) -> ModelCard:
    """The one classifier of `out`."""
    return gallery_given.classifier(out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six usable pictures, called "Our town"."""
    return gallery_given.folder(tmp_path / "Our town")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own list of added galleries; packing does nothing."""
    monkeypatch.setattr(registry, "KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(registry, "MADE", tmp_path / "made")
    monkeypatch.setattr(make, "MADE", tmp_path / "made")
    monkeypatch.setenv("VITRINE_FROM", str(tmp_path))
    monkeypatch.setattr(publish.pack.dist, "pack", lambda: None)
    return tmp_path / "kept.json"
