"""A reader's own page: choosing, pausing, moving, judging an article, reading a digest again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from classifiers.corrections import Correction
from classifiers.verdict import Text
from monitor.links import BadToken, Purpose, Ticket
from monitor.reception.counter import Counter, agree, on_record, with_choices
from monitor.store import articles, corrections, subscribers, suppression
from monitor.store.database import Store
from monitor.types import Article, Subscriber, SubscriberStatus
from monitor.writing import request


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reader says of one article: `relevance` as in corrections; sectors None where nothing is said of them."""

    relevance: int
    sectors: tuple[str, ...] | None = None


def reader_of(counter: Counter, door: Purpose, token: str, *, now: datetime) -> Subscriber:
    """Whose page a token opens by this door. Raises BadToken."""
    ticket = counter.ticket(door, token, now=now)
    with counter.store() as store:
        return _at(counter, store, ticket)


def choose(counter: Counter, door: Purpose, token: str, wish: Subscriber, *, now: datetime) -> None:
    """Change what a reader gets. Raises BadToken."""
    ticket = counter.ticket(door, token, now=now)
    with counter.store() as store:
        reader = _at(counter, store, ticket)
        chosen = with_choices(reader, wish)
        if chosen != reader:
            subscribers.set_choices(store, chosen, now=now, origin="page")


def pause(counter: Counter, door: Purpose, token: str, *, now: datetime) -> None:
    """No letters until the reader wants them again. Raises BadToken."""
    _switch(counter, door, token, SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED, now)


def resume(counter: Counter, door: Purpose, token: str, *, now: datetime) -> None:
    """Letters again. Raises BadToken."""
    _switch(counter, door, token, SubscriberStatus.PAUSED, SubscriberStatus.ACTIVE, now)


def _switch(
    counter: Counter,
    door: Purpose,
    token: str,
    before: SubscriberStatus,
    after: SubscriberStatus,
    now: datetime,
) -> None:
    ticket = counter.ticket(door, token, now=now)
    with counter.store() as store:
        reader = _at(counter, store, ticket)
        subscribers.set_status(store, reader.id, after, now=now, origin="page", was=before)


# --- moving ----------------------------------------------------------------------------------


def ask_to_move(counter: Counter, token: str, address: str, *, now: datetime) -> None:
    """Ask at a new address whether the letters shall go there. Raises BadToken.

    At an address that is a reader's already, or complained, nothing arrives, and nobody is told so.
    """
    ticket = counter.ticket(Purpose.OWN, token, now=now)
    with counter.store() as store:
        reader = _at(counter, store, ticket)
        barred = suppression.reason(store, counter.hash_of(address, now=now)) == "complained"
        if not barred and subscribers.find(store, address) is None:
            request(counter.settings, store, "move", reader, links=counter.links, now=now, to=address)


def who_moves(counter: Counter, token: str, *, now: datetime) -> tuple[Subscriber, str]:
    """Who would move with this token, and where to. Raises BadToken."""
    ticket = counter.ticket(Purpose.MOVE, token, now=now)
    with counter.store() as store:
        return _mover(counter, store, ticket), ticket.about


def move(counter: Counter, token: str, *, words: str, network: str, now: datetime) -> str:
    """Mail a reader at the address this token was sent to; that address. The old one is told. Raises BadToken.

    Whoever was suspended because letters came back is a reader again.
    """
    ticket = counter.ticket(Purpose.MOVE, token, now=now)
    with counter.store() as store:
        reader, address = _mover(counter, store, ticket), ticket.about
        if reader.address == address:
            return address
        detail = on_record(words, network)
        subscribers.set_address(store, reader, address, now=now, origin="page", detail=detail)
        suppression.lift(store, counter.hash_of(address, now=now))
        moved = replace(reader, address=address, lock=reader.lock + 1)
        if reader.status is SubscriberStatus.SUSPENDED:
            agree(store, moved, words=words, network=network, now=now)
        else:
            request(counter.settings, store, "moved", moved, links=counter.links, now=now, to=reader.address)
        return address


def _mover(counter: Counter, store: Store, ticket: Ticket) -> Subscriber:
    """Who moves with this ticket; once they have, only the same page again."""
    reader = subscribers.by_id(store, ticket.reader)
    if reader and reader.address == ticket.about and ticket.is_of(reader):
        return reader
    reader, taken = counter.holder(store, ticket), subscribers.find(store, ticket.about)
    if reader.status is SubscriberStatus.REMOVED or taken:
        raise BadToken
    return reader


# --- articles and digests --------------------------------------------------------------------


def judged(counter: Counter, token: str, *, now: datetime) -> tuple[Subscriber, Article, Judgement | None]:
    """Who would judge which article with this token, and how they did before. Raises BadToken."""
    ticket = counter.ticket(Purpose.JUDGE, token, now=now)
    with counter.store() as store:
        reader, article = _judging(counter, store, ticket)
        before = corrections.of_person(store, reader.address, Text(article.title, article.summary))
        return reader, article, Judgement(before.relevance, before.sectors) if before else None


def judge(counter: Counter, token: str, judgement: Judgement, *, now: datetime) -> Subscriber:
    """Store what a reader says of an article; their newest word counts. Raises BadToken."""
    ticket = counter.ticket(Purpose.JUDGE, token, now=now)
    with counter.store() as store:
        reader, article = _judging(counter, store, ticket)
        correction = Correction(
            text=Text(article.title, article.summary),
            relevance=judgement.relevance,
            sectors=judgement.sectors,
            person=reader.address,
            origin="mail",
            made_at=now,
        )
        corrections.record(store, correction, article.id)
        return reader


def reading(counter: Counter, token: str, *, now: datetime) -> tuple[Subscriber, str]:
    """Which digest of whom a token shows. Raises BadToken."""
    ticket = counter.ticket(Purpose.READ, token, now=now)
    with counter.store() as store:
        reader = subscribers.by_id(store, ticket.reader)
        if reader is None or not ticket.is_of(reader):  # a digest may be read also after moving
            raise BadToken
        return reader, ticket.about


def _judging(counter: Counter, store: Store, ticket: Ticket) -> tuple[Subscriber, Article]:
    reader, found = _at(counter, store, ticket), articles.get(store, int(ticket.about, 16))
    if found is None:
        raise BadToken
    return reader, found.article


def _at(counter: Counter, store: Store, ticket: Ticket) -> Subscriber:
    """The reader whose page it is, while they are one. Raises BadToken."""
    reader = counter.holder(store, ticket)
    if reader.status is SubscriberStatus.REMOVED or not reader.consent:
        raise BadToken
    return reader
