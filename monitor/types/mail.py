"""Values from a digest to a delivered letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from monitor.types.news import Article, JudgedArticle
from monitor.types.readers import Subscriber


class Omission(StrEnum):
    """Why a relevant candidate is not in a digest."""

    SECTOR_NOT_CHOSEN = "sector-not-chosen"
    TOO_OLD = "too-old"
    BACK_CATALOGUE = "back-catalogue"
    BELOW_THRESHOLD = "below-threshold"
    OVER_THE_CAP = "over-the-cap"
    TOLD_BEFORE = "told-before"


@dataclass(frozen=True, slots=True)
class Stories:
    """All articles of some stories, by the story's number, and which of them one subscriber was sent."""

    articles: Mapping[int, Sequence[Article]] = field(default_factory=dict)
    sent: frozenset[int] = frozenset()

    def told(self, story: int) -> list[Article]:
        """What the subscriber was sent of a story."""
        return [article for article in self.articles.get(story, ()) if article.id in self.sent]

    def untold(self, story: int) -> list[Article]:
        """What they were not sent of it."""
        return [article for article in self.articles.get(story, ()) if article.id not in self.sent]


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One story in a digest: the article that stands for it, and the others that tell it.

    `also` are candidates of this digest like `judged`; `elsewhere` are articles that are none (not relevant enough by
    themselves), told for their links alone. `update_of` is what this reader was sent of the story last.
    """

    judged: JudgedArticle
    also: tuple[JudgedArticle, ...] = ()
    elsewhere: tuple[Article, ...] = ()
    update_of: Article | None = None
    watched: tuple[str, ...] = ()
    """What it touches of the reader's watch-list."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """All that tell it, the one that stands for it first."""
        return (self.judged.article, *(judged.article for judged in self.also), *self.elsewhere)

    @property
    def first(self) -> Article:
        """Who told it first."""
        return min(self.articles, key=lambda article: (article.published, article.id))

    @property
    def outlets(self) -> int:
        """How many outlets tell it."""
        return len({article.outlet for article in self.articles})


@dataclass(frozen=True, slots=True)
class DigestSection:
    """Items of one sector, best first."""

    sector: str
    items: tuple[DigestItem, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """One issue for one subscriber and slot. `slot` is the instant it was due.

    A reader sees the `leads` first, then the sections, then the rest in a line each, then the doubtful ones if they
    want them.
    """

    id: str
    subscriber: Subscriber
    slot: datetime
    since: datetime
    composed_at: datetime
    sections: tuple[DigestSection, ...]
    leads: tuple[DigestItem, ...] = ()
    brief: tuple[DigestItem, ...] = ()
    maybe: tuple[DigestItem, ...] = ()
    omitted: tuple[tuple[int, Omission], ...] = ()
    more: int = 0
    polled_entries: int = 0
    kind: Literal["digest", "alert"] = "digest"
    """An alert is made when there is something to tell at once; its slot is that moment."""

    @property
    def items(self) -> tuple[DigestItem, ...]:
        """All items in reading order, without the doubtful ones."""
        return (*self.leads, *(item for section in self.sections for item in section.items), *self.brief)


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered letter for one recipient; `message_id` never changes between attempts.

    `recipient` is a mail address or a channel's; what `raw` is follows from that (`monitor.channel.kind_of`): a message
    of RFC 5322, the JSON of a webhook, or HTML for a chat.
    """

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
    """Try later: a 4xx answer, or no answer at all. `wait` are the seconds the server asked for, 0 for none."""

    reply: str
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Refused:
    """Never again to this address: a 5xx answer."""

    reply: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """The way out itself is broken (login, certificate, no server): stop this run of it, keep every letter."""

    reply: str


SendOutcome = Sent | Deferred | Refused | Unusable
