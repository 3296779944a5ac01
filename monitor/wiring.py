"""Puts the parts together for a command or the daemon: settings in, ready-made tools out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from html import escape
from pathlib import Path

from classifiers.model import Model
from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.verdict import Verdict
from monitor import jobs, metrics, polling
from monitor.channel import Kind, kind_of
from monitor.config.settings import Settings
from monitor.delivery.chat import ChatWay
from monitor.delivery.folder import FolderWay
from monitor.delivery.message import message_id
from monitor.delivery.pace import Pace
from monitor.delivery.smtp import SmtpPolicy, SmtpWay
from monitor.delivery.ways import Ways
from monitor.delivery.webhook import WebhookPolicy, WebhookWay
from monitor.digest.payload import note_payload
from monitor.digest.render import Rendered
from monitor.gathering import gather_stories
from monitor.ingest.fetch import Fetcher, FetchPolicy
from monitor.ingest.pool import READERS, ReaderPool
from monitor.locks import held, lock_of
from monitor.logs import delivered, polled, undeliverable
from monitor.postman import Postman
from monitor.serving import serving_model
from monitor.store import polls
from monitor.store.database import Store, open_store
from monitor.threads import apart
from monitor.types import Bounds, Delivery, Digest, Feed, Letter, PollReport, SendOutcome
from monitor.writing import frame_of_digest, links_of, note, sender_of

LOCK_WAIT = 120.0

AHEAD = 500
"""Readers whose digests are made before the first letter leaves: seconds. Were each digest made just before its letter,
who comes last would get none from a program that is killed every morning while it sends."""


def lock_path(settings: Settings, activity: str) -> Path:
    """The lock of one activity (`run`, `poll`, `mail`) on this database."""
    return lock_of(Path(settings.db), activity)


def fetch_policy(settings: Settings) -> FetchPolicy:
    """The limits of every fetch."""
    return FetchPolicy(
        user_agent=settings.user_agent,
        total_deadline=settings.fetch_deadline,
        max_bytes=int(settings.max_feed_mib * 2**20),
        host_spacing=settings.host_spacing,
        proxy=settings.proxy,
        allow_private=settings.allow_private,
        concurrency=settings.concurrency,
    )


def bounds_of(settings: Settings) -> Bounds:
    """Between which pauses feeds are polled."""
    start, floor, ceiling = (
        timedelta(minutes=minutes)
        for minutes in (settings.poll_minutes, settings.poll_floor_minutes, settings.poll_ceiling_minutes)
    )
    return Bounds(start, floor, ceiling)


@asynccontextmanager
async def poller(
    settings: Settings, store: Store, report: Callable[[PollReport], None] = polled, *, feeds: int
) -> AsyncIterator[polling.Poller]:
    """A poller with its network and its reading processes, of which so many feeds need no more than one each."""
    async with Fetcher(fetch_policy(settings)) as fetcher:
        with ReaderPool(workers=min(READERS, feeds)) as pool:
            yield polling.Poller(store, fetcher, pool, bounds_of(settings), report)


@contextmanager
def way_out(settings: Settings) -> Iterator[Ways]:
    """All ways out: webhooks, chats, and for mail what `mail_way` gives."""
    secret = settings.webhook_secret
    policy = WebhookPolicy(
        secret=secret.get_secret_value() if secret else None,
        user_agent=settings.user_agent,
        proxy=settings.proxy,
    )
    with mail_way(settings) as mail:
        yield Ways({"webhook": WebhookWay(policy), "chat": ChatWay(), "mail": mail})


@contextmanager
def mail_way(settings: Settings) -> Iterator[SmtpWay | FolderWay]:
    """SMTP when a host is set, else a folder of .eml files."""
    if settings.smtp_host is None:
        yield FolderWay(Path(settings.outbox))
        return
    policy = SmtpPolicy(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        starttls=settings.smtp_starttls,
        sender=replace(sender_of(settings), address=settings.return_address or settings.mail_from).envelope,
    )
    with SmtpWay(policy) as way:
        yield way


def press(settings: Settings, store: Store, taxonomy: Taxonomy, model_id: str) -> jobs.Press:
    """What makes digests."""
    return jobs.Press(
        store,
        taxonomy,
        sender_of(settings),
        partial(frame_of_digest, settings, links_of(settings)),
        model_id,
        undeliverable,
    )


def send_test(settings: Settings, address: str, *, now: datetime) -> SendOutcome:
    """Send a short letter at once, past the outbox; what the way out answered."""
    text = f"This is a test letter of {settings.mail_name}. It arrived: the way out works."
    content = Rendered(
        subject=f"{settings.mail_name}: test",
        preview=text,
        html=f"<p>{escape(text)}</p>",
        text=text,
        language="en",
    )
    letter = _test_letter(settings, content, address, now=now)
    with way_out(settings) as way:
        return way.send(letter)


def _test_letter(settings: Settings, content: Rendered, address: str, *, now: datetime) -> Letter:
    kind, domain = kind_of(address), sender_of(settings).domain
    if kind == "mail":
        return note(settings, content, "test", address, now=now)
    id_ = f"test-{now:%Y%m%dT%H%M%SZ}"
    raw = note_payload(id_, "test", content, now=now) if kind == "webhook" else content.html.encode()
    return Letter(message_id(id_, 0, domain), address, raw)


async def poll_once(
    settings: Settings,
    feeds: Sequence[Feed],
    *,
    now: datetime,
    only_due: bool = False,
    create: bool = False,
    named: Collection[str] = (),
    report: Callable[[PollReport], None] = polled,
) -> tuple[list[PollReport], int]:
    """One round of polling and judging; the reports and how many articles got a verdict.

    A round of what is due does not wait for another poll under way: the next round will find it done. `create` is for
    a person's first poll; a daemon had its database when it started, and makes no new one where a disk was taken away.
    Feeds that a person has `named` are asked even if their server once said that they are gone.
    """
    reports: list[PollReport] = []
    wait = 0.0 if only_due else LOCK_WAIT
    with held(lock_path(settings, "poll"), wait=wait), open_store(Path(settings.db), create=create) as store:
        if named:
            polls.begin_anew(store, named)
        chosen = polling.due_feeds(feeds, polls.feed_states(store), now) if only_due else list(feeds)
        if chosen:
            async with poller(settings, store, report, feeds=len(chosen)) as tool:
                reports = await tool.poll(chosen, now=now)
    judged = 0
    if not only_due or any(r.new or r.revised for r in reports):
        judged = await apart(partial(judge_stored, settings, now=now))
    return reports, judged


def judge_stored(settings: Settings, *, now: datetime) -> int:
    """Give every article that waits for them a story and a verdict; how many verdicts that were.

    Works on a connection of its own.
    """
    with open_store(Path(settings.db)) as store:
        gather_stories(store, now=now)
        return jobs.classify_stored(store, serving_model(settings), now=now, step=_count_verdicts)


def _count_verdicts(judged: Sequence[Verdict]) -> None:
    metrics.verdicts(verdict.decision for verdict in judged)


def issue_digests(settings: Settings, *, now: datetime, made: Callable[[Digest], None]) -> None:
    """Make every digest that is due and leave its letter in the outbox."""
    model = serving_model(settings)
    with (
        held(lock_path(settings, "mail"), wait=LOCK_WAIT),
        open_store(Path(settings.db), durable=True) as store,
    ):
        for digest in filter(None, _issuing(settings, store, model, now)):
            made(digest)


def _issuing(settings: Settings, store: Store, model: Model, now: datetime) -> Iterator[Digest | None]:
    """The digests that are due, a reader with each step."""
    gather_stories(store, now=now)  # what a flood left to do
    # A model promoted meanwhile has judged nothing yet.
    jobs.classify_stored(store, model, now=now, step=_count_verdicts)
    yield None
    yield from press(settings, store, load_taxonomy(), model.id).issuing(now=now)


def mail_digests(
    settings: Settings,
    *,
    now: datetime,
    made: Callable[[Digest], None],
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Delivery, SendOutcome], None] = delivered,
    resting: Collection[Kind] = (),
    pace: Pace | None = None,
) -> frozenset[Kind]:
    """Make every digest that is due and send every letter that is; the kinds whose way out is broken.

    Digests are made while the mail server has a letter to take, so that the slower of the two sets the pace. What is
    wrong with making them is raised when the letters that were there are sent.
    """
    model = serving_model(settings)
    with _at_work(settings, report, pace, now) as (store, postman):
        making = jobs.Making(_issuing(settings, store, model, now), made)
        making.ahead(AHEAD + 1)  # the first step is stories and verdicts, which may take long
        broken = postman.deliver(now=now, stop=stop, resting=resting, make=making.step)
        making.finish(stop)
        # Letters of other kinds, and those that were made after the last mail had left.
        return broken | postman.deliver(now=now, stop=stop, resting={*resting, *broken})


def deliver_letters(
    settings: Settings,
    *,
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Delivery, SendOutcome], None] = delivered,
    resting: Collection[Kind] = (),
    pace: Pace | None = None,
) -> frozenset[Kind]:
    """Send what is due but for kinds that rest; the kinds whose way out is broken."""
    with _at_work(settings, report, pace, now) as (_, postman):
        return postman.deliver(now=now, stop=stop, resting=resting)


@contextmanager
def _at_work(
    settings: Settings, report: Callable[[Delivery, SendOutcome], None], pace: Pace | None, now: datetime
) -> Iterator[tuple[Store, Postman]]:
    """The only postman on this database, with what an earlier one left half-way taken up again."""
    pace, rate = pace or Pace(), settings.smtp_rate if settings.smtp_host else 0

    def wait(kind: Kind, stop: Callable[[], bool]) -> None:
        if kind == "mail":
            pace.wait(rate, stop)

    with (
        held(lock_path(settings, "mail"), wait=LOCK_WAIT),
        open_store(Path(settings.db), durable=True) as store,
        way_out(settings) as way,
    ):
        postman = Postman(store, way, report, wait, paced=bool(rate))
        postman.recover(now=now)
        yield store, postman
