"""`vietnhat model card`, `model diff`, `articles rescore`, and what `explain` says of what is not sent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifiers.models import ModelStore
from monitor.card.figures import card_of
from monitor.card.render import as_html, as_markdown
from tests.cli.samples import call


def test_the_card_of_the_serving_model(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Markdown on the terminal, one self-contained page as a file."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    current = ModelStore(models).current() or ""
    text = call("model", "card").out
    assert text.startswith(f"# Model {current}\n")
    assert "| relevance f1 | 0." in text
    page = tmp_path / "card.html"
    assert call("model", "card", "--html", str(page)).err == f"wrote {page}\n"
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "http" not in html
    assert call("model", "card", "nix").code == 2


def test_a_card_shows_all_that_was_measured(models: Path) -> None:
    """Sectors with intervals, calibration, kinds that go wrong; names are escaped."""
    manifest = ModelStore(models).manifest(ModelStore(models).current() or "")
    report = {
        "sectors": {"oda": {"precision": 0.8, "recall": 0.7, "f1": 0.75, "support": 90}},
        "details": {
            "intervals": {"relevance": [0.81, 0.87], "oda": [0.7, 0.8]},
            "bins": [[0.1, 0.12, 0.5], [0.9, 0.88, 0.5]],
            "missed": [["<b>export", 9, 30]],
            "wrong": [["award", 3, 40]],
        },
    }
    card = card_of(replace(manifest, card=report), "f" * 64)
    html, text = as_html(card), as_markdown(card)
    assert "<svg" in html
    assert "&lt;b&gt;export" in html
    assert "| oda | 0.80 | 0.70 | 0.75 | 0.70–0.80 | 90 |" in text
    assert "0.810 to 0.870" in text
    assert "| award | 3 | 40 |" in text


def test_diff_of_a_model_with_itself(
    judged_archive: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is decided otherwise; an unknown model is told."""
    monkeypatch.setattr("monitor.learning.REPLAYED_DAYS", 20_000)
    current = ModelStore(models).current() or ""
    found = json.loads(call("model", "diff", current, current, "--json").out)
    assert (found["articles"], found["flips"]) == (3, [])
    assert call("model", "diff", "nix", current).code == 2


def test_rescore_judges_what_the_serving_model_has_not(
    archive: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole archive once; then nothing is left to do."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    assert call("articles", "rescore").err.startswith("3 articles judged by model ")
    assert call("articles", "rescore").err.startswith("0 articles judged")
    (first, *_) = json.loads(call("articles", "list", "--json", "--decision", "send").out)
    assert first["verdict"]["model"] == ModelStore(models).current()


def test_explain_says_what_is_missing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would take to be sent; for a closed gate, that; the nearest commitment in our own words."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    dropped = call(
        "explain", "--text", "Nhật Bản chơi trận giao hữu với Brazil", "--summary", "Trận đấu tối nay."
    )
    assert "missing: " in dropped.out
    assert "of raw score; it has " in dropped.out
    assert "nearest commitment: " in dropped.out
    assert "Japan" in dropped.out
    assert "the gate stays closed" in call("explain", "--text", "Giá vàng tăng").out
    answer = json.loads(call("explain", "--text", "Nhật Bản chơi trận giao hữu", "--json").out)
    assert answer["missing"]["score"] > 0
    assert all(gain > 0 for gain in answer["missing"]["would_add"].values())
    sent = call(
        "explain",
        "--text",
        "Nhật Bản cho Việt Nam vay vốn ODA xây tuyến metro",
        "--summary",
        "JICA ký hiệp định vay.",
    )
    assert "missing" not in sent.out
