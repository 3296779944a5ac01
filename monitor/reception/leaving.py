"""Leaving, coming back, being forgotten, and staying forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.channel import kind_of, told
from monitor.errors import Misuse
from monitor.links import BadToken, Purpose
from monitor.reception.counter import Counter, agree
from monitor.store import history, subscribers, suppression
from monitor.store.database import Store
from monitor.types import Origin, Subscriber, SubscriberStatus

ASKED_DAYS = 8
"""How long somebody who never confirmed is remembered: as long as the link in their letter, and a day."""

LEFT_DAYS = 30
"""How long who left is remembered by more than a hash: the proof of what was agreed, and a way back."""

_REFUSED = {"erased": "left and was forgotten", "complained": "complained about our mail"}


def who_leaves(counter: Counter, token: str) -> Subscriber:
    """Whose letters carry this token. Raises BadToken."""
    with counter.store() as store:
        return _leaver(store, token)


def leave(counter: Counter, token: str, *, now: datetime, origin: Origin = "page") -> Subscriber:
    """No more letters, at once, whatever else happens at this moment; the reader who left.

    Raises BadToken; leaving twice changes nothing.
    """
    with counter.store() as store:
        reader = _leaver(store, token)
        if reader.status is not SubscriberStatus.REMOVED:
            subscribers.set_status(store, reader.id, SubscriberStatus.REMOVED, now=now, origin=origin)
        return _leaver(store, token)


def come_back(counter: Counter, token: str, *, words: str, network: str, now: datetime) -> Subscriber:
    """Who has just left by mistake agrees again; the reader as they are now. Raises BadToken."""
    with counter.store() as store:
        reader = _leaver(store, token)
        left = history.latest(store, reader.id, "removed")
        if reader.status is SubscriberStatus.REMOVED and left and now - left < timedelta(days=LEFT_DAYS):
            agree(store, reader, words=words, network=network, now=now)
        return _leaver(store, token)


def erase(counter: Counter, token: str, *, now: datetime) -> None:
    """Forget a reader altogether but for the hash that says: no mail. Raises BadToken."""
    ticket = counter.ticket(Purpose.OWN, token, now=now)
    with counter.store() as store:
        wipe(counter, store, counter.holder(store, ticket), now=now)


def erase_left(counter: Counter, token: str, *, now: datetime) -> None:
    """Forget who has left, without waiting. Raises BadToken."""
    with counter.store() as store:
        reader = _leaver(store, token)
        if reader.status is not SubscriberStatus.REMOVED:
            raise BadToken
        wipe(counter, store, reader, now=now)


def wipe(counter: Counter, store: Store, reader: Subscriber, *, now: datetime) -> None:
    """Forget a reader; the hash of a mail address stays, for channels are the operator's."""
    wanted = kind_of(reader.address) == "mail"
    suppressed = counter.hash_of(reader.address, now=now) if wanted else ""
    subscribers.erase(store, reader, suppressed=suppressed, now=now)


def forget(counter: Counter, *, now: datetime) -> int:
    """Forget who never confirmed, and who left long enough ago; how many that were."""
    asked, left = now - timedelta(days=ASKED_DAYS), now - timedelta(days=LEFT_DAYS)
    with counter.store() as store:
        never = subscribers.left(store, SubscriberStatus.PENDING, before=asked)
        gone = subscribers.left(store, SubscriberStatus.REMOVED, before=left)
        for reader in (*never, *gone):
            if reader.consent:  # once a reader: also one whom a stranger has signed up again since
                wipe(counter, store, reader, now=now)
            else:
                subscribers.erase(store, reader)
    return len(never) + len(gone)


def let_in(counter: Counter, store: Store, address: str, *, again: bool, now: datetime) -> None:
    """Whether the operator may add an address; with `again` it is let in. Raises Misuse if it wants no mail."""
    address_hash = counter.hash_of(address, now=now)
    reason = suppression.reason(store, address_hash)
    if reason and not again:
        raise Misuse(
            f"{told(address)} {_REFUSED[reason]}; they can sign up on the pages; give --again if they asked you to"
        )
    if reason:
        suppression.lift(store, address_hash)


def _leaver(store: Store, token: str) -> Subscriber:
    reader = subscribers.by_token(store, token)
    if reader is None:
        raise BadToken
    return reader
