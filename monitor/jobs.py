"""The two lines of the program, each written down once, in order.

    poll:    due ─► fetch ─► read ─► dedupe ─► store ─► classify ─► store
    digest:  due ─► candidates ─► compose ─► render ─► outbox          (then `deliver`: outbox ─► the way out)

The only place that knows several stages; it moves values between them and decides nothing itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from classifiers.taxonomy import Taxonomy
from classifiers.verdict import Text, Verdict
from monitor.delivery import outbox as outbox_states
from monitor.delivery.message import BadLetter, Sender, build, message_id
from monitor.digest import schedule
from monitor.digest.compose import compose, postponed
from monitor.digest.render import Frame, Rendered, render
from monitor.ingest.cadence import next_due, not_before
from monitor.ingest.dedupe import plan
from monitor.store import digests, outbox, polls, subscribers, verdicts
from monitor.store.database import Store
from monitor.types import (
    Delivery,
    Digest,
    Document,
    Failed,
    Feed,
    FeedState,
    Fetched,
    FetchOutcome,
    Letter,
    NotModified,
    PollReport,
    SendOutcome,
    Subscriber,
    SubscriberStatus,
    Validators,
)

RESCORE_DAYS = 14
"""How far back a newly promoted model judges again."""

BATCH = 500

LONGEST_PAUSE = timedelta(hours=27)
"""A day of back-off or of a server's Retry-After, and its jitter."""


class Fetches(Protocol):
    """The network, as `monitor.ingest.fetch.Fetcher`."""

    async def get(self, url: str, validators: Validators) -> FetchOutcome: ...


class Reads(Protocol):
    """The parser, as `monitor.ingest.pool.ReaderPool`."""

    async def read(self, body: bytes, content_type: str, feed: Feed) -> Document | Failed: ...


class Judges(Protocol):
    """A model, as `classifiers.model.Model`."""

    @property
    def id(self) -> str: ...

    def classify(self, texts: Sequence[Text]) -> Sequence[Verdict]: ...


class Sends(Protocol):
    """The way out, as `monitor.delivery.smtp.SmtpWay` or `monitor.delivery.folder.FolderWay`."""

    def send(self, letter: Letter) -> SendOutcome: ...


