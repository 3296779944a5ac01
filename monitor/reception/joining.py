"""Signing up, and agreeing to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.digest.render import Request
from monitor.errors import Misuse
from monitor.links import BadToken, Purpose, Ticket
from monitor.reception.counter import WAITING, Counter, agree, with_choices
from monitor.store import history, subscribers, suppression
from monitor.store.database import Store
from monitor.types import Origin, Subscriber, SubscriberStatus
from monitor.writing import request

MOST_WAITING = 5_000
"""Sign-ups that nobody confirmed yet: what strangers may fill our database with."""

_MAILED = (SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED)


def sign_up(counter: Counter, wish: Subscriber, *, network: str, now: datetime) -> None:
    """Ask by letter whether the owner of an address wants what somebody chose for it.

    A reader gets the link to their own page instead. Nothing at all goes to an address that complained.
    """
    with counter.store() as store:
        if suppression.reason(store, counter.hash_of(wish.address, now=now)) == "complained":
            return
        known = subscribers.find(store, wish.address)
        if known is None and subscribers.waiting(store) < MOST_WAITING:
            try:
                known = subscribers.add(store, replace(wish, created_at=now), origin="page", detail=network)
            except Misuse:  # somebody pressed twice
                known = subscribers.find(store, wish.address)
        elif known and known.status not in _MAILED:
            known = _again(store, known, wish, network, now)
        if known:
            what: Request = "link" if known.status in _MAILED else "confirm"
            request(counter.settings, store, what, known, links=counter.links, now=now)


def _again(store: Store, known: Subscriber, wish: Subscriber, network: str, now: datetime) -> Subscriber:
    """Who once asked, was suspended or left. What they chose when they agreed is theirs, whoever signs them up now."""
    if not known.consent:
        known = with_choices(known, wish)
        subscribers.set_choices(store, known, now=now, origin="page")
    if known.status is SubscriberStatus.REMOVED:
        was, status = known.status, SubscriberStatus.PENDING
        subscribers.set_status(store, known.id, status, now=now, origin="page", detail=network, was=was)
    return known


def send_link(counter: Counter, address: str, *, now: datetime) -> None:
    """Mail the link to a reader's own page, if the address is a reader's."""
    with counter.store() as store:
        known = subscribers.find(store, address)
        if known and known.status in _MAILED:
            request(counter.settings, store, "link", known, links=counter.links, now=now)


def who_confirms(counter: Counter, token: str, *, now: datetime) -> Subscriber:
    """Who would confirm with this token, or has. Raises BadToken."""
    ticket = counter.ticket(Purpose.CONFIRM, token, now=now)
    with counter.store() as store:
        return _confirming(counter, store, ticket)


def confirm(
    counter: Counter, token: str, *, words: str, network: str, now: datetime, origin: Origin = "page"
) -> tuple[Subscriber, bool]:
    """The owner of an address agreed, to these words; the reader, and whether it was this very act.

    Raises BadToken; confirming twice changes nothing.
    """
    ticket = counter.ticket(Purpose.CONFIRM, token, now=now)
    with counter.store() as store:
        reader = _confirming(counter, store, ticket)
        if reader.status not in WAITING:
            return reader, False
        reader, agreed = agree(store, reader, words=words, network=network, now=now, origin=origin)
        if agreed:
            suppression.lift(store, counter.hash_of(reader.address, now=now))
        return reader, agreed


def _confirming(counter: Counter, store: Store, ticket: Ticket) -> Subscriber:
    """Who holds this link; once it was used, only for as long as they stay."""
    reader = counter.holder(store, ticket)
    if history.happened(store, reader.id, "suspended", after=ticket.mark):
        raise BadToken
    used = history.happened(store, reader.id, "agreed", after=ticket.mark)
    if used == (reader.status in WAITING):  # used by who has gone again, or never used by who is here
        raise BadToken
    return reader
