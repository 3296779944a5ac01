"""How a feed is doing, in one word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.ingest.health import health
from monitor.types import Condition, FailureKind, Feed, FeedState, Rhythm

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FEED = Feed("thu", "Báo Thử", "tin", "https://a.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
WELL = FeedState(
    "thu", FEED.url, first_read_at=NOW - 9 * DAY, read_at=NOW, last_entries=5, last_new_at=NOW - DAY
)


@pytest.mark.parametrize(
    ("state", "condition"),
    [
        (None, Condition.NEW),
        (FeedState("thu", "https://other.example/rss"), Condition.NEW),
        (FeedState("thu", FEED.url), Condition.NEW),
        (WELL, Condition.OK),
        (replace(WELL, failures=1, failing_since=NOW), Condition.FAILING),
        (replace(WELL, failures=9, failing_since=NOW - 2 * DAY), Condition.FAILING),
        (replace(WELL, failures=9, failing_since=NOW - 3 * DAY), Condition.DEAD),
        (replace(WELL, failures=2, failing_since=NOW - 9 * DAY), Condition.FAILING),
        (replace(WELL, failures=2, failing_since=NOW, failure=FailureKind.CHALLENGE), Condition.FAILING),
        (replace(WELL, failures=3, failing_since=NOW, failure=FailureKind.CHALLENGE), Condition.BLOCKED),
        (replace(WELL, failures=1, ended_at=NOW), Condition.ENDED),
        (replace(WELL, last_entries=0), Condition.EMPTY),
        (replace(WELL, last_new_at=NOW - 8 * DAY), Condition.SILENT),
        (replace(WELL, moved_to="https://b.example/rss"), Condition.MOVED),
    ],
)
def test_condition(state: FeedState | None, condition: Condition) -> None:
    """The worst that is true of it."""
    assert health(FEED, state, Rhythm(), NOW).condition is condition
