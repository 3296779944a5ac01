"""Puts the parts together for a command or the daemon: settings in, ready-made tools out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from html import escape
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from classifiers.taxonomy import Taxonomy, load_taxonomy
from monitor import jobs
from monitor.config.settings import Settings
from monitor.delivery.folder import FolderWay
from monitor.delivery.message import Sender, build, message_id
from monitor.delivery.smtp import SmtpPolicy, SmtpWay
from monitor.digest.render import Frame, Rendered, render_confirmation
from monitor.ingest.fetch import Fetcher, FetchPolicy
from monitor.ingest.pool import ReaderPool
from monitor.locks import held
from monitor.logs import delivered, polled, undeliverable, warn
from monitor.serving import serving_model
from monitor.store import outbox, polls, watches
from monitor.store.database import Store, open_store
from monitor.types import Delivery, Digest, Feed, Letter, PollReport, SendOutcome, Subscriber
from monitor.watch import look_once

LOCK_WAIT = 120.0

Result = TypeVar("Result")


def lock_path(settings: Settings, activity: str) -> Path:
    """The lock of one activity (`run`, `poll`, `mail`) on this database."""
    db = Path(settings.db)
    return db.with_name(f"{db.name}.{activity}.lock")


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


@asynccontextmanager
async def poller(
    settings: Settings, store: Store, report: Callable[[PollReport], None] = polled
) -> AsyncIterator[jobs.Poller]:
    """A poller with its network and its reading processes."""
    async with Fetcher(fetch_policy(settings)) as fetcher:
        with ReaderPool() as pool:
            yield jobs.Poller(store, fetcher, pool, timedelta(minutes=settings.poll_minutes), report)


def sender_of(settings: Settings) -> Sender:
    """Who the letters come from."""
    return Sender(name=settings.mail_name, address=settings.mail_from, reply_to=settings.reply_to)


def frame_of(settings: Settings, subscriber: Subscriber) -> Frame:
    """What surrounds a reader's letters: who to write to, how to stop."""
    contact = settings.reply_to or settings.mail_from
    stop = f"mailto:{contact}?subject=unsubscribe%20{quote(subscriber.address)}"
    if settings.base_url and settings.base_url.startswith("https://"):
        stop = f"{settings.base_url}/u/{subscriber.token}"
    return Frame(product=settings.mail_name, contact=contact, unsubscribe=stop, base_url=settings.base_url)


@contextmanager
def way_out(settings: Settings) -> Iterator[jobs.Sends]:
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
        sender=settings.mail_from,
    )
    with SmtpWay(policy) as way:
        yield way


def press(settings: Settings, store: Store, taxonomy: Taxonomy, model_id: str) -> jobs.Press:
    """What makes digests."""
    return jobs.Press(
        store, taxonomy, sender_of(settings), partial(frame_of, settings), model_id, undeliverable
    )


def ask_for_consent(settings: Settings, store: Store, reader: Subscriber, *, now: datetime) -> None:
    """Queue the letter that asks a new reader whether they want the digest."""
    contact = settings.reply_to or settings.mail_from
    rendered = render_confirmation(
        reader,
        load_taxonomy(),
        frame_of(settings, reader),
        confirm=f"mailto:{contact}?subject=confirm%20{quote(reader.address)}",
    )
    sender = sender_of(settings)
    letter = build(
        rendered,
        recipient=reader.address,
        sender=sender,
        message_id=message_id(f"confirm-{reader.token}", reader.id, sender.domain),
        date=now,
    )
    outbox.queue(store, "confirmation", reader.id, letter, now=now)


def send_test(settings: Settings, address: str, *, now: datetime) -> SendOutcome:
    """Send a short letter at once, past the outbox; what the way out answered."""
    sender = sender_of(settings)
    text = f"This is a test letter of {settings.mail_name}. It arrived: the way out works."
    content = Rendered(
        subject=f"{settings.mail_name}: test",
        preview=text,
        html=f"<p>{escape(text)}</p>",
        text=text,
        language="en",
    )
    letter = build(
        content,
        recipient=address,
        sender=sender,
        message_id=message_id(f"test-{now:%Y%m%dT%H%M%SZ}", 0, sender.domain),
        date=now,
    )
    with way_out(settings) as way:
        return way.send(letter)


async def watch_round(settings: Settings, now: datetime) -> None:
    """Once a week: look at what the model does; what has changed is logged and written to the operator."""
    await _in_thread(partial(_watch, settings, now))


