"""Readers: what they chose, and what happened to their subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

Language = Literal["vi", "en", "ja"]

Cadence = Literal["daily", "twice", "workdays", "weekly", "alerts"]
"""How often a digest comes: every day, twice a day, Monday to Friday, once a week, or never, only alerts."""


COUNTRIES = ("VN", "JP")
"""Whose public holidays a reader may have off (ISO 3166-1)."""


class SubscriberStatus(StrEnum):
    """Only an ACTIVE subscriber is ever mailed a digest."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A reader and what they chose.

    `hour` is local; `second_hour` counts for two digests a day, `weekday` (0 = Monday) for weekly ones. No sectors
    means all. On public holidays of the countries in `holidays` (VN, JP) no digest comes; the next one has the news.
    `watched` are names and ids of commitments that matter to this reader most. Alerts come at once, for the sectors in
    `alert_sectors` and for stories that at least `alert_outlets` outlets tell (0 for none), but not between the local
    hours `quiet_from` and `quiet_until` (equal for no quiet at all).
    """

    id: int
    address: str
    language: Language
    zone: str
    cadence: Cadence
    hour: int
    weekday: int
    sectors: tuple[str, ...]
    wants_empty: bool
    status: SubscriberStatus
    consent: str
    created_at: datetime
    token: str = ""
    """Names this reader in addresses of pages; 128 random bits, given by the store."""
    second_hour: int = 17
    holidays: tuple[str, ...] = ()
    wants_maybe: bool = False
    """Whether doubtful articles follow under a heading of their own."""
    wants_thread: bool = False
    """Whether a week of digests is one conversation in the mailbox."""
    watched: tuple[str, ...] = ()
    alert_sectors: tuple[str, ...] = ()
    alert_outlets: int = 0
    quiet_from: int = 21
    quiet_until: int = 6
    lock: int = 0
    """Raised when they move or leave: links made before open nothing any more."""


NEWCOMER = Subscriber(
    id=0,
    address="",
    language="vi",
    zone="Asia/Ho_Chi_Minh",
    cadence="daily",
    hour=7,
    weekday=0,
    sectors=(),
    wants_empty=False,
    status=SubscriberStatus.PENDING,
    consent="",
    created_at=datetime(1970, 1, 1, tzinfo=UTC),
)
"""What a reader gets who chose nothing."""


Happening = Literal[
    "asked",
    "agreed",
    "changed",
    "paused",
    "resumed",
    "moved",
    "suspended",
    "removed",
    "bounced",
    "complained",
]

Origin = Literal["operator", "page", "mail", "delivery"]
"""Where it came from: the command line, a page, a letter to us, or what became of a letter of ours."""


@dataclass(frozen=True, slots=True)
class ReaderEvent:
    """Something that happened to a subscription; those of one reader are the record of their consent.

    `detail` says how: the words that were agreed to and from which network address, or a server's answer.
    """

    at: datetime
    event: Happening
    origin: Origin
    detail: str = ""
