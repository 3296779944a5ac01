"""Addresses of our pages as letters carry them: signed for one purpose each, and read back.

A token names a reader by number and by the second they were stored, since a number may be given again after somebody
was erased; by their lock, which turns when they move or leave; and by a mark of what had happened to them until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.keys import BadToken, Signer
from monitor.types import Subscriber


class Purpose(StrEnum):
    """What a link is for: the letter in its path.

    CHOOSE stands in every digest, which people forward: it opens what a reader gets, and no more. OWN is mailed when
    somebody asks for it, and opens also what is on record, moving and being erased.
    """

    CONFIRM = "c"
    CHOOSE = "p"
    OWN = "m"
    MOVE = "a"
    READ = "d"
    JUDGE = "f"


VALID = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.CHOOSE: timedelta(days=60),
    Purpose.OWN: timedelta(days=1),
    Purpose.MOVE: timedelta(days=7),
    Purpose.READ: timedelta(days=400),
    Purpose.JUDGE: timedelta(days=60),
}
"""How long a link counts. One that stops the letters counts for ever; it is the reader's own token, unsigned."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token says: which reader, when in their history it was made, and what it is about."""

    reader: int
    stored: int
    lock: int
    mark: int
    about: str = ""

    def is_of(self, subscriber: Subscriber) -> bool:
        """Whether this is the very reader, not one who got the same number later."""
        return (self.reader, self.stored) == (subscriber.id, _second(subscriber.created_at))

    def is_for(self, subscriber: Subscriber) -> bool:
        """Whether it is, and they have neither moved nor left since."""
        return self.is_of(subscriber) and self.lock == subscriber.lock


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads them. `base` is where the pages are, without a slash at its end."""

    base: str
    signer: Signer

    def to(
        self, purpose: Purpose, reader: Subscriber, *, now: datetime, about: str = "", mark: int = 0
    ) -> str:
        """The address of a page for one reader."""
        return f"{self.base}/{purpose}/{self.token(purpose, reader, now=now, about=about, mark=mark)}"

    def token(
        self, purpose: Purpose, reader: Subscriber, *, now: datetime, about: str = "", mark: int = 0
    ) -> str:
        """What stands in the address. `mark` is that of `monitor.store.history`, for links that act once."""
        payload = f"{reader.id:x}.{_second(reader.created_at):x}.{reader.lock:x}.{mark:x}.{about}"
        return self.signer.sign(purpose.name.lower(), payload, now=now)

    def unsubscribe(self, reader: Subscriber) -> str:
        """The address that stops the letters, by a button or by RFC 8058's POST."""
        return f"{self.base}/u/{reader.token}"

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> Ticket:
        """What a token says that counts. Raises BadToken."""
        payload = self.signer.read(purpose.name.lower(), token, max_age=VALID[purpose], now=now)
        *numbers, about = payload.split(".", 4)
        reader, stored, lock, mark = (int(number, 16) for number in numbers)
        return Ticket(reader, stored, lock, mark, about)


def _second(instant: datetime) -> int:
    return int(instant.timestamp())


__all__ = ["VALID", "BadToken", "Links", "Purpose", "Ticket"]