def _watch(settings: Settings, now: datetime) -> None:
    with open_store(Path(settings.db), durable=True) as store:
        found = look_once(store, partial(serving_model, settings), now=now)
        if found is None:
            return
        week, model, drift = found
        letter = None
        if drift.notes and settings.operator:
            lines = [f"- {note.what}: {note.todo}" for note in drift.notes]
            subject = f"{settings.mail_name}: the news or the model have changed"
            letter = note_to_operator(settings, subject, lines, now=now)
        watches.record(store, week, model, drift, letter=letter, now=now)
        for note in drift.notes:
            warn("drift", what=note.what, todo=note.todo)


def note_to_operator(settings: Settings, subject: str, lines: Sequence[str], *, now: datetime) -> Letter:
    """A short letter to whoever runs this."""
    sender = sender_of(settings)
    body = "\n".join((*lines, "", "'vietnhat model watch' shows the figures."))
    content = Rendered(
        subject=subject,
        preview=lines[0] if lines else subject,
        html=f"<pre style='white-space: pre-wrap'>{escape(body)}</pre>",
        text=body + "\n",
        language="en",
    )
    return build(
        content,
        recipient=settings.operator or "",
        sender=sender,
        message_id=message_id(f"note-{now:%Y%m%dT%H%M%SZ}", 0, sender.domain),
        date=now,
    )


async def poll_once(
    settings: Settings,
    feeds: Sequence[Feed],
    *,
    now: datetime,
    only_due: bool = False,
    report: Callable[[PollReport], None] = polled,
) -> tuple[list[PollReport], int]:
    """One round of polling and judging; the reports and how many articles got a verdict.

    A round of what is due does not wait for another poll under way: the next round will find it done.
    """
    reports: list[PollReport] = []
    wait = 0.0 if only_due else LOCK_WAIT
    with held(lock_path(settings, "poll"), wait=wait), open_store(Path(settings.db), create=True) as store:
        chosen = jobs.due_feeds(feeds, polls.feed_states(store), now) if only_due else list(feeds)
        if chosen:
            async with poller(settings, store, report) as tool:
                reports = await tool.poll(chosen, now=now)
    judged = 0
    if not only_due or any(r.new or r.revised for r in reports):
        judged = await _in_thread(partial(judge_stored, settings, now=now))
    return reports, judged


def judge_stored(settings: Settings, *, now: datetime) -> int:
    """Give every article that waits for one a verdict; how many that were. Works on a connection of its own."""
    with open_store(Path(settings.db)) as store:
        return jobs.classify_stored(store, serving_model(settings), now=now)


def issue_digests(settings: Settings, *, now: datetime) -> list[Digest]:
    """Make every digest that is due and put its letter into the outbox."""
    model = serving_model(settings)
    with (
        held(lock_path(settings, "mail"), wait=LOCK_WAIT),
        open_store(Path(settings.db), durable=True) as store,
    ):
        jobs.classify_stored(store, model, now=now)  # a model promoted meanwhile has judged nothing yet
        return press(settings, store, load_taxonomy(), model.id).issue(now=now)


def deliver_letters(
    settings: Settings,
    *,
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Delivery, SendOutcome], None] = delivered,
) -> bool:
    """Send what is due; False when the way out is broken."""
    with (
        held(lock_path(settings, "mail"), wait=LOCK_WAIT),
        open_store(Path(settings.db), durable=True) as store,
        way_out(settings) as way,
    ):
        postman = jobs.Postman(store, way, report)
        postman.recover(now=now)
        return postman.deliver(now=now, stop=stop)


async def mail_round(
    settings: Settings, now: datetime, stop: Callable[[], bool], *, news_is_in: bool = True
) -> None:
    """One round of mailing, in a thread, so that polling and signals go on meanwhile.

    New digests wait until the news is in; letters that are written already do not, nor for a model that is broken.
    """

    def work() -> None:
        try:
            if news_is_in and not stop():
                issue_digests(settings, now=now)
        finally:
            deliver_letters(settings, now=now, stop=stop)

    await _in_thread(work)


async def _in_thread(work: Callable[[], Result]) -> Result:
    """Do `work` in a thread that no exit waits for.

    Python joins those of `asyncio.to_thread`, and one that waits for a mail server's answer would hold up a stop for
    minutes. What such a thread leaves half done is what a kill would leave, and is taken up again likewise.
    """
    done: Future[Result] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)
