"""Frozen values that pass between stages: the words the whole program speaks.

Every datetime here is aware and in UTC; local zones appear only in settings and templates.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from classifiers.verdict import Verdict

Language = Literal["vi", "en", "ja"]
FeedKind = Literal["official", "agency", "press", "tabloid"]


# --- configuration ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Feed:
    """One line of feeds.yaml. `zone` is the IANA zone of dates that name none."""

    id: str
    outlet: str
    section: str
    url: str
    language: str
    zone: str
    kind: FeedKind
    notes: str = ""


# --- fetch -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server and we ourselves remember of a body: RFC 9110 section 8.8, and its SHA-256."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole body, decompressed. `moved_to` is set when every hop so far was permanent (301, 308)."""

    url: str
    status: int
    body: bytes
    content_type: str
    validators: Validators
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """Status 304, or a body equal to the last one."""

    url: str
    status: int
    validators: Validators
    moved_to: str | None = None


class FailureKind(StrEnum):
    """Why a fetch or a reading brought nothing."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED_ADDRESS = "refused-address"
    BAD_REDIRECT = "bad-redirect"
    TOO_LARGE = "too-large"
    STATUS = "status"
    GONE = "gone"
    TLS = "tls"
    BAD_RESPONSE = "bad-response"
    UNREADABLE = "unreadable"
    CRASHED_READER = "crashed-reader"
    SLOW_READER = "slow-reader"


@dataclass(frozen=True, slots=True)
class Failed:
    """An expected failure, in words for the operator. `retry_after` counts seconds from the answer."""

    kind: FailureKind
    reason: str
    status: int | None = None
    retry_after: float | None = None


FetchOutcome = Fetched | NotModified | Failed


# --- read ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as one feed gave it, cleaned: plain NFC text, one line each.

    `keys` are the identity keys, strongest first, within the outlet (docs/decisions.md, "Identity").
    `published` is None when the feed gave no readable date.
    """

    keys: tuple[str, ...]
    link: str
    title: str
    summary: str
    published: datetime | None

    @property
    def fingerprint(self) -> str:
        """A hash of the wording: another one is a revision of the same article."""
        return hashlib.sha256(f"{self.title}\n{self.summary}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Document:
    """A readable feed. `problems` are notes for the operator: what was repaired or left out."""

    title: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()


# --- dedupe ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of an article that shares a key with an entry."""

    article_id: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An entry never seen before. `news` is False for a back-catalogue entry, which is never mailed."""

    entry: Entry
    published: datetime | None
    news: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """A known article whose title or summary changed."""

    article_id: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Sighting:
    """A known article seen again, perhaps under further keys."""

    article_id: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PollPlan:
    """What one document changes in the store; nothing else does."""

    new: tuple[NewArticle, ...] = ()
    revised: tuple[Revision, ...] = ()
    seen: tuple[Sighting, ...] = ()


# --- cadence ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FeedState:
    """What the store remembers of polling one feed."""

    feed_id: str
    url: str
    validators: Validators = Validators()
    due_at: datetime | None = None
    first_read_at: datetime | None = None
    last_polled_at: datetime | None = None
    failures: int = 0
    not_before: datetime | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class PollReport:
    """How one feed's poll ended; one log line and one line for the operator."""

    feed_id: str
    outcome: Literal["new", "nothing-new", "not-modified", "failed", "waiting"]
    status: int | None = None
    entries: int = 0
    new: int = 0
    revised: int = 0
    seconds: float = 0.0
    reason: str = ""


# --- articles --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Article:
    """One piece of news of one outlet. `published` falls back to `first_seen` where `dated` is False."""

    id: int
    outlet: str
    kind: FeedKind
    section: str
    language: str
    link: str
    title: str
    summary: str
    published: datetime
    dated: bool
    first_seen: datetime
    news: bool


@dataclass(frozen=True, slots=True)
class JudgedArticle:
    """An article with the verdict of the model that served when it was scored."""

    article: Article
    verdict: Verdict


# --- subscribers, digests, letters -----------------------------------------------------------


class SubscriberStatus(StrEnum):
    """Only an ACTIVE subscriber is ever mailed a digest."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A reader. `weekday` (0 = Monday) counts for the weekly cadence; no sectors means all."""

    id: int
    address: str
    language: Language
    zone: str
    cadence: Literal["daily", "weekly"]
    hour: int
    weekday: int
    sectors: tuple[str, ...]
    wants_empty: bool
    status: SubscriberStatus
    consent: str
    created_at: datetime
    token: str = ""
    """Names this reader in addresses of pages; 128 random bits, given by the store."""


class Omission(StrEnum):
    """Why a relevant candidate is not in a digest."""

    SECTOR_NOT_CHOSEN = "sector-not-chosen"
    TOO_OLD = "too-old"
    BACK_CATALOGUE = "back-catalogue"
    BELOW_THRESHOLD = "below-threshold"
    OVER_THE_CAP = "over-the-cap"


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One article in a digest, with the other outlets that carry the same headline."""

    judged: JudgedArticle
    also: tuple[JudgedArticle, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestSection:
    """Items of one sector, best first."""

    sector: str
    items: tuple[DigestItem, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """One issue for one subscriber and slot. `slot` is the instant it was due."""

    id: str
    subscriber: Subscriber
    slot: datetime
    since: datetime
    composed_at: datetime
    sections: tuple[DigestSection, ...]
    omitted: tuple[tuple[int, Omission], ...] = ()
    more: int = 0
    polled_entries: int = 0

    @property
    def items(self) -> tuple[DigestItem, ...]:
        """All items in reading order."""
        return tuple(item for section in self.sections for item in section.items)


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered letter for one recipient; `message_id` never changes between attempts."""

    message_id: str
    recipient: str
    raw: bytes


class DeliveryState(StrEnum):
    """queued → sending (committed) → sent | refused | queued again."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One letter in the outbox."""

    id: int
    subscriber_id: int | None
    letter: Letter
    state: DeliveryState
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took the letter."""

    reply: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Try later: a 4xx answer, or no answer at all."""

    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never again to this address: a 5xx answer."""

    reply: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """The way out itself is broken (login, certificate, no server): stop this run, keep every letter."""

    reply: str


SendOutcome = Sent | Deferred | Refused | Unusable
