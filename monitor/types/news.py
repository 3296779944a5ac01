"""Values from a feed to a judged article."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from classifiers.verdict import Verdict

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
    """A whole body, decompressed. `moved_to` is set when every hop so far was permanent (301, 308).

    `pause` is what the answer's headers ask for between two requests (RFC 9111, 5.2.2.1 and 5.3).
    """

    url: str
    status: int
    body: bytes
    content_type: str
    validators: Validators
    moved_to: str | None = None
    pause: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class NotModified:
    """Status 304, or a body equal to the last one."""

    url: str
    status: int
    validators: Validators
    moved_to: str | None = None
    pause: timedelta = timedelta(0)


class FailureKind(StrEnum):
    """Why a fetch or a reading brought nothing."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED_ADDRESS = "refused-address"
    BAD_REDIRECT = "bad-redirect"
    TOO_LARGE = "too-large"
    STATUS = "status"
    GONE = "gone"
    CHALLENGE = "challenge"
    WAITING = "waiting"
    TLS = "tls"
    BAD_RESPONSE = "bad-response"
    UNREADABLE = "unreadable"
    CRASHED_READER = "crashed-reader"
    SLOW_READER = "slow-reader"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Failed:
    """An expected failure, in words for the operator.

    `retry_after` counts seconds from the answer; `host` is who asked for that patience. WAITING is the one kind
    that is no fault: the host asked for no request before a time, so none was made.
    """

    kind: FailureKind
    reason: str
    status: int | None = None
    retry_after: float | None = None
    host: str | None = None

    @property
    def answered(self) -> bool:
        """Whether a server of the feed said anything at all; if not, our own network may be to blame."""
        return self.kind not in (FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.WAITING)


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
        return fingerprint(self.title, self.summary)


def fingerprint(title: str, summary: str) -> str:
    """What tells one wording from another, in 32 hexadecimal digits."""
    return hashlib.sha256(f"{title}\n{summary}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Document:
    """A readable feed. `problems` are notes for the operator: what was repaired or left out."""

    title: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()
    pause: timedelta = timedelta(0)
    """What the document asks for between two requests: RSS `ttl`, RSS 1.0 `sy:updatePeriod`."""


# --- dedupe ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of an article that shares a key with an entry: all wordings it ever had."""

    article_id: int
    fingerprints: frozenset[str]


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
    """What the store remembers of polling one feed.

    `failures`, `failing_since` and `failure` speak of the failures in a row; `unchanged` counts the polls in a row
    answered by 304; `pause` is what the publisher asks for; `ended_at` is set when the server said 410.
    """

    feed_id: str
    url: str
    validators: Validators = Validators()
    due_at: datetime | None = None
    first_read_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_new_at: datetime | None = None
    failures: int = 0
    not_before: datetime | None = None
    moved_to: str | None = None
    failure: FailureKind | None = None
    failing_since: datetime | None = None
    answered_at: datetime | None = None
    read_at: datetime | None = None
    last_entries: int = 0
    unchanged: int = 0
    pause: timedelta = timedelta(0)
    ended_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which pauses a feed is polled; `start` serves until its own rhythm is known."""

    start: timedelta = timedelta(minutes=15)
    floor: timedelta = timedelta(minutes=10)
    ceiling: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a feed's history says: the usual time between two batches of news, and the longest silence to expect.

    None where the history is too short to tell.
    """

    gap: timedelta | None = None
    silence: timedelta | None = None


@dataclass(frozen=True, slots=True)
class PollReport:
    """How one feed's poll ended; one log line and one line for the operator."""

    feed_id: str
    outcome: Literal["new", "nothing-new", "not-modified", "failed", "waiting", "ended", "offline"]
    status: int | None = None
    entries: int = 0
    new: int = 0
    revised: int = 0
    seconds: float = 0.0
    reason: str = ""
    failure: FailureKind | None = None
    flood: bool = False


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
    story_id: int | None = None
    """The number of the article that began the story it belongs to; None until it was compared with others."""


@dataclass(frozen=True, slots=True)
class JudgedArticle:
    """An article with the verdict of the model that served when it was scored."""

    article: Article
    verdict: Verdict