# --- poll ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Poller:
    """What polling needs of the world."""

    store: Store
    fetcher: Fetches
    reader: Reads
    interval: timedelta
    report: Callable[[PollReport], None]

    async def poll(self, feeds: Iterable[Feed], *, now: datetime) -> list[PollReport]:
        """Poll all given feeds, side by side (the fetcher bounds how many); each one's outcome is stored as soon
        as it is known."""
        states = polls.feed_states(self.store)

        async def one(feed: Feed) -> PollReport:
            report = await self._poll_one(feed, _fresh(states.get(feed.id), feed), now)
            self.report(report)
            return report

        outcomes = await asyncio.gather(*(one(feed) for feed in feeds), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # a bug, or the database's: told only after the other feeds are safely stored
        return [outcome for outcome in outcomes if isinstance(outcome, PollReport)]

    async def _poll_one(self, feed: Feed, state: FeedState, now: datetime) -> PollReport:
        if state.not_before and state.not_before > now:
            return PollReport(
                feed.id, "waiting", reason=f"asked to wait until {state.not_before:%d.%m. %H:%M} UTC"
            )
        started = time.monotonic()
        outcome = await self.fetcher.get(state.moved_to or feed.url, state.validators)
        result: Document | Failed | NotModified
        if isinstance(outcome, Fetched):
            result = await self.reader.read(outcome.body, outcome.content_type, feed)
        else:
            result = outcome
        report = self._settle(feed, state, outcome, result, now)
        return replace(report, seconds=round(time.monotonic() - started, 3))

    def _settle(
        self,
        feed: Feed,
        state: FeedState,
        outcome: FetchOutcome,
        result: Document | Failed | NotModified,
        now: datetime,
    ) -> PollReport:
        state = replace(state, last_polled_at=now)
        if isinstance(result, Failed):
            state = self._after_failure(state, result, now)
            report = PollReport(feed.id, "failed", status=result.status, reason=result.reason)
            polls.save_state(self.store, state, report, now=now)
            return report
        assert not isinstance(outcome, Failed)  # a failed fetch has a failed result
        state = replace(
            state,
            validators=outcome.validators,
            failures=0,
            not_before=None,
            moved_to=outcome.moved_to or state.moved_to,
            due_at=self._due(0, now),
        )
        if isinstance(result, NotModified):
            report = PollReport(feed.id, "not-modified", status=result.status)
            polls.save_state(self.store, state, report, now=now)
            return report
        known = polls.known(self.store, feed.outlet, (key for entry in result.entries for key in entry.keys))
        change = plan(result, known, first_poll=state.first_read_at is None, now=now)
        state = replace(state, first_read_at=state.first_read_at or now)
        report = PollReport(
            feed.id,
            "new" if change.new or change.revised else "nothing-new",
            status=outcome.status,
            entries=len(result.entries),
            new=len(change.new),
            revised=len(change.revised),
            reason="; ".join(result.problems),
        )
        polls.record_poll(self.store, feed, change, state, report, now=now)
        return report

    def _after_failure(self, state: FeedState, failure: Failed, now: datetime) -> FeedState:
        """Validators stay; a remembered move that fails is forgotten, so that the configured address is tried."""
        failures = state.failures + 1
        return replace(
            state,
            failures=failures,
            due_at=self._due(failures, now),
            not_before=not_before(failure, now),
            moved_to=None,
        )

    def _due(self, failures: int, now: datetime) -> datetime:
        return next_due(failures=failures, interval=self.interval, now=now, jitter=random.random())


def due_feeds(feeds: Iterable[Feed], states: Mapping[str, FeedState], now: datetime) -> list[Feed]:
    """Those whose time has come, or that were never polled.

    A due time further off than any pause we take was set by a clock that was wrong, and does not count.
    """
    return [feed for feed in feeds if _is_due(states.get(feed.id), now)]


def _is_due(state: FeedState | None, now: datetime) -> bool:
    if state is None or state.due_at is None:
        return True
    due_at = max(state.due_at, state.not_before or state.due_at)
    return due_at <= now or due_at > now + LONGEST_PAUSE


def _fresh(state: FeedState | None, feed: Feed) -> FeedState:
    """The remembered state, without validators when the operator has changed the address."""
    if state is None:
        return FeedState(feed.id, feed.url)
    if state.url != feed.url:
        return replace(state, url=feed.url, validators=Validators(), moved_to=None, not_before=None)
    return state


# --- classify --------------------------------------------------------------------------------


def classify_stored(
    store: Store,
    model: Judges,
    *,
    now: datetime,
    since: datetime | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> int:
    """Verdicts for what was first seen since then (the last days) and `model` has not judged; how many that were."""
    since = since or now - timedelta(days=RESCORE_DAYS)
    done = 0
    while waiting := verdicts.unscored(store, model.id, since=since, limit=BATCH):
        judged = model.classify([text for _, text in waiting])
        whole = [
            (article_id, text, verdict) for (article_id, text), verdict in zip(waiting, judged, strict=True)
        ]
        verdicts.save(store, whole, now=now)
        done += len(whole)
        step(len(whole))
    return done


# --- digest ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Press:
    """What making digests needs. `frame` gives what surrounds a reader's letter."""

    store: Store
    taxonomy: Taxonomy
    sender: Sender
    frame: Callable[[Subscriber], Frame]
    model: str
    complain: Callable[[Subscriber, str], None]

    def issue(self, *, now: datetime) -> list[Digest]:
        """Compose, render and queue what is due; every slot is served once, with a letter or without."""
        issued = []
        for subscriber in subscribers.active(self.store):
            last = digests.last_slot(self.store, subscriber)
            if schedule.is_due(subscriber, last, now):
                try:
                    issued.append(self._issue_one(subscriber, now))
                except BadLetter as error:  # one reader's address must not keep the others from their mail
                    self.complain(subscriber, str(error))
        return issued

    def _issue_one(self, subscriber: Subscriber, now: datetime) -> Digest:
        digest, rendered = self.compose(subscriber, now=now)
        wanted = bool(digest.items) or subscriber.wants_empty
        digests.record(self.store, digest, self.letter(digest, rendered) if wanted else None)
        return digest

    def compose(self, subscriber: Subscriber, *, now: datetime) -> tuple[Digest, Rendered]:
        """The digest of the newest slot and its text; nothing is recorded."""
        slot = schedule.latest_slot(subscriber, now)
        last = digests.last_slot(self.store, subscriber)
        since = last or schedule.previous_slot(subscriber, slot)
        digest = compose(
            subscriber,
            slot=slot,
            since=since,
            seen_from=since if last is None else None,
            now=now,
            candidates=digests.candidates(self.store, subscriber, model=self.model, now=now),
            polled_entries=digests.entries_read(self.store, since=since, now=now),
        )
        rendered = render(digest, self.taxonomy, self.frame(subscriber))
        return postponed(digest, rendered.left_out), rendered

    def letter(self, digest: Digest, rendered: Rendered) -> Letter:
        """The digest as a letter for its subscriber."""
        reader = digest.subscriber
        return build(
            rendered,
            recipient=reader.address,
            sender=self.sender,
            message_id=message_id(digest.id, reader.id, self.sender.domain),
            date=digest.composed_at,
            digest_id=digest.id,
            list_unsubscribe=self.frame(reader).unsubscribe,
        )


# --- deliver ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Postman:
    """What delivering needs. Only one may work on a database at a time (the delivery lock)."""

    store: Store
    way: Sends
    report: Callable[[Delivery, SendOutcome], None]

    def recover(self, *, now: datetime) -> int:
        """Queue again what a dead process left half-way, under its old Message-ID."""
        left = outbox.interrupted(self.store)
        for delivery in left:
            again = outbox_states.recovered(delivery, now)
            outbox.settle(
                self.store,
                delivery,
                again.state,
                next_attempt_at=again.next_attempt_at,
                reply="interrupted",
                now=now,
            )
        return len(left)

    def deliver(self, *, now: datetime, stop: Callable[[], bool] = lambda: False) -> bool:
        """Send every letter that is due; False when the way out itself is broken and the run stopped."""
        while batch := outbox.due(self.store, now=now):
            for delivery in batch:
                if stop():
                    return True
                if not outbox.begin(self.store, delivery):
                    continue
                outcome = self.way.send(delivery.letter)
                if not self._settle(delivery, outcome, now):
                    return False
        return True

    def _settle(self, delivery: Delivery, outcome: SendOutcome, now: datetime) -> bool:
        tried = replace(delivery, attempts=delivery.attempts + 1)
        after = outbox_states.after(tried, outcome, now)
        outbox.settle(
            self.store,
            delivery,
            after.state,
            next_attempt_at=after.next_attempt_at,
            reply=outcome.reply,
            now=now,
        )
        if after.suspend_subscriber and delivery.subscriber_id is not None:
            subscribers.set_status(self.store, delivery.subscriber_id, SubscriberStatus.SUSPENDED, now=now)
        self.report(delivery, outcome)
        return not after.stop_run
