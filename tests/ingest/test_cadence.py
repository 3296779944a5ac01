"""Rules for when a feed is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.cadence import interval, is_due, is_silent, next_due, not_before, rhythm
from monitor.types import Bounds, Failed, FailureKind, FeedState, Rhythm

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
        (Failed(FailureKind.TIMEOUT, ""), None),
    ],
)
def test_the_server_may_ask_for_patience(failure: Failed, wait: timedelta | None) -> None:
    """Retry-After is obeyed up to a day."""
    assert not_before(failure, NOW) == (NOW + wait if wait else None)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTES = timedelta(minutes=1)


def times(*gaps: timedelta) -> list[datetime]:
    """Times so far apart, the last of them now."""
    found = [NOW]
    for gap in reversed(gaps):
        found.insert(0, found[0] - gap)
    return found


@pytest.mark.parametrize(
    ("arrivals", "learnt"),
    [
        ([], Rhythm()),
        (times(*[HOUR] * 6), Rhythm()),  # seven batches say nothing yet
        (times(*[HOUR] * 7), Rhythm(HOUR)),  # a rhythm, but not yet what silence to expect
        (times(*([HOUR] * 14 + [10 * HOUR]) * 6), Rhythm(HOUR, DAY)),  # nights are few gaps; a day at least
        (times(*[2 * DAY] * 8), Rhythm(2 * DAY, 4 * DAY)),
        (times(*[20 * DAY] * 8), Rhythm(20 * DAY, 30 * DAY)),
    ],
)
def test_rhythm(arrivals: list[datetime], learnt: Rhythm) -> None:
    """The gap is the median, the silence to expect twice the longest, from a day to a month."""
    assert rhythm(arrivals) == learnt


def test_the_silence_to_expect_is_learnt_from_months() -> None:
    """A busy feed's newest arrivals span a few days, a weekly feed's weeks are few: hours of months tell both."""
    busy = rhythm(times(*[10 * MINUTES] * 400), times(*([HOUR] * 20 + [4 * HOUR]) * 30))
    assert busy == Rhythm(10 * MINUTES, DAY)
    weekly = rhythm(times(*[7 * DAY] * 3), times(*[7 * DAY] * 13))
    assert weekly == Rhythm(None, 14 * DAY)


@pytest.mark.parametrize(
    ("gap", "pause", "quiet", "expected"),
    [
        (None, 0 * HOUR, 0 * HOUR, 15 * MINUTES),  # unknown: where one starts
        (None, 0 * HOUR, 4 * HOUR, 30 * MINUTES),  # and slower the longer nothing comes
        (None, 0 * HOUR, 300 * HOUR, 6 * HOUR),
        (HOUR, 0 * HOUR, HOUR, 30 * MINUTES),  # half the gap
        (4 * MINUTES, 0 * HOUR, 0 * HOUR, 10 * MINUTES),  # the floor
        (3 * DAY, 0 * HOUR, 0 * HOUR, 6 * HOUR),  # the ceiling
        (HOUR, 0 * HOUR, 8 * HOUR, HOUR),  # a quiet night slows it down a little
        (HOUR, 0 * HOUR, 90 * DAY, 6 * HOUR),  # a feed that stopped is asked four times a day
        (HOUR, 2 * HOUR, HOUR, 2 * HOUR),  # the publisher's wish
        (HOUR, 5 * MINUTES, HOUR, 30 * MINUTES),  # which never hastens
        (HOUR, 48 * HOUR, HOUR, 6 * HOUR),  # and has its bounds
        (None, 48 * HOUR, HOUR, 6 * HOUR),
    ],
)
def test_interval(gap: timedelta | None, pause: timedelta, quiet: timedelta, expected: timedelta) -> None:
    """Twice as often as news comes, slower in silence, as slow as the publisher asks, always within the bounds."""
    assert interval(Rhythm(gap), Bounds(), pause=pause, quiet=quiet) == expected


@given(
    st.one_of(st.none(), st.timedeltas(timedelta(seconds=1), 60 * DAY)),
    st.timedeltas(timedelta(0), 60 * DAY),
    st.timedeltas(timedelta(0), 60 * DAY),
)
def test_the_interval_keeps_its_bounds(gap: timedelta | None, pause: timedelta, quiet: timedelta) -> None:
    """Whatever is learnt and asked."""
    bounds = Bounds(15 * MINUTES, 10 * MINUTES, 6 * HOUR)
    assert bounds.floor <= interval(Rhythm(gap), bounds, pause=pause, quiet=quiet) <= bounds.ceiling


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (None, True),
        (FeedState("a", "u"), True),
        (FeedState("a", "u", due_at=NOW), True),
        (FeedState("a", "u", due_at=NOW + MINUTES), False),
        (FeedState("a", "u", due_at=NOW - DAY, not_before=NOW + MINUTES), False),
        (FeedState("a", "u", due_at=NOW + 26 * HOUR), False),  # a day's back-off and its jitter
        (FeedState("a", "u", due_at=NOW + 27 * HOUR), True),  # no pause of ours: a clock was wrong
        (FeedState("a", "u", ended_at=NOW - DAY), False),
        (FeedState("a", "u", due_at=NOW - DAY, ended_at=NOW - DAY), False),
    ],
)
def test_is_due(state: FeedState | None, due: bool) -> None:
    """Never polled, or the pause is over; a feed that has ended never is."""
    assert is_due(state, NOW) is due


@pytest.mark.parametrize(
    ("state", "learnt", "silent"),
    [
        (FeedState("a", "u"), Rhythm(), False),
        (FeedState("a", "u", last_new_at=NOW - 6 * DAY), Rhythm(), False),
        (FeedState("a", "u", last_new_at=NOW - 8 * DAY), Rhythm(), True),
        (FeedState("a", "u", first_read_at=NOW - 8 * DAY), Rhythm(), True),
        (FeedState("a", "u", last_new_at=NOW - 8 * DAY), Rhythm(DAY, 10 * DAY), False),
        (FeedState("a", "u", last_new_at=NOW - 2 * DAY), Rhythm(HOUR, DAY), True),
    ],
)
def test_silence(state: FeedState, learnt: Rhythm, silent: bool) -> None:
    """Longer than its history lets expect, a week where there is none."""
    assert is_silent(state, learnt, NOW) is silent
