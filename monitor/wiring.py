"""Puts the parts together for a command or the daemon: settings in, ready-made tools out."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import quote

from classifiers.drift import Drift
from classifiers.taxonomy import Taxonomy, load_taxonomy
from classifiers.verdict import Verdict
from monitor import jobs, metrics, polling
from monitor.config.settings import Settings
from monitor.delivery.folder import FolderWay
from monitor.delivery.message import Sender, build, message_id
from monitor.delivery.smtp import SmtpPolicy, SmtpWay
from monitor.digest.render import Frame, Rendered, Request, render_request
from monitor.digest.report import render_report
from monitor.digest.view import Manner
from monitor.digest.words import Words
from monitor.gathering import gather_stories
from monitor.ingest.fetch import Fetcher, FetchPolicy
from monitor.ingest.pool import READERS, ReaderPool
from monitor.keys import Signer
from monitor.links import VALID, Links, Purpose
from monitor.locks import held, lock_of
from monitor.logs import delivered, polled, undeliverable
from monitor.serving import serving_model
from monitor.store import history, outbox, polls
from monitor.store.database import Store, open_store
from monitor.threads import apart
from monitor.types import Bounds, Delivery, Digest, Feed, Letter, PollReport, Report, SendOutcome, Subscriber
from monitor.watch import ZONE as NEWSPAPERS

LOCK_WAIT = 120.0

MOST_REQUESTS = 3
"""Letters to one address in a day that ask for a click: a sign-up form must not serve to flood a stranger."""


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


def sender_of(settings: Settings) -> Sender:
    """Who the letters come from."""
    return Sender(name=settings.mail_name, address=settings.mail_from, reply_to=settings.reply_to)


def links_of(settings: Settings) -> Links | None:
    """What makes the addresses of pages in letters; None when no pages are served to readers."""
    return Links(settings.base_url, Signer(Path(settings.keys))) if settings.base_url else None


def frame_of(settings: Settings, links: Links | None, reader: Subscriber) -> Frame:
    """What surrounds a letter to a reader: who to write to, how to stop."""
    contact = settings.reply_to or settings.mail_from
    by_mail = f"mailto:{_read_by_us(settings)}?subject=unsubscribe%20"
    if links:
        by_mail += reader.token
    else:  # the address is for a person who reads it
        by_mail += f"{quote(reader.address)}%20{reader.token}"
    return Frame(
        product=settings.mail_name,
        contact=contact,
        unsubscribe=links.unsubscribe(reader) if links else by_mail,
        unsubscribe_by_mail=by_mail,
    )


def _read_by_us(settings: Settings) -> str:
    """Where letters to the program go, for a mailto. Who set no return address reads them at the one for answers."""
    return quote(settings.return_address or settings.reply_to or settings.mail_from, safe="@+")


def manner_of(settings: Settings) -> Manner:
    """How much of the outlets' words is quoted."""
    return Manner(quoted=settings.quote_letters, unquoted=settings.unquoted)


def frame_of_digest(settings: Settings, links: Links | None, digest: Digest) -> Frame:
    """What surrounds a digest: also where it is on the web, and where its reader chooses and corrects."""
    reader, now = digest.subscriber, digest.composed_at
    manner = manner_of(settings)
    frame = replace(frame_of(settings, links, reader), manner=manner)
    if links is None:
        return frame
    return replace(
        frame,
        page=links.to(Purpose.READ, reader, now=now, about=digest.id),
        preferences=links.to(Purpose.CHOOSE, reader, now=now),
        manner=replace(
            manner, judge=lambda article_id: links.to(Purpose.JUDGE, reader, now=now, about=f"{article_id:x}")
        ),
    )


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
        sender=settings.return_address or settings.mail_from,
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


def ask_for_consent(settings: Settings, store: Store, reader: Subscriber, *, now: datetime) -> None:
    """Queue the letter that asks a new reader whether they want the digest."""
    request(settings, store, "confirm", reader, now=now)


def request(
    settings: Settings, store: Store, what: Request, reader: Subscriber, *, now: datetime, to: str = ""
) -> bool:
    """Queue a letter that asks a reader for one click: at their address, or at the one they want to move `to`.

    False when this address was asked often enough today, whoever wanted it.
    """
    purpose, links = _PURPOSES[what], links_of(settings)
    # Links that act once tell by the mark whether what they are for has happened since.
    about = "" if what == "link" else f"{history.mark(store, reader.id):x}.{to}"
    if links:
        link = links.to(purpose, reader, now=now, about=about)
    else:  # without pages the answer is a letter
        token = Links("", Signer(Path(settings.keys))).token(purpose, reader, now=now, about=about)
        link = f"mailto:{_read_by_us(settings)}?subject=confirm%20{token}"
    until = now + VALID[purpose]
    sender, addressee = sender_of(settings), replace(reader, address=to or reader.address)
    rendered = render_request(
        what, addressee, load_taxonomy(), frame_of(settings, links, reader), link=link, until=until
    )
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    letter = build(
        rendered,
        recipient=addressee.address,
        sender=sender,
        message_id=message_id(f"{what}-{stamp}-{secrets.token_hex(8)}", reader.id, sender.domain),
        date=now,
    )
    if outbox.asked(store, letter.recipient, since=now - timedelta(days=1)) >= MOST_REQUESTS:
        return False
    outbox.queue(store, "confirmation", reader.id, letter, now=now)
    return True


_PURPOSES: Mapping[Request, Purpose] = {
    "confirm": Purpose.CONFIRM,
    "link": Purpose.CHOOSE,
    "move": Purpose.MOVE,
}


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
    letter = _note(settings, content, "test", address, now=now)
    with way_out(settings) as way:
        return way.send(letter)


def drift_letter(settings: Settings, drift: Drift, *, now: datetime) -> Letter:
    """The letter that tells the operator what changed in the news or in what the model does."""
    lines = [f"- {note.what}: {note.todo}" for note in drift.notes]
    body = "\n".join((*lines, "", "'vietnhat model watch' shows the figures."))
    content = Rendered(
        subject=f"{settings.mail_name}: the news or the model have changed",
        preview=lines[0] if lines else "",
        html=f"<pre style='white-space: pre-wrap'>{escape(body)}</pre>",
        text=body + "\n",
        language="en",
    )
    return _note(settings, content, "drift", settings.operator or "", now=now)


def report_letter(settings: Settings, report: Report, *, now: datetime) -> Letter:
    """The letter of a day's report."""
    words = Words(settings.operator_language, str(NEWSPAPERS))
    contact = settings.reply_to or settings.mail_from
    frame = Frame(product=settings.mail_name, contact=contact, unsubscribe=f"mailto:{contact}")
    return _note(settings, render_report(report, words, frame), "report", settings.operator or "", now=now)


def _note(settings: Settings, content: Rendered, kind: str, recipient: str, *, now: datetime) -> Letter:
    """A letter that belongs to no reader's list."""
    sender = sender_of(settings)
    return build(
        content,
        recipient=recipient,
        sender=sender,
        message_id=message_id(f"{kind}-{now:%Y%m%dT%H%M%SZ}", 0, sender.domain),
        date=now,
    )


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


def issue_digests(settings: Settings, *, now: datetime) -> list[Digest]:
    """Make every digest that is due and put its letter into the outbox."""
    model = serving_model(settings)
    with (
        held(lock_path(settings, "mail"), wait=LOCK_WAIT),
        open_store(Path(settings.db), durable=True) as store,
    ):
        gather_stories(store, now=now)  # what a flood left to do
        # A model promoted meanwhile has judged nothing yet.
        jobs.classify_stored(store, model, now=now, step=_count_verdicts)
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
