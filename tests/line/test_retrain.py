"""Retraining: readers' corrections are learnt from, and a new model serves only if it passes the gate."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifiers import release
from classifiers.corpus import Example, load_corpus
from classifiers.corrections import Correction
from classifiers.errors import BadFile
from classifiers.gate import Floors, floors_of
from classifiers.models import ModelStore
from classifiers.shipped import shipped
from classifiers.training import Recipe
from classifiers.verdict import Text
from monitor.store import corrections
from monitor.store.database import open_store
from tests.cli.samples import call

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> tuple[Example, ...]:
    """A tenth of the corpus, folds drawn once: the steps are the same, only quicker."""
    examples = load_corpus(release.load_taxonomy())[::10]
    monkeypatch.setattr(release, "load_corpus", lambda _: examples)
    monkeypatch.setattr("classifiers.corpus.load_corpus", lambda _: examples)
    monkeypatch.setattr("classifiers.training.Recipe", lambda: Recipe(repeats=1))
    monkeypatch.setattr(release, "accepted_floors", lambda: None)
    return examples


@pytest.fixture
def root(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder in which the release's model serves, and a database beside it."""
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    monkeypatch.setenv("VIETNHAT_MODELS", str(folder))
    monkeypatch.setenv("VIETNHAT_DB", str(tmp_path / "archive.db"))
    return folder


def pin(monkeypatch: pytest.MonkeyPatch, floors: Floors) -> None:
    """Set the floors of the gate."""
    monkeypatch.setattr(release, "accepted_floors", lambda: floors)


def test_the_gate_keeps_a_model_back_and_a_flag_lets_it_through(
    root: Path, small: tuple[Example, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Floors hold for the examples they were set on; the way back is one command."""
    store = ModelStore(root)
    first = store.current()
    pin(monkeypatch, floors_of(release.fingerprint(small), {"relevance_f1": 0.99, "calibration_error": 0.0}))
    kept_back = call("retrain", "--json")
    answer = json.loads(kept_back.out)
    assert (kept_back.code, answer["serves"]) == (1, False)
    assert "relevance_f1 is 0." in answer["refusals"][0]
    assert "does not serve" in kept_back.err
    assert store.current() == first
    passed = call("retrain", "--allow-lower")
    assert (passed.code, store.current() == first) == (0, False)
    assert "serves now" in passed.err
    assert call("model", "rollback").code == 0
    assert store.current() == first


def test_the_same_data_give_the_same_model(root: Path, small: tuple[Example, ...]) -> None:
    """One fingerprint: every weight, threshold's ground and word is the same."""
    one, other = (json.loads(call("retrain", "--json").out) for _ in range(2))
    assert one["model"] != other["model"] or one["fingerprint"] == other["fingerprint"]
    assert one["fingerprint"] == other["fingerprint"]
    assert one["scores"] == other["scores"]


def test_corrections_are_learnt_from_but_not_measured_on(
    root: Path, small: tuple[Example, ...], tmp_path: Path
) -> None:
    """What the operator says of texts changes the verdict on such texts; the evaluation data stay the corpus."""
    text = Text(
        "Zubaran Kamishibai kể chuyện tranh cho thiếu nhi Cần Giuộc", "Nhóm Kamishibai đến từ Nhật Bản."
    )
    votes = [
        Correction(replace(text, title=f"{text.title} {n}"), 2, ("culture",), "lan", "session", NOW)
        for n in "một hai ba bốn năm sáu bảy tám chín mười".split()  # noqa: SIM905
    ]
    with open_store(tmp_path / "archive.db", create=True) as store:
        corrections.record_all(store, votes)
    before = ModelStore(root).load().classify([text])[0]
    answer = json.loads(call("retrain", "--json").out)
    assert (answer["serves"], answer["lessons"]) == (True, 10)
    after = ModelStore(root).load().classify([text])[0]
    assert after.relevance > before.relevance
    assert after.decision == "send"
    manifest = ModelStore(root).manifest(answer["model"])
    assert manifest.evaluation == release.fingerprint(small)
    assert manifest.examples == len(small) + 10


def test_a_flood_of_hostile_corrections_moves_nothing(
    root: Path, small: tuple[Example, ...], tmp_path: Path
) -> None:
    """Ten thousand wrong labels of one address count as a few; the scores stay where they were."""
    honest = json.loads(call("retrain", "--json").out)
    flood = [
        Correction(Text(example.text.title, f"{example.text.summary} {n}"), 2 - example.relevance // 2 * 2, None,
                   "bot@example.org", "import", NOW + timedelta(seconds=n))
        for n, example in zip(range(10_000), small * 20, strict=False)
    ]  # fmt: skip
    with open_store(tmp_path / "archive.db", create=True) as store:
        assert corrections.record_all(store, flood) == 10_000
    answer = json.loads(call("retrain", "--json").out)
    assert answer["lessons"] <= max(20, len(small) // 100)
    change = answer["scores"]["relevance_f1"] - honest["scores"]["relevance_f1"]
    assert not answer["serves"] or abs(change) <= 0.02  # a tenth of the corpus: twice a point


def test_a_model_that_sends_far_more_needs_a_reason(
    root: Path, small: tuple[Example, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The archive is replayed; the share sent must stay near the serving model's, or a flag says why not."""
    from classifiers.replay import Flip, Replay
    from classifiers.verdict import Decision

    open_store(tmp_path / "archive.db", create=True).close()
    flip = Flip(7, "một bài", Decision.SEND, Decision.DROP, 0.9, 0.1, mailed=True)
    monkeypatch.setattr("monitor.learning.replay_archive", lambda *_, **__: Replay(900, 40, 90, (flip,)))
    kept_back = call("retrain")
    assert kept_back.code == 1
    assert "2.25 times" in kept_back.err
    assert "7\tyes\tsend 0.90\tdrop 0.10\tmột bài" in kept_back.out
    passed = json.loads(call("retrain", "--json", "--share-because", "feeds of Japan were added").out)
    assert passed["serves"]
    assert ModelStore(root).manifest(passed["model"]).note.endswith(": feeds of Japan were added")


def test_edited_data_need_folds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thresholds accepted at release hold for exactly the data they were accepted with."""
    shutil.copytree(shipped("data"), tmp_path / "data")
    extra = tmp_path / "data" / "corpus" / "extra.jsonl"
    line = (tmp_path / "data" / "corpus" / "business.jsonl").read_text(encoding="utf-8").splitlines()[0]
    extra.write_text(json.dumps({**json.loads(line), "id": "extra-1"}) + "\n", encoding="utf-8")
    monkeypatch.setattr(release, "shipped", lambda *parts: tmp_path.joinpath(*parts))
    monkeypatch.setattr("classifiers.corpus.shipped", lambda *parts: tmp_path.joinpath(*parts))
    with pytest.raises(BadFile, match="vietnhat retrain"):
        release.fit_accepted(NOW)
