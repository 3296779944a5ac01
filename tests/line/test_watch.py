"""The weekly look: once a week, kept, and told to the operator when there is something to do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from classifiers.drift import Drift, Note
from classifiers.models import ModelStore
from monitor import watch
from monitor.config.settings import load_settings
from monitor.rounds import watch_week
from monitor.store import outbox, polls, watches
from monitor.store.database import Store, open_store
from monitor.types import Entry, Feed, FeedState, NewArticle, PollPlan, PollReport
from tests.cli.samples import call

FEED = Feed("thu", "Báo Thử", "tin", "https://thu.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
MONDAY = datetime(2026, 11, 16, 0, 0, tzinfo=UTC)


def stored(store: Store, day: datetime, titles: list[str]) -> None:
    """Articles first seen on that day."""
    entries = [Entry((f"url:{day:%j}-{n}",), "", title, "", day) for n, title in enumerate(titles)]
    plan = PollPlan(new=tuple(NewArticle(entry, entry.published, news=True) for entry in entries))
    polls.record_poll(store, FEED, plan, FeedState("thu", FEED.url), PollReport("thu", "new"), now=day)


@pytest.fixture
def season(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight weeks in which one article in ten names Japan, and a week in which none does."""
    path = tmp_path / "archive.db"
    monkeypatch.setenv("VIETNHAT_DB", str(path))
    monkeypatch.setenv("VIETNHAT_MODELS", str(models))
    with open_store(path, create=True) as store:
        for back in range(2, 10):
            titles = [f"Nhật Bản và giá lúa số {n}" if n % 10 == 0 else f"Giá lúa số {n}" for n in range(80)]
            stored(store, MONDAY - timedelta(weeks=back, hours=-30), titles)
        stored(store, MONDAY - timedelta(days=3), [f"Giá ngô số {n}" for n in range(400)])
    return path


def test_the_week_is_the_last_whole_one() -> None:
    """From Monday to Sunday of Vietnam's calendar."""
    assert watch.last_week(datetime(2026, 11, 22, 16, 59, tzinfo=UTC)) == date(2026, 11, 9)
    assert watch.last_week(datetime(2026, 11, 22, 17, 0, tzinfo=UTC)) == date(2026, 11, 16)


def test_a_week_without_japan_is_noticed(season: Path, models: Path) -> None:
    """The note names the share and what to do; a second look at the same week is not taken."""
    model = ModelStore(models).load()
    now = MONDAY + timedelta(hours=5)
    with open_store(season) as store:
        found = watch.look_once(store, lambda: model, now=now)
        assert found is not None
        week, served, drift = found
        watches.record(store, week, served, drift, letter=None, now=now)
        assert any(note.what.startswith("of 1,000 articles 0.0 are naming Japan") for note in drift.notes)
        assert any(note.what.startswith("Báo Thử: ") for note in drift.notes)
        assert watch.look_once(store, lambda: model, now=now) is None
        kept = watches.latest(store)
    assert kept is not None
    assert (kept["week"], kept["alarms"]) == ("2026-11-09", len(drift.notes))
    assert "naming Japan" in call("status").out


def test_the_command_shows_figures_and_notes(season: Path) -> None:
    """Whatever the day is, by --as-of."""
    answer = call("model", "watch", "--as-of", "2026-11-17T07:00")
    assert "naming Japan before\t" in answer.out
    assert "run 'vietnhat feeds check'" in answer.out
    assert "nothing to do" in call("model", "watch", "--as-of", "2026-06-01T07:00").err


def test_the_operator_gets_a_letter(
    season: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One letter a week, only when something is to be done and an address is set."""
    found = Drift(
        {"texts": 400.0}, (Note("of 1,000 articles 0.0 are naming Japan", "run 'vietnhat feeds check'"),)
    )
    monkeypatch.setattr(watch, "look", lambda *_: found)
    with open_store(season) as store:
        watch_week(load_settings({}), store, MONDAY)
        assert outbox.due(store, now=MONDAY) == []
        store.db.execute("DELETE FROM watch")
        store.db.conn.commit()
    monkeypatch.setenv("VIETNHAT_OPERATOR", "truc@example.org")
    with open_store(season) as store:
        for _ in range(2):
            watch_week(load_settings({}), store, MONDAY)
        (delivery,) = outbox.due(store, now=MONDAY)
    assert delivery.letter.recipient == "truc@example.org"
    assert b"feeds check" in delivery.letter.raw
