"""What a running daemon does on each tick: poll, mail, and look after the house. Holds the configuration in force."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from monitor import metrics
from monitor.channel import Kind
from monitor.config.settings import Settings
from monitor.delivery.pace import Pace
from monitor.errors import AlreadyRunning, WrongClock
from monitor.health import look_at_feeds
from monitor.logs import configure, delivered, log, polled, warn
from monitor.memory import give_back
from monitor.notify import notify
from monitor.pulse import Pulse
from monitor.reception import leaving
from monitor.reception.counter import counter_of
from monitor.report import make_report, report_day
from monitor.serving import serving_model
from monitor.store import articles, clock, house, outbox, polls, reports, watches
from monitor.store.backup import STALE, last_backup
from monitor.store.database import Store, open_store
from monitor.store.retention import forget_old
from monitor.threads import apart, apart_in_loop
from monitor.types import Delivery, Digest, Feed, Note, PollReport, SendOutcome, Trouble
from monitor.watch import look_once
from monitor.wiring import deliver_letters, mail_digests, poll_once
from monitor.writing import drift_letter, report_letter

Stop = Callable[[], bool]

WAY_PAUSES = (60.0, 120.0, 300.0, 600.0, 900.0)
"""Seconds before a broken way out is tried again; the last one repeats."""

LONGEST_MAILING = 600.0
"""Seconds of one round of mailing: a slow relay must not look like a round that never ends. The next tick goes on."""

LONGEST_FORGETTING = 300.0
"""Seconds a day; a large archive shrinks over some days."""

WITHOUT_NEWS = 3600.0
"""Seconds for which the first digests wait for a network that is down."""

LETTERS_WAIT = timedelta(hours=2)
DISK_LEFT = 500 * 2**20
"""Bytes; below, the operator is told."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Of a way out that is broken: how often it was found so in a row, and until when (monotonic) it is left alone."""

    failures: int
    until: float


@dataclass
class Rounds:
    """The rounds of one daemon. `settings` and `feeds` change with a reload; each round takes those it began with."""

    settings: Settings
    feeds: Sequence[Feed]
    load: Callable[[], tuple[Settings, Sequence[Feed]]]
    pulse: Pulse = field(default_factory=Pulse)
    first_done: Callable[[Sequence[PollReport]], None] = lambda _: None
    _polled: bool = False
    _began: float = 0.0
    _pace: Pace = field(default_factory=Pace)
    _rests: dict[Kind, Rest] = field(default_factory=dict)
    _offline: bool = False

    def reload(self) -> None:
        """Take over settings and feeds.yaml as they are now. Raises Misuse or BadFile and changes nothing."""
        settings, feeds = self.load()
        for name in ("db", "models", "listen"):
            if getattr(settings, name) != getattr(self.settings, name):
                warn("reload", setting=name, note="takes effect at the next start")
                settings = settings.model_copy(update={name: getattr(self.settings, name)})
        added = len({feed.id for feed in feeds} - {feed.id for feed in self.feeds})
        gone = len({feed.id for feed in self.feeds} - {feed.id for feed in feeds})
        self.settings, self.feeds = settings, feeds
        configure(settings.log)
        log("reload", feeds=len(feeds), added=added, removed=gone)

    async def poll(self, now: datetime, stop: Stop) -> None:
        """Poll what is due and judge it. While a person polls by hand there is nothing to do: they do it."""
        _believe(now)
        settings, feeds = self.settings, self.feeds
        started = time.monotonic()
        try:
            work = partial(poll_once, settings, feeds, now=now, only_due=True, report=_tell_poll)
            outcomes, judged = await apart_in_loop(work)
        except AlreadyRunning:
            return
        if outcomes:
            new = sum(r.new for r in outcomes)
            failed = sum(r.outcome == "failed" for r in outcomes)
            log("cycle", feeds=len(outcomes), failed=failed, new=new, judged=judged)
            metrics.cycle(time.monotonic() - started)
            give_back()
            notify(
                f"STATUS={len(feeds)} feeds; {now:%H:%M} UTC: {len(outcomes)} polled, {failed} failed, {new} new"
            )
            self._offline = all(r.outcome == "offline" for r in outcomes)
        if not self._polled and not stop():
            self._first_round(outcomes)

    def _first_round(self, outcomes: Sequence[PollReport]) -> None:
        """The news of a pause is in, or cannot be had for an hour: digests may be made."""
        self._began = self._began or time.monotonic()
        if not self._offline or time.monotonic() - self._began > WITHOUT_NEWS:
            self._polled = True
            self.first_done(outcomes)

    async def mail(self, now: datetime, stop: Stop) -> None:
        """Make what is due and send it, once the news of a pause is in. A way out that is broken gets a rest."""
        _believe(now)
        await apart(partial(self._mail, self.settings, now, stop))

    def _mail(self, settings: Settings, now: datetime, stop: Stop) -> None:
        """New digests wait until the news is in; letters that are written already do not, nor for a broken model."""
        enough = partial(_enough, stop, time.monotonic() + LONGEST_MAILING)
        resting = frozenset(kind for kind, rest in self._rests.items() if time.monotonic() < rest.until)
        broken: frozenset[Kind] = frozenset()
        try:
            if self._polled and not stop():
                broken = mail_digests(
                    settings,
                    now=now,
                    made=_count_digest,
                    stop=enough,
                    report=_tell_delivery,
                    resting=resting,
                    pace=self._pace,
                )
        finally:
            broken |= deliver_letters(
                settings,
                now=now,
                stop=enough,
                report=_tell_delivery,
                resting=resting | broken,
                pace=self._pace,
            )
            self._rest(broken, resting)

    def _rest(self, broken: Collection[Kind], resting: Collection[Kind]) -> None:
        """After a round of deliveries: what is broken rests, each time longer; what worked begins anew."""
        self._rests = {kind: rest for kind, rest in self._rests.items() if kind in {*broken, *resting}}
        for kind in broken:
            failures = self._rests[kind].failures + 1 if kind in self._rests else 1
            pause = WAY_PAUSES[min(failures, len(WAY_PAUSES)) - 1]
            self._rests[kind] = Rest(failures, time.monotonic() + pause)
            warn(
                "way-out",
                kind=kind,
                broken=True,
                next_try_seconds=int(pause),
                todo="vietnhat deliver test ADDRESS",
            )

    async def keep(self, now: datetime, stop: Stop) -> None:
        """Look after the house: a wrong clock, the day's report, old articles, the week's look at the model."""
        _believe(now)
        if self._polled:
            await apart(partial(self._keep, self.settings, tuple(self.feeds), now, stop))

    def _keep(self, settings: Settings, feeds: Sequence[Feed], now: datetime, stop: Stop) -> None:
        """The report comes before what may fail: it is how the operator hears of a failure."""
        with open_store(Path(settings.db), durable=True) as store:
            healed = clock.heal(store, now)
            if healed:
                warn("clock", healed=healed, note="what was dated while the clock was far ahead is of now")
            if daily_report(settings, store, feeds, now, more=self._own_notes()):
                until = time.monotonic() + LONGEST_FORGETTING
                forgotten = forget_old(
                    store, now=now, days=settings.archive_days, stop=partial(_enough, stop, until)
                )
                if forgotten:
                    log("forgotten", articles=forgotten, older_than_days=settings.archive_days)
                if readers := leaving.forget(counter_of(settings), now=now):
                    log("forgotten", readers=readers)
            watch_week(settings, store, now)

    def _own_notes(self) -> list[Note]:
        """What only this process knows: rounds that fail, a network that is down."""
        failing = [
            Note(Trouble.ROUND, f"{name}: {words}") for name, words in self.pulse.snapshot()[1].items()
        ]
        return failing + ([Note(Trouble.OFFLINE)] if self._offline else [])


