"""Rules for what becomes of a feed's state after a poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.ingest import course
from monitor.types import (
    Bounds,
    Document,
    Entry,
    Failed,
    FailureKind,
    Feed,
    FeedState,
    Fetched,
    NotModified,
    Rhythm,
    Validators,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PACE = course.Pace(Bounds(), Rhythm(), 0.0, NOW)
FEED = Feed("thu", "Báo Thử", "tin", "https://a.example/rss", "vi", "Asia/Ho_Chi_Minh", "press")
STATE = FeedState("thu", FEED.url, Validators('"1"', "Mon", "hash"), last_new_at=NOW - HOUR)
UNREACHABLE = Failed(FailureKind.UNREACHABLE, "no route")
ENTRY = Entry(("url:a",), "https://a.example/1", "Tin", "", NOW)


def test_a_failure_is_counted_and_dated() -> None:
    """The first one marks since when; validators stay, a remembered move goes."""
    state = replace(STATE, moved_to="https://b.example/rss")
    once = course.after_failure(state, UNREACHABLE, PACE)
    later = course.Pace(Bounds(), Rhythm(), 0.0, NOW + HOUR)
    twice = course.after_failure(once, Failed(FailureKind.STATUS, "status 500", 500), later)
    assert (once.failures, once.failing_since, once.failure) == (1, NOW, FailureKind.UNREACHABLE)
    assert (once.moved_to, once.validators, once.answered_at) == (None, STATE.validators, None)
    assert (twice.failures, twice.failing_since, twice.answered_at) == (2, NOW, NOW + HOUR)
    assert once.due_at == NOW + timedelta(minutes=30)
    assert twice.reason == "status 500"


def test_gone_ends_the_polling() -> None:
    """410 leaves no due time; an answer from the same address ends the end."""
    ended = course.after_failure(STATE, Failed(FailureKind.GONE, "status 410", 410), PACE)
    assert (ended.ended_at, ended.due_at) == (NOW, None)
    back = course.after_answer(ended, NotModified("u", 304, Validators()), None, PACE, brought=False)
    assert (back.ended_at, back.failures) == (None, 0)
    moved = replace(STATE, moved_to="https://b.example/rss")
    astray = course.after_failure(moved, Failed(FailureKind.GONE, "status 410", 410), PACE)
    assert (astray.ended_at, astray.moved_to, astray.failures) == (None, None, 1)


def test_waiting_is_no_failure() -> None:
    """A host that asked for patience makes its feeds wait, and none of them fail."""
    waiting = course.after_failure(STATE, Failed(FailureKind.WAITING, "asked", retry_after=600.0), PACE)
    assert (waiting.failures, waiting.failing_since) == (0, None)
    assert waiting.due_at == waiting.not_before == NOW + timedelta(minutes=10)


def test_patience_is_kept_beside_the_back_off() -> None:
    """429 counts as a failure, and its wish is remembered."""
    failed = course.after_failure(STATE, Failed(FailureKind.STATUS, "status 429", 429, 7200.0), PACE)
    assert (failed.failures, failed.not_before) == (1, NOW + 2 * HOUR)


def test_an_answer_ends_all_trouble() -> None:
    """Failures are forgotten, the document is counted, its wish is kept."""
    troubled = course.after_failure(replace(STATE, unchanged=3), UNREACHABLE, PACE)
    document = Document("t", (ENTRY,), ("repaired",), HOUR)
    fetched = Fetched(FEED.url, 200, b"", "", Validators('"2"'), pause=2 * HOUR)
    well = course.after_answer(troubled, fetched, document, PACE, brought=True)
    assert (well.failures, well.failing_since, well.failure, well.unchanged) == (0, None, None, 0)
    assert (well.last_new_at, well.read_at, well.answered_at, well.last_entries) == (NOW, NOW, NOW, 1)
    assert (well.pause, well.due_at, well.reason) == (2 * HOUR, NOW + 2 * HOUR, "repaired")
    assert well.validators == Validators('"2"')


def test_validators_are_not_believed_for_ever() -> None:
    """After many answers 304 the whole body is asked for once; our own memory of it still saves the reading."""
    state, full = STATE, 0
    for _ in range(100):
        sent = course.validators_to_send(state)
        assert sent.body_hash == "hash"
        full += sent.etag is None
        status = 304 if sent.etag else 200
        answer = NotModified(FEED.url, status, STATE.validators)
        state = course.after_answer(state, answer, None, PACE, brought=False)
    assert full == 4


def test_a_new_address_is_a_new_feed_with_an_old_history() -> None:
    """Validators, failures and the end belong to the address; what was read before is no back-catalogue."""
    old = replace(STATE, failures=3, ended_at=NOW, first_read_at=NOW - HOUR, unchanged=9)
    fresh = course.fresh(old, replace(FEED, url="https://b.example/rss"))
    assert (fresh.url, fresh.failures, fresh.ended_at, fresh.unchanged) == (
        "https://b.example/rss",
        0,
        None,
        0,
    )
    assert (fresh.validators, fresh.first_read_at) == (Validators(), NOW - HOUR)
    assert course.fresh(old, FEED) is old
    assert course.fresh(None, FEED) == FeedState("thu", FEED.url)


def state(name: str, **values: object) -> FeedState:
    """A feed on a host of that name."""
    return replace(FeedState(name, f"https://{name}.example/rss"), **values)  # type: ignore[arg-type]


AGO = NOW - HOUR


@pytest.mark.parametrize(
    ("remembered", "unanswered", "offline"),
    [
        # three hosts silent in one round, nobody answered in it
        ([state(n, answered_at=AGO, last_polled_at=AGO) for n in "abcde"], "abc", True),
        # two are not enough where there are five
        ([state(n, answered_at=AGO, last_polled_at=AGO) for n in "abcde"], "ab", False),
        # but two of two are
        ([state(n, answered_at=AGO, last_polled_at=AGO) for n in "ab"], "ab", True),
        # one of one is that feed's matter
        ([state("a", answered_at=AGO, last_polled_at=AGO)], "a", False),
        # somebody answered in this very round
        ([state("a", answered_at=NOW, last_polled_at=NOW), state("b"), state("c"), state("d")], "bcd", False),
        # a machine that starts without a network
        ([], "abc", True),
        # silent ones of the rounds before count, when nobody has answered since
        (
            [
                state("a", answered_at=AGO - HOUR, last_polled_at=AGO, failures=1, failing_since=AGO),
                state("b", answered_at=AGO - HOUR, last_polled_at=AGO, failures=1, failing_since=AGO),
                state("c", answered_at=AGO - HOUR, last_polled_at=AGO - HOUR),
                state("d", answered_at=AGO - HOUR, last_polled_at=AGO - HOUR),
            ],
            "c",
            True,
        ),
        # hosts that were failing already while others answered are no witnesses
        (
            [
                *(state(n, last_polled_at=AGO - HOUR, failures=9, failing_since=AGO - HOUR) for n in "abc"),
                state("d", answered_at=AGO, last_polled_at=AGO),
            ],
            "abc",
            False,
        ),
    ],
)
def test_whose_fault_it_is(remembered: list[FeedState], unanswered: str, offline: bool) -> None:
    """Several hosts that fall silent at once, and nobody who speaks: that is our own network."""
    known = {each.feed_id: each for each in remembered}
    silent = [known.get(name, state(name)) for name in unanswered]
    assert course.is_offline(remembered, silent, NOW) is offline


def test_the_first_to_fail_are_absolved() -> None:
    """What was counted before it was clear that nobody answers is taken back; older failures stay."""
    before = state("x", answered_at=AGO, last_polled_at=AGO)
    first = state("a", last_polled_at=NOW, failures=1, failing_since=NOW, failure=FailureKind.TIMEOUT)
    old = state("b", last_polled_at=NOW, failures=5, failing_since=AGO - HOUR, failure=FailureKind.TIMEOUT)
    absolved = {each.feed_id: each for each in course.absolved([before, first, old], PACE)}
    assert (absolved["a"].failures, absolved["a"].failing_since, absolved["a"].failure) == (0, None, None)
    assert set(absolved) == {"a"}
