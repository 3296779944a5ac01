"""`vietnhat model`: which models there are, which serves, and going back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from classifiers.models import ModelStore
from tests.cli.samples import call


@pytest.fixture
def folder(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the models folder that a test may change."""
    copy = tmp_path / "models"
    shutil.copytree(models, copy)
    monkeypatch.setenv("VIETNHAT_MODELS", str(copy))
    return copy


def test_list(folder: Path) -> None:
    """Every model with its scores; the one that serves is marked."""
    current = ModelStore(folder).current()
    (model,) = json.loads(call("model", "list", "--json").out)
    assert (model["id"], model["serves"]) == (current, True)
    assert 0 < model["scores"]["relevance_f1"] <= 1
    assert call("model", "list").out.startswith(f"*\t{current}\t")


def test_list_of_none() -> None:
    """Before the first model the list is empty."""
    answer = call("model", "list")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_promote_and_roll_back(folder: Path) -> None:
    """A model is promoted by its id; rolling back needs one before."""
    current = ModelStore(folder).current() or ""
    answer = call("model", "rollback")
    assert answer.code == 1
    assert "no earlier model" in answer.complaint
    assert call("model", "promote", current).err == f"model {current} serves now\n"
    (folder / "history").write_text(f"{current}\n", encoding="utf-8")
    assert call("model", "rollback").err == f"model {current} serves again\n"


@pytest.mark.parametrize("name", ["nix", "../..", "", "a\nb", ".."])
def test_promote_of_none(folder: Path, name: str) -> None:
    """An id that no model has, or that is none, changes nothing."""
    before = ModelStore(folder).current()
    answer = call("model", "promote", "--", name)
    assert answer.code == 2
    assert "there is no model" in answer.complaint
    assert ModelStore(folder).current() == before
