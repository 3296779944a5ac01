"""Rules for when a feed is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.cadence import next_due, not_before
from monitor.types import Failed, FailureKind

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("failures", "interval", "delay"),
    [
        (0, QUARTER, timedelta(minutes=15)),
        (1, QUARTER, timedelta(minutes=30)),
        (3, QUARTER, timedelta(hours=1)),
        (1000, QUARTER, timedelta(hours=24)),
        (5, timedelta(days=2), timedelta(days=2)),
    ],
)
def test_back_off(failures: int, interval: timedelta, delay: timedelta) -> None:
    """One more interval per failure, a day at most, and never sooner than the interval."""
    assert next_due(failures=failures, interval=interval, now=NOW, jitter=0) == NOW + delay


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_jitter_only_delays(failures: int, jitter: float) -> None:
    """Jitter spreads polls out; it never breaks the promised pause."""
    plain = next_due(failures=failures, interval=QUARTER, now=NOW, jitter=0)
    spread = next_due(failures=failures, interval=QUARTER, now=NOW, jitter=jitter)
    assert plain <= spread <= plain + QUARTER / 10


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (Failed(FailureKind.STATUS, "", 429, 120.0), timedelta(minutes=2)),
        (Failed(FailureKind.STATUS, "", 503, 1e9), timedelta(hours=24)),
        (Failed(FailureKind.GONE, "", 410), timedelta(hours=24)),
        (Failed(FailureKind.TIMEOUT, ""), None),
    ],
)
def test_the_server_may_ask_for_patience(failure: Failed, wait: timedelta | None) -> None:
    """Retry-After is obeyed up to a day; a feed that is gone is asked once a day."""
    assert not_before(failure, NOW) == (NOW + wait if wait else None)
