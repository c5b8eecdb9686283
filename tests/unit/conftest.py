"""Fixtures of the gallery tests: a dist/, a small classifier in it, a folder of pictures, an empty list.

Does not make a gallery.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import publish.pack.dist
from app.core.card import ModelCard
from publish.gallery import make, registry
from tests.support import gallery_inputs


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty dist/."""
    (tmp_path / "dist").mkdir()
    return tmp_path / "dist"


@pytest.fixture
def small(out: Path) -> ModelCard:
    """The only classifier of `out`."""
    return gallery_inputs.classifier(out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder "Our town" with six usable pictures."""
    return gallery_inputs.folder(tmp_path / "Our town")


@pytest.fixture
def added_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an empty list of added galleries; packing does nothing."""
    monkeypatch.setattr(registry, "ADDED_FILE", tmp_path / "added.json")
    monkeypatch.setattr(registry, "GALLERY_CACHE", tmp_path / "cache")
    monkeypatch.setattr(make, "GALLERY_CACHE", tmp_path / "cache")
    monkeypatch.setenv("VITRINE_FROM", str(tmp_path))
    monkeypatch.setattr(publish.pack.dist, "pack", lambda: None)
    return tmp_path / "added.json"
