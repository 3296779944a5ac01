"""What becomes of a feed's state after a poll. Pure; the clock and the feed's rhythm are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from monitor.ingest.cadence import interval, next_due, not_before, quiet
from monitor.types import (
    Bounds,
    Document,
    Failed,
    FailureKind,
    Feed,
    FeedState,
    Fetched,
    NotModified,
    Rhythm,
    Validators,
)

FULL_AFTER = 24
"""After so many answers 304 in a row the whole body is asked for: some servers' validators never change."""

HOSTS_DOWN = 3
"""So many different hosts that say nothing, and none that does, mean that our own network is down."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What the next due time depends on besides the outcome. `jitter` is between 0 and 1."""

    bounds: Bounds
    rhythm: Rhythm
    jitter: float
    now: datetime


def fresh(state: FeedState | None, feed: Feed) -> FeedState:
    """The remembered state; what an address remembered means nothing to another one the operator has given."""
    if state is None:
        return FeedState(feed.id, feed.url)
    if state.url == feed.url:
        return state
    return FeedState(
        feed.id,
        feed.url,
        first_read_at=state.first_read_at,
        last_polled_at=state.last_polled_at,
        last_new_at=state.last_new_at,
        read_at=state.read_at,
    )


def validators_to_send(state: FeedState) -> Validators:
    """What to ask with: now and then nothing but our own memory of the body, for validators lie."""
    if state.unchanged >= FULL_AFTER:
        return Validators(body_hash=state.validators.body_hash)
    return state.validators


def after_failure(state: FeedState, failure: Failed, pace: Pace) -> FeedState:
    """Validators stay; a remembered move that fails is forgotten, so that the configured address is tried.

    410 ends the polling (RFC 9110, 15.5.11), but only from the configured address: a move may lead astray. To wait as
    a host asked for is no failure of the feed.
    """
    now = pace.now
    gone = failure.kind is FailureKind.GONE and state.moved_to is None
    wait = not_before(failure, now)
    if failure.kind is FailureKind.WAITING:
        return replace(state, due_at=wait, not_before=wait, reason=failure.reason)
    failures = state.failures + 1
    return replace(
        state,
        last_polled_at=now,
        failures=failures,
        failure=failure.kind,
        failing_since=state.failing_since or now,
        answered_at=now if failure.answered else state.answered_at,
        due_at=None if gone else _due(state, failures, pace),
        not_before=wait,
        ended_at=now if gone else None,
        moved_to=None,
        reason=failure.reason,
    )


def after_offline(state: FeedState, pace: Pace) -> FeedState:
    """The feed is not to blame: it is due again after one interval, and nothing is counted."""
    return replace(state, last_polled_at=pace.now, due_at=_due(state, 0, pace))


def after_answer(
    state: FeedState, outcome: Fetched | NotModified, document: Document | None, pace: Pace, *, brought: bool
) -> FeedState:
    """After a document, or word that it has not changed (None). `brought` says whether anything was new."""
    now = pace.now
    state = replace(
        state,
        validators=outcome.validators,
        last_polled_at=now,
        last_new_at=now if brought else state.last_new_at,
        failures=0,
        failure=None,
        failing_since=None,
        answered_at=now,
        not_before=None,
        ended_at=None,
        moved_to=outcome.moved_to or state.moved_to,
        unchanged=state.unchanged + 1 if outcome.status == 304 else 0,
        reason="",
    )
    if document is not None:
        state = replace(
            state,
            first_read_at=state.first_read_at or now,
            read_at=now,
            last_entries=len(document.entries),
            pause=max(document.pause, outcome.pause),
            reason="; ".join(document.problems),
        )
    return replace(state, due_at=_due(state, 0, pace))


def is_offline(remembered: Sequence[FeedState], unanswered: Sequence[FeedState], now: datetime) -> bool:
    """Whether our own network is down, so that no feed is to blame for saying nothing.

    It is when several hosts are silent and none has answered since. A host that was failing already while others
    answered is no witness. `remembered` are all states with this round's answers in them, `unanswered` those whose
    server said nothing now.
    """
    newest = _newest_answer(remembered)
    if newest is not None and newest >= now:
        return False
    since = (state for state in remembered if _polled_in_vain(state, newest))
    witnesses = {_host(each) for each in (*unanswered, *since) if not _failing_before(each, newest)}
    hosts = {_host(state) for state in (*remembered, *unanswered)}
    return len(witnesses) >= max(2, min(HOSTS_DOWN, len(hosts)))


def absolved(remembered: Sequence[FeedState], pace: Pace) -> list[FeedState]:
    """The states of those that failed before it was clear that the network was down, as if it had been clear.

    Those that were failing while others still answered keep their count.
    """
    newest = _newest_answer(remembered)
    return [
        replace(after_offline(state, pace), failures=0, failing_since=None, failure=None, reason="")
        for state in remembered
        if state.failures and _polled_in_vain(state, newest) and not _failing_before(state, newest)
    ]


def _polled_in_vain(state: FeedState, newest: datetime | None) -> bool:
    """Whether it was asked since anybody answered last."""
    return state.last_polled_at is not None and (newest is None or state.last_polled_at > newest)


def _newest_answer(states: Iterable[FeedState]) -> datetime | None:
    return max((state.answered_at for state in states if state.answered_at), default=None)


def _failing_before(state: FeedState, newest: datetime | None) -> bool:
    return newest is not None and state.failing_since is not None and state.failing_since <= newest


def _host(state: FeedState) -> str:
    return host_of(state.moved_to or state.url)


def host_of(url: str) -> str:
    """The host's name in lower case, "" if there is none."""
    return (urlsplit(url).hostname or "").lower()


def _due(state: FeedState, failures: int, pace: Pace) -> datetime:
    own = interval(pace.rhythm, pace.bounds, pause=state.pause, quiet=quiet(state, pace.now))
    return next_due(failures=failures, interval=own, now=pace.now, jitter=pace.jitter)
