"""When a feed is due next, learnt from when it brought news. Pure: no HTTP, no scheduler; jitter and `now` are given.

A feed is asked about twice as often as it brings something, so that news waits for half a gap at most. The gap is the
median of the last weeks: nights and weekends are long gaps, and few.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from monitor.types import Bounds, Failed, FeedState, Rhythm

LONGEST_BACK_OFF = timedelta(hours=24)
"""Of a failing feed, and of a server's Retry-After: no feed is ever given up, none is asked less than daily."""

HISTORY, LONG_HISTORY = timedelta(days=28), timedelta(days=100)
"""How far back `rhythm` should be given arrivals, and hours: a weekly feed has some dozen then."""

_SPREAD = 0.1
_LONGEST_PAUSE = LONGEST_BACK_OFF * (1 + _SPREAD)
_FEWEST = 8
"""Batches of news before a history says anything; and for silence they must span some days."""
_SPAN = timedelta(days=5)
_SHORTEST_SILENCE, _LONGEST_SILENCE = timedelta(days=1), timedelta(days=30)
_ANY_SILENCE = timedelta(days=7)


def rhythm(arrivals: Sequence[datetime], hours: Sequence[datetime] | None = None) -> Rhythm:
    """What the times at which a feed brought something new (ascending, each once) say of it.

    `arrivals` are of the last weeks and tell the gap; `hours`, coarser and of some months, tell the silence to expect.
    """
    gap = median(_gaps(arrivals)) if len(arrivals) >= _FEWEST else None
    long = arrivals if hours is None else hours
    silence = None
    if len(long) >= _FEWEST and long[-1] - long[0] >= _SPAN:
        silence = min(max(2 * timedelta(seconds=max(_gaps(long))), _SHORTEST_SILENCE), _LONGEST_SILENCE)
    return Rhythm(None if gap is None else timedelta(seconds=gap), silence)


def _gaps(times: Sequence[datetime]) -> list[float]:
    return [(later - earlier).total_seconds() for earlier, later in pairwise(times)]


def interval(learnt: Rhythm, bounds: Bounds, *, pause: timedelta, quiet: timedelta) -> timedelta:
    """The pause between two polls: half the usual gap, longer the longer nothing came, never outside the bounds.

    `pause` is the publisher's wish, `quiet` the time since the last news.
    """
    own = bounds.start if learnt.gap is None else learnt.gap / 2
    return min(max(own, quiet / 8, pause, bounds.floor), bounds.ceiling)


def next_due(*, failures: int, interval: timedelta, now: datetime, jitter: float) -> datetime:
    """Linear back-off: one more interval per failure in a row, a day at most; no feed is ever given up.

    `failures` is 0 after a success. `jitter` (0 to 1) delays by up to a tenth of the interval, never hastens.
    """
    delay = max(interval, min(interval * (1 + failures), LONGEST_BACK_OFF))
    return now + delay + interval * _SPREAD * jitter


def not_before(failure: Failed, now: datetime) -> datetime | None:
    """The earliest time the server wants to hear of us again, whatever the interval says."""
    if failure.retry_after is None:
        return None
    return now + min(timedelta(seconds=failure.retry_after), LONGEST_BACK_OFF)


def is_due(state: FeedState | None, now: datetime) -> bool:
    """Whether a feed's time has come: it was never polled, or its pause is over.

    A due time further off than any pause we take was set by a clock that was wrong, and does not count.
    """
    if state is None or (state.due_at is None and state.ended_at is None):
        return True
    if state.ended_at is not None or state.due_at is None:
        return False
    return not waits(state, now) and (state.due_at <= now or state.due_at > now + _LONGEST_PAUSE)


def waits(state: FeedState, now: datetime) -> bool:
    """Whether its server asked for no request yet; a wish that reaches too far was noted by a clock that was wrong."""
    return state.not_before is not None and now < state.not_before <= now + _LONGEST_PAUSE


def is_silent(state: FeedState, learnt: Rhythm, now: datetime) -> bool:
    """Whether a feed that answers has brought nothing for longer than its history lets expect."""
    return quiet(state, now) > (learnt.silence or _ANY_SILENCE)


def quiet(state: FeedState, now: datetime) -> timedelta:
    """How long the feed has brought nothing new; no time at all for one that was never read."""
    return now - (state.last_new_at or state.first_read_at or now)


def may_be_silent(state: FeedState, now: datetime) -> bool:
    """Whether its history has to be asked at all: no silence shorter than this counts with any feed."""
    return quiet(state, now) > _SHORTEST_SILENCE