def _believe(now: datetime) -> None:
    """Raises WrongClock for a time before this program was made."""
    if now < clock.EARLIEST:
        raise WrongClock(now)


def _enough(stop: Stop, until: float) -> bool:
    return stop() or time.monotonic() > until


def watch_week(settings: Settings, store: Store, now: datetime) -> None:
    """Once a week: look at what the model does; what has changed is logged and written to the operator."""
    found = look_once(store, partial(serving_model, settings), now=now)
    if found is None:
        return
    week, model, drift = found
    tell = bool(drift.notes and settings.operator)
    letter = drift_letter(settings, drift, now=now) if tell else None
    watches.record(store, week, model, drift, letter=letter, now=now)
    for note in drift.notes:
        warn("drift", what=note.what, todo=note.todo)


def daily_report(
    settings: Settings, store: Store, feeds: Sequence[Feed], now: datetime, *, more: Sequence[Note] = ()
) -> bool:
    """Once a day: look at feeds and house; what has changed is written to the operator. False when it was made."""
    day = report_day(now)
    if day is None or reports.made(store, day):
        return False
    notes = [*more, *house_notes(store, now=now)]
    report = make_report(day, look_at_feeds(store, feeds, now), notes, reports.before(store, day))
    tell = bool(settings.operator) and report.worth_a_letter
    letter = report_letter(settings, report, now=now) if tell else None
    reports.record(store, day, report.conditions, letter=letter, now=now)
    log("report", day=day.isoformat(), troubles=len(report.conditions), letter=letter is not None)
    return True


def house_notes(store: Store, *, now: datetime) -> list[Note]:
    """What is wrong with the house itself, by what is stored."""
    notes = []
    waiting = outbox.oldest_due(store)
    if waiting and now - waiting[1] > LETTERS_WAIT:
        notes.append(Note(Trouble.LETTERS, str(waiting[0])))
    left = shutil.disk_usage(store.path.parent).free
    if left < DISK_LEFT:
        notes.append(Note(Trouble.DISK, f"{left // 2**20} MB"))
    for feed_id, entries in polls.floods(store, since=now - timedelta(days=1)).items():
        notes.append(Note(Trouble.FLOOD, f"{feed_id} {entries:,}"))
    lost = store.notes().get(house.LOST, "")
    if lost:
        notes.append(Note(Trouble.LOST, lost))
    copied = last_backup(store, now=now)
    if now - (copied or articles.first_seen(store) or now) > STALE:
        notes.append(Note(Trouble.BACKUP))
    return notes


def _tell_poll(report: PollReport) -> None:
    polled(report)
    metrics.poll(report)


def _count_digest(_: Digest) -> None:
    metrics.digests(1)


def _tell_delivery(delivery: Delivery, outcome: SendOutcome) -> None:
    delivered(delivery, outcome)
    metrics.delivery(outcome)
