"""Puts together what receives letters: settings in, a receiver out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from monitor.config.settings import Settings
from monitor.keys import BadToken, signer_at
from monitor.receiving import Receiver
from monitor.store import house, outbox
from monitor.store.database import Store, open_store

MAX_NOTES = 5
"""Letters to the operator a day about letters that came in: anybody can write to us as often as they like."""


def confirm_by_mail(settings: Settings, token: str, *, now: datetime) -> bool:
    """Whether a letter's token confirms a subscription; then digests begin."""
    from monitor.reception import joining  # with all that writes letters: see tell_operator
    from monitor.reception.counter import counter_of

    try:
        joining.confirm(
            counter_of(settings), token, words="a letter from the reader", network="", now=now, origin="mail"
        )
    except BadToken:
        return False
    return True


@contextmanager
def receiver(settings: Settings, *, now: datetime) -> Iterator[Receiver]:
    """What handles letters that come in, on the database of these settings. Raises DatabaseError."""
    signer = signer_at(Path(settings.keys))
    with open_store(Path(settings.db), durable=True) as store:
        yield Receiver(
            store,
            hashed=lambda address: signer.address_hash(address, now=now),
            confirm=lambda token: confirm_by_mail(settings, token, now=now),
            tell=lambda what: tell_operator(settings, store, what, now=now),
        )


def tell_operator(settings: Settings, store: Store, what: str, *, now: datetime) -> None:
    """Queue a letter to the operator about one that came in, MAX_NOTES a day at most."""
    # A server starts a process for each message; few of them need what writes letters, which takes half a second.
    from monitor.digest.render import render_words
    from monitor.writing import note

    day, _, told = store.notes().get(house.TOLD, "").partition(" ")
    count = int(told) + 1 if day == str(now.date()) else 1
    if settings.operator is None or count > MAX_NOTES:
        return
    text = (
        f"At the return address of {settings.mail_name} arrived {what}.\n\n"
        "'vietnhat subscribers list' says who the reader is; the letter itself is where your mail server keeps it."
        + ("\n\nThis is the last such note today." if count == MAX_NOTES else "")
    )
    subject = f"{settings.mail_name}: a letter that a person should look at"
    content = render_words(subject, text, preview=what)
    # Two letters may come in within one second.
    kind = f"inbound-{secrets.token_hex(4)}"
    letter = note(settings, content, kind, settings.operator, now=now)
    with store.transaction():
        house.write(store.db.conn, house.TOLD, f"{now.date()} {count}")
        outbox.insert(store, "note", None, letter, now=now)
