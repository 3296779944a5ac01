"""Retraining: a new model serves unless it is clearly worse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifiers.models import ModelStore
from classifiers.release import fit_accepted
from monitor.cli import cli


def test_a_worse_model_is_kept_back_and_a_better_one_serves(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate compares with the serving model's scores; the way back is one command."""
    root = tmp_path / "models"
    shutil.copytree(models, root)
    store = ModelStore(root)
    first = store.current()
    assert first
    monkeypatch.setenv("VIETNHAT_MODELS", str(root))
    path = root / first / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    honest = dict(manifest["scores"])
    path.write_text(json.dumps({**manifest, "scores": {**honest, "relevance_f1": 0.99}}), encoding="utf-8")
    kept_back = CliRunner().invoke(cli, ["retrain"], standalone_mode=False)
    assert kept_back.return_value == 1
    assert "relevance_f1 fell from 0.990" in kept_back.stderr
    assert store.current() == first
    second = next(model_id for model_id in store.ids() if model_id != first)
    assert store.manifest(second).scores == pytest.approx(honest, abs=0.02)
    promoted = CliRunner().invoke(cli, ["model", "promote", second])
    assert promoted.exit_code == 0
    assert store.current() == second
    assert CliRunner().invoke(cli, ["model", "rollback"]).exit_code == 0
    assert store.current() == first


def test_edited_data_need_folds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thresholds accepted at release hold for exactly the data they were accepted with."""
    from datetime import UTC, datetime

    from classifiers import release
    from classifiers.errors import BadFile
    from classifiers.shipped import shipped

    shutil.copytree(shipped("data"), tmp_path / "data")
    extra = tmp_path / "data" / "corpus" / "extra.jsonl"
    line = (tmp_path / "data" / "corpus" / "business.jsonl").read_text(encoding="utf-8").splitlines()[0]
    extra.write_text(json.dumps({**json.loads(line), "id": "extra-1"}) + "\n", encoding="utf-8")
    monkeypatch.setattr(release, "shipped", lambda *parts: tmp_path.joinpath(*parts))
    monkeypatch.setattr("classifiers.corpus.shipped", lambda *parts: tmp_path.joinpath(*parts))
    with pytest.raises(BadFile, match="vietnhat retrain"):
        fit_accepted(datetime(2026, 11, 21, tzinfo=UTC))
