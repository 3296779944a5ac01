"""How a feed is doing, in one word an operator can act on. Pure; the clock and the feed's rhythm are given."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.ingest.cadence import is_silent
from monitor.types import Condition, FailureKind, Feed, FeedState, Health, Rhythm

DEAD_AFTER = timedelta(days=3)
"""Failing for so long is no passing trouble."""

SOME_FAILURES = 3
"""Before that, a failure may be chance."""


def health(feed: Feed, state: FeedState | None, rhythm: Rhythm, now: datetime) -> Health:
    """The condition of a feed as its last polls and its history show it."""
    if state is None or state.url != feed.url:
        return Health(feed, Condition.NEW)
    if state.ended_at:
        return Health(feed, Condition.ENDED, state.ended_at, state.reason)
    if state.failures:
        return Health(feed, _failing(state, now), state.failing_since, state.reason)
    if state.first_read_at is None:
        return Health(feed, Condition.NEW)
    if state.read_at and not state.last_entries:
        return Health(feed, Condition.EMPTY, state.read_at, state.reason)
    if is_silent(state, rhythm, now):
        return Health(feed, Condition.SILENT, state.last_new_at or state.first_read_at)
    if state.moved_to:
        return Health(feed, Condition.MOVED, None, state.moved_to)
    return Health(feed, Condition.OK)


def _failing(state: FeedState, now: datetime) -> Condition:
    if state.failure is FailureKind.CHALLENGE and state.failures >= SOME_FAILURES:
        return Condition.BLOCKED
    if state.failing_since and state.failures >= SOME_FAILURES and now - state.failing_since >= DEAD_AFTER:
        return Condition.DEAD
    return Condition.FAILING
