"""What all acts of readers need: settings, their links, the database, and who holds a token."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from monitor.config.settings import Settings
from monitor.keys import signer_at
from monitor.links import BadToken, Links, Purpose, Ticket
from monitor.store import subscribers
from monitor.store.database import Store, open_store
from monitor.types import Origin, Subscriber, SubscriberStatus

PATIENCE = 5.0
"""Seconds that a visitor waits for others who write; programs wait longer."""

WAITING = (SubscriberStatus.PENDING, SubscriberStatus.SUSPENDED)
"""Who has to agree before mail goes out."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Where readers are served. `links` makes and reads their tokens."""

    settings: Settings
    links: Links

    def store(self) -> Store:
        """The database, for one act."""
        store = open_store(Path(self.settings.db), durable=True)
        store.wait_at_most(PATIENCE)
        return store

    def ticket(self, purpose: Purpose, token: str, *, now: datetime) -> Ticket:
        """What a token says, before the database is asked. Raises BadToken."""
        return self.links.read(purpose, token, now=now)

    def holder(self, store: Store, ticket: Ticket) -> Subscriber:
        """The very reader a token was made for, if they have not moved or left since. Raises BadToken."""
        reader = subscribers.by_id(store, ticket.reader)
        if reader is None or not ticket.is_for(reader):
            raise BadToken
        return reader

    def hash_of(self, address: str, *, now: datetime) -> str:
        """Under what an address is remembered that wants no mail."""
        return self.links.signer.address_hash(address, now=now)


def counter_of(settings: Settings, *, base: str = "") -> Counter:
    """The counter of an installation; `base` is where its pages are if the settings do not say."""
    return Counter(settings, Links(settings.base_url or base, signer_at(Path(settings.keys))))


def with_choices(reader: Subscriber, wish: Subscriber) -> Subscriber:
    """A reader who gets what a wish says; who they are and how they stand is theirs, whatever the wish has there."""
    return replace(
        wish,
        id=reader.id,
        address=reader.address,
        status=reader.status,
        consent=reader.consent,
        created_at=reader.created_at,
        token=reader.token,
        lock=reader.lock,
    )


def agree(
    store: Store, reader: Subscriber, *, words: str, network: str, now: datetime, origin: Origin = "page"
) -> tuple[Subscriber, bool]:
    """Record that a reader agreed, to these words; the reader who did, and whether it was recorded.

    It is not if their status has changed meanwhile: somebody else was faster.
    """
    consent, detail = f"{origin}, {now:%Y-%m-%d %H:%M} UTC", on_record(words, network)
    agreed = subscribers.set_consent(store, reader, consent, now=now, origin=origin, detail=detail)
    return replace(reader, status=SubscriberStatus.ACTIVE, consent=consent), agreed


def on_record(words: str, network: str) -> str:
    """How somebody agreed, as the record has it."""
    return f"{words} ({network})" if network else words
