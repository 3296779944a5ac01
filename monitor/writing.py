"""Letters: what surrounds them, where their links lead, and those that are no digests."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from classifiers.drift import Drift
from classifiers.taxonomy import load_taxonomy
from monitor.channel import kind_of
from monitor.config.settings import Settings
from monitor.delivery.message import Sender, build, message_id
from monitor.digest.render import Frame, Rendered, Request, render_request, render_words
from monitor.digest.report import render_report
from monitor.digest.view import Manner
from monitor.digest.words import Words
from monitor.keys import signer_at
from monitor.links import VALID, Links, Purpose
from monitor.store import history, outbox
from monitor.store.database import Store
from monitor.types import Digest, Letter, Report, Subscriber
from monitor.watch import ZONE as NEWSPAPERS
from monitor.wishes import mailbox_of

MOST_REQUESTS = 3
"""Letters to one address in a day that ask for a click: a sign-up form must not serve to flood a stranger."""


_PURPOSES: Mapping[Request, Purpose] = {
    "confirm": Purpose.CONFIRM,
    "link": Purpose.OWN,
    "move": Purpose.MOVE,
}


def sender_of(settings: Settings) -> Sender:
    """Who the letters come from."""
    return Sender(name=settings.mail_name, address=settings.mail_from, reply_to=settings.reply_to)


def links_of(settings: Settings) -> Links | None:
    """What makes the addresses of pages in letters; None when no pages are served to readers."""
    return Links(settings.base_url, signer_at(Path(settings.keys))) if settings.base_url else None


def frame_of(settings: Settings, links: Links | None, reader: Subscriber) -> Frame:
    """What surrounds a letter to a reader: who to write to, how to stop."""
    contact = settings.reply_to or settings.mail_from
    if kind_of(reader.address) != "mail":
        # Many read a channel: its address is a secret, and its end the operator's.
        stop = f"mailto:{contact}?subject=unsubscribe%20channel%20{reader.id}"
        return Frame(product=settings.mail_name, contact=contact, unsubscribe=stop)
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
    page = links.to(Purpose.READ, reader, now=now, about=digest.id)
    if kind_of(reader.address) != "mail":
        return replace(frame, page=page)
    return replace(
        frame,
        page=page,
        preferences=links.to(Purpose.CHOOSE, reader, now=now),
        manner=replace(
            manner, judge=lambda article_id: links.to(Purpose.JUDGE, reader, now=now, about=f"{article_id:x}")
        ),
    )


def ask_for_consent(settings: Settings, store: Store, reader: Subscriber, *, now: datetime) -> None:
    """Queue the letter that asks a new reader whether they want the digest."""
    request(settings, store, "confirm", reader, links=links_of(settings), now=now)


def request(
    settings: Settings,
    store: Store,
    what: Request,
    reader: Subscriber,
    *,
    links: Links | None,
    now: datetime,
    to: str = "",
) -> bool:
    """Queue a letter that asks a reader for one click: at their address, or at the one it is sent `to`.

    False when this mailbox was asked often enough today, whoever wanted it.
    """
    addressee = replace(reader, address=to or reader.address)
    frame = frame_of(settings, links, reader)
    link, until = (
        (frame.unsubscribe, None)
        if what == "moved"
        else _asked_for(settings, store, what, reader, links, now, to)
    )
    rendered = render_request(what, addressee, load_taxonomy(), frame, link=link, until=until)
    sender, stamp = sender_of(settings), now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    letter = build(
        rendered,
        recipient=addressee.address,
        sender=sender,
        message_id=message_id(f"{what}-{stamp}-{secrets.token_hex(8)}", reader.id, sender.domain),
        date=now,
    )
    with store.transaction():
        mailbox = mailbox_of(letter.recipient)
        asked = outbox.asked(store, mailbox.rpartition("@")[2], since=now - timedelta(days=1))
        if sum(mailbox_of(address) == mailbox for address in asked) >= MOST_REQUESTS:
            return False
        outbox.insert(store, "confirmation", reader.id, letter, now=now)
    return True


def _asked_for(
    settings: Settings,
    store: Store,
    what: Request,
    reader: Subscriber,
    links: Links | None,
    now: datetime,
    to: str,
) -> tuple[str, datetime]:
    """Where a letter's one click leads, and until when; without pages the answer is a letter."""
    purpose, about = _PURPOSES[what], to if what == "move" else ""
    # Links that act once tell by the mark whether what they are for has happened since.
    mark, until = history.mark(store, reader.id), now + VALID[purpose]
    if links and links.base:
        return links.to(purpose, reader, now=now, about=about, mark=mark), until
    token = Links("", signer_at(Path(settings.keys))).token(purpose, reader, now=now, about=about, mark=mark)
    return f"mailto:{_read_by_us(settings)}?subject=confirm%20{token}", until


def drift_letter(settings: Settings, drift: Drift, *, now: datetime) -> Letter:
    """The letter that tells the operator what changed in the news or in what the model does."""
    lines = [f"- {note.what}: {note.todo}" for note in drift.notes]
    body = "\n".join((*lines, "", "'vietnhat model watch' shows the figures."))
    subject = f"{settings.mail_name}: the news or the model have changed"
    content = render_words(subject, body, preview=lines[0] if lines else "")
    return note(settings, content, "drift", settings.operator or "", now=now)


def report_letter(settings: Settings, report: Report, *, now: datetime) -> Letter:
    """The letter of a day's report."""
    words = Words(settings.operator_language, str(NEWSPAPERS))
    contact = settings.reply_to or settings.mail_from
    frame = Frame(product=settings.mail_name, contact=contact, unsubscribe=f"mailto:{contact}")
    return note(settings, render_report(report, words, frame), "report", settings.operator or "", now=now)


def note(settings: Settings, content: Rendered, kind: str, recipient: str, *, now: datetime) -> Letter:
    """A letter that belongs to no reader's list."""
    sender = sender_of(settings)
    return build(
        content,
        recipient=recipient,
        sender=sender,
        message_id=message_id(f"{kind}-{now:%Y%m%dT%H%M%SZ}", 0, sender.domain),
        date=now,
    )
