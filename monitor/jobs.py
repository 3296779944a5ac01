"""The lines after a poll (`monitor.polling`), each written down once, in order.

    judge:   unscored articles ─► classify ─► store
    digest:  due ─► candidates ─► compose ─► render ─► outbox          (beside `deliver`: outbox ─► the way out)
    weekly:  archive ─► week ─┘ (once for all weekly readers)

Knows several stages; it moves values between them and decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

from classifiers.taxonomy import Taxonomy
from classifiers.verdict import Text, Verdict
from monitor.channel import kind_of
from monitor.delivery.message import BadLetter, Sender, build, message_id
from monitor.digest import schedule
from monitor.digest.alerts import alert_of, may_alert, wants_alerts
from monitor.digest.chat import render_message
from monitor.digest.compose import compose, postponed, without
from monitor.digest.payload import payload
from monitor.digest.render import Frame, Rendered, render, render_weekly
from monitor.digest.trend import WEEKS
from monitor.digest.weekly import for_reader, week_of
from monitor.store import digests, stories, subscribers, verdicts, weeks
from monitor.store.database import Store
from monitor.types import (
    Digest,
    Letter,
    Stories,
    Subscriber,
    SubscriberStatus,
    Week,
)

RESCORE_DAYS = 14
"""How far back a newly promoted model judges again."""

BATCH = 500


class Judges(Protocol):
    """A model, as `classifiers.model.Model`."""

    @property
    def id(self) -> str: ...

    def classify(self, texts: Sequence[Text]) -> Sequence[Verdict]: ...


# --- classify --------------------------------------------------------------------------------


def classify_stored(
    store: Store,
    model: Judges,
    *,
    now: datetime,
    since: datetime | None = None,
    step: Callable[[Sequence[Verdict]], None] = lambda _: None,
) -> int:
    """Verdicts for what was first seen since then (the last days) and `model` has not judged; how many that were.

    `step` is called with every batch as soon as it is stored."""
    since = since or now - timedelta(days=RESCORE_DAYS)
    done = 0
    while waiting := verdicts.unscored(store, model.id, since=since, limit=BATCH):
        judged = model.classify([text for _, text in waiting])
        whole = [
            (article_id, text, verdict) for (article_id, text), verdict in zip(waiting, judged, strict=True)
        ]
        verdicts.save(store, whole, now=now)
        done += len(whole)
        step(judged)
    return done


# --- digest ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Press:
    """What making digests needs. `frame` gives what surrounds a digest."""

    store: Store
    taxonomy: Taxonomy
    sender: Sender
    frame: Callable[[Digest], Frame]
    model: str
    complain: Callable[[Subscriber, str], None]

    def issue(self, *, now: datetime) -> list[Digest]:
        """Compose, render and queue what is due; every slot is served once, with a letter or without."""
        return [digest for digest in self.issuing(now=now) if digest]

    def issuing(self, *, now: datetime) -> Iterator[Digest | None]:
        """The same, one reader with each step: their digest, or None where nothing is due."""
        week = cache(partial(self._week, now))  # read once, and only if somebody's weekly edition is due
        for number in [subscriber.id for subscriber in subscribers.active(self.store)]:
            # Asked anew: making takes as long as mailing, and meanwhile people leave, move and choose.
            subscriber = subscribers.by_id(self.store, number)
            if subscriber is None or subscriber.status is not SubscriberStatus.ACTIVE:
                yield None
                continue
            try:
                made = (
                    self._issue_one(subscriber, now, week)
                    if self._is_due(subscriber, now)
                    else self._alert(subscriber, now)
                )
            except BadLetter as error:  # one reader's address must not keep the others from their mail
                self.complain(subscriber, str(error))
                made = None
            yield made

    def _is_due(self, subscriber: Subscriber, now: datetime) -> bool:
        last = digests.last_slot(self.store, subscriber, now=now)
        due = schedule.is_due(subscriber, last, now)
        return due and not digests.is_served(self.store, subscriber, schedule.latest_slot(subscriber, now))

    def _alert(self, subscriber: Subscriber, now: datetime) -> Digest | None:
        """What this reader is to be told at once, recorded with its letter; None when there is nothing."""
        if not wants_alerts(subscriber) or digests.is_served(self.store, subscriber, now):
            return None
        before = digests.alerts(self.store, subscriber, since=now - timedelta(days=2))
        if not may_alert(subscriber, before, now):
            return None
        alert = alert_of(self._digest(subscriber, slot=now, now=now))
        if alert is None:
            return None
        frame = self.frame(alert)
        rendered = self._rendered(alert, frame)
        alert = without(alert, rendered.left_out)
        digests.record(self.store, alert, self._letter(alert, rendered, frame))
        return alert

    def _issue_one(self, subscriber: Subscriber, now: datetime, week: Callable[[], Week]) -> Digest:
        digest, rendered, frame = self._compose(subscriber, now, week)
        wanted = bool(digest.items) or subscriber.wants_empty
        digests.record(self.store, digest, self._letter(digest, rendered, frame) if wanted else None)
        return digest

    def compose(self, subscriber: Subscriber, *, now: datetime) -> tuple[Digest, Rendered]:
        """The digest of the newest slot and its text; nothing is recorded."""
        digest, rendered, _ = self._compose(subscriber, now, partial(self._week, now))
        return digest, rendered

    def _compose(
        self, subscriber: Subscriber, now: datetime, week: Callable[[], Week]
    ) -> tuple[Digest, Rendered, Frame]:
        digest = self._digest(subscriber, slot=schedule.latest_slot(subscriber, now), now=now)
        frame = self.frame(digest)
        rendered = self._rendered(digest, frame, week)
        return postponed(digest, rendered.left_out), rendered, frame

    def _rendered(self, digest: Digest, frame: Frame, week: Callable[[], Week] | None = None) -> Rendered:
        """What is sent of a digest; `week` is asked for weekly editions alone."""
        reader = digest.subscriber
        if kind_of(reader.address) == "chat":
            return render_message(digest, self.taxonomy, frame)
        if week and reader.cadence == "weekly":
            return render_weekly(digest, for_reader(week(), reader, self.taxonomy), self.taxonomy, frame)
        return render(digest, self.taxonomy, frame)

    def _week(self, now: datetime) -> Week:
        """What every weekly reader may be told of the week that ends now."""
        archive = weeks.archive(self.store, model=self.model, weeks=WEEKS, now=now)
        return week_of(archive, self.taxonomy)

    def _digest(self, subscriber: Subscriber, *, slot: datetime, now: datetime) -> Digest:
        last = digests.last_slot(self.store, subscriber, now=now)
        since = last or schedule.previous_slot(subscriber, schedule.latest_slot(subscriber, now))
        candidates = digests.candidates(self.store, subscriber, model=self.model, now=now)
        story_ids = {id_ for judged in candidates if (id_ := judged.article.story_id) is not None}
        return compose(
            subscriber,
            slot=slot,
            since=since,
            seen_from=since if last is None else None,
            now=now,
            candidates=candidates,
            polled_entries=digests.entries_read(self.store, since=since, now=now),
            stories=Stories(
                stories.members(self.store, story_ids), digests.sent_of(self.store, subscriber, story_ids)
            ),
        )

    def _letter(self, digest: Digest, rendered: Rendered, frame: Frame) -> Letter:
        """The digest as a letter for its subscriber, in the form that the way to them takes."""
        reader = digest.subscriber
        id_ = message_id(digest.id, reader.id, self.sender.domain, secret=reader.token)
        match kind_of(reader.address):
            case "webhook":
                return Letter(id_, reader.address, payload(digest, self.taxonomy, rendered, frame.manner))
            case "chat":
                return Letter(id_, reader.address, rendered.html.encode("utf-8", "replace"))
        return build(
            rendered,
            recipient=reader.address,
            sender=self.sender,
            message_id=id_,
            date=digest.composed_at,
            digest_id=digest.id,
            list_unsubscribe=frame.ways_to_stop,
            thread=self._thread(digest) if reader.wants_thread and digest.kind == "digest" else None,
        )

    def _thread(self, digest: Digest) -> str:
        """What the digests of one week, as the reader's calendar has it, refer to."""
        reader = digest.subscriber
        year, week, _ = digest.slot.astimezone(ZoneInfo(reader.zone)).isocalendar()
        return message_id(f"week-{year}-{week:02d}", reader.id, self.sender.domain)


@dataclass
class Making:
    """Digests in the making, a reader with each step. What goes wrong is kept, since a letter is under way."""

    steps: Iterator[Digest | None]
    made: Callable[[Digest], None]
    trouble: Exception | None = None

    def step(self) -> bool:
        """Go on to the next reader; False when there is none, or no digest can be made."""
        try:
            for digest in islice(self.steps, 1):
                if digest:
                    self.made(digest)
                return True
        except Exception as error:
            self.trouble = error  # raised by `finish`
        return False

    def ahead(self, number: int) -> None:
        """Go on so many steps, or to the end."""
        for _ in range(number):
            if not self.step():
                return

    def finish(self, stop: Callable[[], bool]) -> None:
        """Make the rest, unless it is time to stop. Raises what went wrong."""
        while not stop() and self.step():
            pass
        if self.trouble:
            raise self.trouble
