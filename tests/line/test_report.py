"""The daily report: once a day, only when there is something to tell, complete in three languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config.settings import load_settings
from monitor.digest.render import Frame
from monitor.digest.report import render_report
from monitor.digest.words import Words
from monitor.report import ZONE, make_report, report_day
from monitor.rounds import daily_report
from monitor.store import outbox, polls, reports
from monitor.store.database import Store
from monitor.types import (
    REPORTED,
    Condition,
    Delivery,
    DeliveryState,
    FailureKind,
    Feed,
    FeedState,
    Health,
    Language,
    Note,
    PollReport,
    Trouble,
)

MORNING = datetime(2026, 11, 17, 0, 5, tzinfo=UTC)
"""Tuesday, 07:05 in Việt Nam."""
DAY = timedelta(days=1)
FRAME = Frame("Monitor", "ai@vidu.example", "mailto:ai@vidu.example")


def feed(name: str) -> Feed:
    """A feed of that name."""
    return Feed(name, f"Báo {name}", "tin", f"https://{name}.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")


FEEDS = (feed("mot"), feed("hai"))


def test_a_day_begins_at_six() -> None:
    """In Vietnam; before that what failed at night is still being tried."""
    assert report_day(datetime(2026, 11, 16, 22, 59, tzinfo=UTC)) is None
    assert report_day(datetime(2026, 11, 16, 23, 0, tzinfo=UTC)) == date(2026, 11, 17)


TUESDAY, MONDAY = date(2026, 11, 17), date(2026, 11, 16)
DEAD = Health(FEEDS[0], Condition.DEAD, MORNING)
WELL = Health(FEEDS[0], Condition.OK)


@pytest.mark.parametrize(
    ("day", "healths", "notes", "last", "worth"),
    [
        (TUESDAY, [WELL], [], {}, False),
        (TUESDAY, [DEAD], [], {}, True),
        (TUESDAY, [DEAD], [], {"mot": "dead"}, False),  # known already
        (MONDAY, [DEAD], [], {"mot": "dead"}, True),  # but once a week it is told again
        (TUESDAY, [DEAD], [], {"mot": "silent"}, True),
        (TUESDAY, [WELL], [], {"mot": "dead"}, True),  # well again
        (TUESDAY, [WELL], [], {"weg": "dead"}, False),  # no longer watched
        (MONDAY, [WELL], [], {}, False),
        (TUESDAY, [WELL], [Note(Trouble.DISK, "3 MB")], {}, True),
        (TUESDAY, [WELL], [Note(Trouble.DISK, "2 MB")], {"!disk": ""}, False),
        (TUESDAY, [Health(FEEDS[0], Condition.FAILING, MORNING)], [], {}, False),  # it mends or gets worse
    ],
)
def test_when_to_write(
    day: date, healths: list[Health], notes: list[Note], last: dict[str, str], worth: bool
) -> None:
    """On days on which something changed, and on Mondays while something is wrong."""
    assert make_report(day, healths, notes, last).worth_a_letter is worth


@pytest.mark.parametrize("language", ["vi", "en", "ja"])
def test_the_letter(language: Language) -> None:
    """Every condition and trouble has its words and says what to do; text of strangers is escaped."""
    healths = [
        Health(feed(condition), condition, MORNING - DAY, "<b>status 404</b>") for condition in REPORTED
    ]
    report = make_report(TUESDAY, healths, [Note(trouble, "7") for trouble in Trouble], {"mot": "dead"})
    rendered = render_report(replace(report, well_again=("mot",)), Words(language, str(ZONE)), FRAME)
    assert str(len(REPORTED) + len(Trouble)) in rendered.subject
    assert "&lt;b&gt;status 404" in rendered.html
    assert "<b>status 404" not in rendered.html
    for condition in REPORTED:
        assert f"Báo {condition}" in rendered.text
    assert "mot" in rendered.text


def fail(store: Store, which: Feed, since: datetime) -> None:
    """As if this feed had failed for days."""
    state = FeedState(
        which.id, which.url, failures=9, failing_since=since, failure=FailureKind.STATUS, reason="status 404"
    )
    polls.save_state(store, state, PollReport(which.id, "failed"))


def letters(store: Store, now: datetime) -> list[Delivery]:
    """What waits to be sent."""
    return outbox.due(store, now=now)


def test_one_letter_a_day(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The record and the letter come together; without an address there is only the record."""
    fail(store, FEEDS[0], MORNING - 5 * DAY)
    daily_report(load_settings({}), store, FEEDS, MORNING - DAY)
    assert letters(store, MORNING) == []
    monkeypatch.setenv("VIETNHAT_OPERATOR", "truc@example.org")
    monkeypatch.setenv("VIETNHAT_OPERATOR_LANGUAGE", "ja")
    settings = load_settings({})
    fail(store, FEEDS[1], MORNING - 4 * DAY)
    for hours in range(10):
        daily_report(settings, store, FEEDS, MORNING + timedelta(hours=hours))
    (letter,) = letters(store, MORNING + DAY)
    assert letter.letter.recipient == "truc@example.org"
    assert b"Content-Language: ja" in letter.letter.raw
    assert reports.before(store, date(2026, 11, 18)) == {"mot": "dead", "hai": "dead"}
    assert reports.before(store, date(2026, 11, 17)) == {"mot": "dead"}
    outbox.settle(store, letter, DeliveryState.SENT, next_attempt_at=MORNING, reply="", now=MORNING)
    daily_report(settings, store, FEEDS, MORNING + DAY)
    assert letters(store, MORNING + DAY) == []  # nothing has changed
