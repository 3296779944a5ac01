"""The demo: the whole line on invented news, offline."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.demo import sample_entries, sample_feeds


def test_the_demo_shows_digests_in_three_languages(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three mornings, three readers, nine letters, each a page to open; no settings, no network."""
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    answer = CliRunner().invoke(cli, ["demo", "--into", str(tmp_path / "demo")])
    assert answer.exit_code == 0
    pages = [Path(line) for line in answer.stdout.splitlines() if line.endswith(".html")]
    assert len(pages) == 9
    assert {page.stem.rpartition("-")[2] for page in pages} == {"vi", "en", "ja"}
    assert all('role="presentation"' in page.read_text(encoding="utf-8") for page in pages)
    assert len(list((tmp_path / "demo" / "outbox").glob("*.eml"))) == 9


def test_the_sample_news_is_whole() -> None:
    """Every entry belongs to a sample feed and is different from every other."""
    entries = sample_entries()
    feeds = {feed.id for feed in sample_feeds(1)}
    assert {entry.feed for entry in entries} == feeds
    assert len({(entry.feed, entry.title) for entry in entries}) == len(entries) >= 150
