"""The line of a poll, written down once:  due ─► fetch ─► read ─► dedupe ─► store.

Moves values between the stages and decides nothing itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monitor.errors import VietnhatError
from monitor.ingest import course
from monitor.ingest.cadence import HISTORY, LONG_HISTORY, is_due, rhythm, waits
from monitor.ingest.dedupe import plan
from monitor.masking import logged
from monitor.store import polls
from monitor.store.database import Store
from monitor.store.polls import FLOOD
from monitor.types import (
    Bounds,
    Document,
    Failed,
    FailureKind,
    Feed,
    FeedState,
    Fetched,
    FetchOutcome,
    NotModified,
    PollPlan,
    PollReport,
    Rhythm,
    Validators,
)


class Fetches(Protocol):
    """The network, as `monitor.ingest.fetch.Fetcher`."""

    def hold(self, host: str, seconds: float) -> None: ...

    async def get(self, url: str, validators: Validators) -> FetchOutcome: ...


class Reads(Protocol):
    """The parser, as `monitor.ingest.pool.ReaderPool`."""

    async def read(self, body: bytes, content_type: str, feed: Feed) -> Document | Failed: ...


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """A feed whose server said nothing: whose fault it is shows when the others have been asked."""

    feed: Feed
    state: FeedState
    failure: Failed
    seconds: float


@dataclass(frozen=True)
class Poller:
    """What polling needs of the world."""

    store: Store
    fetcher: Fetches
    reader: Reads
    bounds: Bounds
    report: Callable[[PollReport], None]

    async def poll(self, feeds: Iterable[Feed], *, now: datetime) -> list[PollReport]:
        """Poll all given feeds, side by side (the fetcher bounds how many); what a feed brought is stored as soon as it
        is known. A feed that has ended is not asked."""
        feeds = list(feeds)
        states = polls.feed_states(self.store)
        polls.claim(
            self.store,
            (f for f in feeds if _may_be_asked(states.get(f.id), now)),
            until=now + self.bounds.floor,
        )
        for host, pause in polls.host_pauses(self.store, now=now).items():
            self.fetcher.hold(host, pause.total_seconds())

        async def one(feed: Feed) -> PollReport | _Unanswered:
            state = course.fresh(states.get(feed.id), feed)
            try:
                result = await self._poll_one(feed, state, now)
            except VietnhatError:
                raise
            except Exception as error:  # a bug that one feed's answer brings out must cost no other its poll
                failure = Failed(FailureKind.BUG, f"a mistake of this program: {logged(repr(error))[:300]}")
                result = self._failed(feed, state, failure, now)
            if isinstance(result, PollReport):
                self.report(result)
            return result

        outcomes = await asyncio.gather(*(one(feed) for feed in feeds), return_exceptions=True)
        unanswered = [outcome for outcome in outcomes if isinstance(outcome, _Unanswered)]
        late = self._blame(unanswered, now) if unanswered else []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # a bug, or the database's: told only after the other feeds are safely stored
        return [outcome for outcome in outcomes if isinstance(outcome, PollReport)] + late

    async def _poll_one(self, feed: Feed, state: FeedState, now: datetime) -> PollReport | _Unanswered:
        if state.ended_at:
            return PollReport(
                feed.id,
                "ended",
                reason="its server said 410: the feed is gone; remove it, or give its new address",
            )
        if waits(state, now):
            return PollReport(
                feed.id, "waiting", reason=f"asked to wait until {state.not_before:%d.%m. %H:%M} UTC"
            )
        started = time.monotonic()
        outcome = await self.fetcher.get(state.moved_to or feed.url, course.validators_to_send(state))
        result: Document | Failed | NotModified
        if isinstance(outcome, Fetched):
            result = await self.reader.read(outcome.body, outcome.content_type, feed)
        else:
            result = outcome
        seconds = round(time.monotonic() - started, 3)
        if isinstance(result, Failed):
            if not result.answered and result.kind is not FailureKind.WAITING:
                return _Unanswered(feed, state, result, seconds)
            return replace(self._failed(feed, state, result, now), seconds=seconds)
        assert not isinstance(outcome, Failed)  # a failed fetch has a failed result
        return replace(self._answered(feed, state, outcome, result, now), seconds=seconds)

    def _blame(self, unanswered: list[_Unanswered], now: datetime) -> list[PollReport]:
        """Settle those whose servers said nothing: against each of them, or against our own network."""
        remembered = list(polls.feed_states(self.store).values())
        offline = course.is_offline(remembered, [each.state for each in unanswered], now)
        reports = []
        for each in unanswered:
            if offline:
                state = course.after_offline(each.state, self._pace(each.feed, now))
                words = f"no host answers: our own network seems to be down; {each.failure.reason}"
                report = PollReport(each.feed.id, "offline", reason=words, failure=each.failure.kind)
                polls.save_state(self.store, state, report)
            else:
                report = self._failed(each.feed, each.state, each.failure, now)
            report = replace(report, seconds=each.seconds)
            self.report(report)
            reports.append(report)
        if offline:
            polls.forgive(
                self.store, course.absolved(remembered, course.Pace(self.bounds, Rhythm(), 0.0, now))
            )
        return reports

    def _failed(self, feed: Feed, state: FeedState, failure: Failed, now: datetime) -> PollReport:
        after = course.after_failure(state, failure, self._pace(feed, now))
        waiting = failure.kind is FailureKind.WAITING
        report = PollReport(
            feed.id,
            "waiting" if waiting else "failed",
            status=failure.status,
            reason=failure.reason,
            failure=failure.kind,
        )
        polls.save_state(self.store, after, report, asking=None if waiting else failure.host)
        return report

    def _answered(
        self,
        feed: Feed,
        state: FeedState,
        outcome: Fetched | NotModified,
        result: Document | NotModified,
        now: datetime,
    ) -> PollReport:
        pace = self._pace(feed, now)
        if isinstance(result, NotModified):
            after = course.after_answer(state, result, None, pace, brought=False)
            report = PollReport(feed.id, "not-modified", status=result.status)
            polls.save_state(self.store, after, report)
            return report
        known = polls.known(self.store, feed.outlet, (key for entry in result.entries for key in entry.keys))
        change = plan(result, known, first_poll=state.first_read_at is None, now=now)
        flood = len(change.new) > FLOOD and state.first_read_at is not None
        if flood:
            words = f"a flood: {len(change.new)} new entries at once"
            result = replace(result, problems=(words, *result.problems))
        after = course.after_answer(state, outcome, result, pace, brought=bool(change.new))
        report = replace(_report(feed, outcome, result, change), flood=flood)
        polls.record_poll(self.store, feed, change, after, report, now=now)
        return report

    def _pace(self, feed: Feed, now: datetime) -> course.Pace:
        learnt = learnt_of(self.store, feed.id, now)
        return course.Pace(self.bounds, learnt, random.random(), now)


def learnt_of(store: Store, feed_id: str, now: datetime) -> Rhythm:
    """The rhythm that the store's history of a feed shows."""
    return rhythm(
        polls.arrivals(store, feed_id, since=now - HISTORY),
        polls.arrival_hours(store, feed_id, since=now - LONG_HISTORY),
    )


def _may_be_asked(state: FeedState | None, now: datetime) -> bool:
    return state is None or (state.ended_at is None and not waits(state, now))


def due_feeds(feeds: Iterable[Feed], states: Mapping[str, FeedState], now: datetime) -> list[Feed]:
    """Those whose time has come; a feed whose address was changed since is due at once."""
    return [
        feed
        for feed in feeds
        if is_due(state := states.get(feed.id), now) or (state is not None and state.url != feed.url)
    ]


def _report(feed: Feed, outcome: Fetched | NotModified, document: Document, change: PollPlan) -> PollReport:
    return PollReport(
        feed.id,
        "new" if change.new or change.revised else "nothing-new",
        status=outcome.status,
        entries=len(document.entries),
        new=len(change.new),
        revised=len(change.revised),
        reason="; ".join(document.problems),
    )
