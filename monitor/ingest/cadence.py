"""When a feed is due next. Pure: knows no HTTP and no scheduler; jitter and `now` are given."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.types import Failed, FailureKind

CEILING = timedelta(hours=24)
_SPREAD = 0.1


def next_due(*, failures: int, interval: timedelta, now: datetime, jitter: float) -> datetime:
    """Linear back-off: one more interval per failure in a row, a day at most; no feed is ever given up.

    `failures` is 0 after a success. `jitter` (0 to 1) delays by up to a tenth of the interval, never hastens.
    """
    delay = max(interval, min(interval * (1 + failures), CEILING))
    return now + delay + interval * _SPREAD * jitter


def not_before(failure: Failed, now: datetime) -> datetime | None:
    """The earliest time the server wants to hear of us again, whatever the interval says."""
    if failure.kind is FailureKind.GONE:
        return now + CEILING
    if failure.retry_after is None:
        return None
    return now + min(timedelta(seconds=failure.retry_after), CEILING)
