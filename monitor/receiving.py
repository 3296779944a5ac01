"""The line of a letter that comes in, written down once: read ─► what is known of it ─► decide ─► record.

Nothing is ever answered: two machines that answer each other do not end. What a consequence changes is stored before
the event that says so, and the event tells the same report again; so a kill in between costs nothing but a second line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.channel import same_address
from monitor.inbound.consequences import WINDOW, Standing, after_bounce, after_complaint
from monitor.inbound.read import read
from monitor.masking import without_person
from monitor.store import history, outbox, subscribers, suppression
from monitor.store.database import Store
from monitor.types import (
    Automatic,
    Bounce,
    Complaint,
    Confirm,
    Consequence,
    Happening,
    Other,
    ReaderEvent,
    Subscriber,
    SubscriberStatus,
    Unsubscribe,
)

_AGAIN: tuple[Happening, ...] = ("agreed", "resumed", "moved")
"""What a reader's bounces before it say nothing about."""


@dataclass(frozen=True)
class Receiver:
    """What receiving needs.

    `hashed` is the keyed hash of an address, `confirm` takes a token and says whether it was a valid one, `tell` lets
    the operator know of a letter that a person should look at.
    """

    store: Store
    hashed: Callable[[str], str]
    confirm: Callable[[str], bool]
    tell: Callable[[str], None]

    def receive(self, raw: bytes, *, now: datetime) -> str:
        """Handle one message; one line that says what it was and what followed, without addresses."""
        match read(raw):
            case Bounce() as bounce:
                return self._bounce(bounce, now)
            case Complaint() as complaint:
                return self._complaint(complaint, now)
            case Unsubscribe(token="") as wish:
                return self._unsubscribe_by_address(wish, now)
            case Unsubscribe(token=token):
                return self._unsubscribe_by_token(token, now)
            case Confirm(token):
                return self._confirm(token)
            case Automatic():
                return "automatic: nothing to do"
            case Other():
                return "a person's letter, or none that can be read: nothing was done"

    # --- reports ---------------------------------------------------------------------------------

    def _bounce(self, bounce: Bounce, now: datetime) -> str:
        what = f"bounce ({'hard' if bounce.hard else 'soft'})"
        told = [
            f"reader {reader.id} {self._follow_bounce(bounce, reader, proven=proven, now=now)}"
            for reader, proven in self._concerned(bounce.addresses, bounce.message_ids)
        ]
        return f"{what}: {', '.join(told) or 'of no reader'}"

    def _follow_bounce(self, bounce: Bounce, reader: Subscriber, *, proven: bool, now: datetime) -> str:
        standing = self._standing(reader, "bounced", bounce.reference, proven=proven, now=now)
        consequence = after_bounce(bounce, standing, today=now.date())
        kind = f"{'hard' if bounce.hard else 'soft'}{', proven' if proven else ''}"
        detail = f"{kind}: {_without_readers(bounce.diagnostic, bounce.addresses)}"
        if consequence is Consequence.SUSPEND:
            subscribers.set_status(
                self.store,
                reader.id,
                SubscriberStatus.SUSPENDED,
                now=now,
                origin="mail",
                detail=detail,
                was=SubscriberStatus.ACTIVE,
            )
        if consequence is not Consequence.NOTHING:
            self._note(reader, "bounced", f"{detail} [{bounce.reference}]", now)
        return "counted before" if consequence is Consequence.NOTHING else str(consequence)

    def _complaint(self, complaint: Complaint, now: datetime) -> str:
        told = [
            f"reader {reader.id} {self._follow_complaint(complaint, reader, proven=proven, now=now)}"
            for reader, proven in self._concerned(
                complaint.addresses, complaint.message_ids, any_address=True
            )
        ]
        if not told:
            self.tell("a complaint that names no reader and no letter of ours")
        return f"complaint: {', '.join(told) or 'of no reader'}"

    def _follow_complaint(
        self, complaint: Complaint, reader: Subscriber, *, proven: bool, now: datetime
    ) -> str:
        standing = self._standing(reader, "complained", complaint.reference, proven=proven, now=now)
        consequence = after_complaint(standing, today=now.date())
        detail = f"{'proven' if proven else 'not proven'} [{complaint.reference}]"
        match consequence:
            case Consequence.REMOVE:
                self._remove(reader, "complained of spam", now)
                with self.store.transaction():
                    suppression.insert(self.store, self.hashed(reader.address), "complained", now=now)
                    history.insert(self.store, reader.id, ReaderEvent(now, "complained", "mail", detail))
            case Consequence.COUNT:
                self._note(reader, "complained", detail, now)
                self.tell(
                    f"a complaint about reader {reader.id} that quotes no letter of theirs; nothing was done"
                )
            case _:
                return "counted before"
        return str(consequence)

    def _concerned(
        self, addresses: Sequence[str], message_ids: Sequence[str], *, any_address: bool = False
    ) -> list[tuple[Subscriber, bool]]:
        """The readers it is about, and of each whether a letter quoted was sent to the address that bounced.

        With `any_address` the letter alone proves it: providers take addresses out of complaints.
        """
        found: dict[int, tuple[Subscriber, bool]] = {}
        for message_id in message_ids:
            letter = outbox.attempted(self.store, message_id)
            reader = subscribers.by_id(self.store, letter.subscriber_id or 0) if letter else None
            if letter and reader:
                to = letter.letter.recipient
                named = any_address or any(same_address(to, address) for address in addresses)
                proven = same_address(to, reader.address) and named
                found[reader.id] = reader, proven or found.get(reader.id, (reader, False))[1]
        for address in addresses:
            if reader := subscribers.find(self.store, address):
                found.setdefault(reader.id, (reader, False))
        return list(found.values())

    def _standing(
        self, reader: Subscriber, event: Happening, reference: str, *, proven: bool, now: datetime
    ) -> Standing:
        events = history.of(self.store, reader.id)
        known = any(past.event == event and past.detail.endswith(f"[{reference}]") for past in events)
        since = max((past.at for past in events if past.event in _AGAIN), default=None)
        days = frozenset(
            past.at.date()
            for past in events
            if past.event == event and past.at > now - WINDOW and (since is None or past.at >= since)
        )
        return Standing(reader.status, proven, known, days)

    def _note(self, reader: Subscriber, event: Happening, detail: str, now: datetime) -> None:
        history.note(self.store, reader.id, ReaderEvent(now, event, "mail", detail))

    # --- wishes ----------------------------------------------------------------------------------

    def _unsubscribe_by_token(self, token: str, now: datetime) -> str:
        reader = subscribers.by_token(self.store, token)
        if reader is None:
            self.tell("a letter that unsubscribes with a token of no reader; perhaps somebody shortened it")
            return "unsubscribe: of no reader"
        return self._remove(reader, "by token", now)

    def _unsubscribe_by_address(self, wish: Unsubscribe, now: datetime) -> str:
        address = wish.address or wish.sender
        reader = subscribers.find(self.store, address) if address else None
        if reader is None:
            self.tell("a letter that unsubscribes, from or for an address that is no reader's")
            return "unsubscribe: of no reader"
        if not same_address(wish.sender, reader.address):
            self.tell(
                f"a letter that unsubscribes reader {reader.id}, from another address; nothing was done"
            )
            return f"unsubscribe: reader {reader.id} from another address; nothing was done"
        return self._remove(reader, "by a letter from their address", now)

    def _remove(self, reader: Subscriber, detail: str, now: datetime) -> str:
        if reader.status is SubscriberStatus.REMOVED:
            return f"unsubscribe: reader {reader.id} has unsubscribed already"
        subscribers.set_status(
            self.store, reader.id, SubscriberStatus.REMOVED, now=now, origin="mail", detail=detail
        )
        return f"unsubscribe: reader {reader.id} removed"

    def _confirm(self, token: str) -> str:
        if self.confirm(token):
            return "confirm: done"
        self.tell("a letter that confirms a subscription, without a valid token; nothing was done")
        return "confirm: no valid token; nothing was done"


def _without_readers(text: str, addresses: Sequence[str]) -> str:
    """A server's words without whom they are about: the record says that already, and outlives an address."""
    for address in addresses:
        text = without_person(text, address)
    return text
