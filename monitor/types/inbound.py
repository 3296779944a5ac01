"""What a letter that came in is, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Bounce:
    """Somebody's server could not deliver, for good (`hard`) or for now.

    `message_ids` are those of the letters it quotes, in angle brackets. `reference` is the same whenever the same
    bounce is read, and of no other.
    """

    addresses: tuple[str, ...]
    hard: bool
    message_ids: tuple[str, ...]
    diagnostic: str
    reference: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """A provider tells that its user called a letter spam (RFC 5965); addresses are often taken out of it."""

    addresses: tuple[str, ...]
    message_ids: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Somebody wants no more letters: who holds this token, or, where it is "", who has this address.

    `sender` is the address they wrote from; who named none means that one.
    """

    token: str = ""
    address: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Somebody agrees, with what they say is a token of ours."""

    token: str


@dataclass(frozen=True, slots=True)
class Automatic:
    """A machine's answer that asks for nothing: away from office, delivered, from a list."""


@dataclass(frozen=True, slots=True)
class Other:
    """A person's letter, or nothing that can be read."""


Inbound = Bounce | Complaint | Unsubscribe | Confirm | Automatic | Other


class Consequence(StrEnum):
    """What a bounce or a complaint leads to for one reader."""

    SUSPEND = "suspended"
    REMOVE = "removed"
    COUNT = "counted"
    NOTHING = "nothing"
