"""What a digest is made from, and the one transaction that records it together with its letter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.store import outbox
from monitor.store.articles import judged
from monitor.store.database import Store
from monitor.store.times import from_text, from_text_or_none, to_text, to_text_or_none
from monitor.types import Digest, DigestItem, JudgedArticle, Letter, Omission, Subscriber

CANDIDATE_DAYS = 15
"""How far back candidates are looked for: past the age of news, so that what grew too old has its reason on record."""


_FAR = timedelta(days=3)
"""A slot further ahead was served by a clock that was wrong by more than waiting mends."""


def last_slot(store: Store, subscriber: Subscriber, *, now: datetime) -> datetime | None:
    """The newest slot this subscriber was served for, with or without a letter.

    Slots of a far future do not count: else a clock that was once wrong by a year would silence us for that year.
    """
    row = store.one(
        "SELECT max(slot) AS slot FROM digest WHERE subscriber_id = ? AND kind = 'digest' AND slot <= ?",
        [subscriber.id, to_text(now + _FAR)],
    )
    return from_text_or_none(row["slot"]) if row else None


def alerts(store: Store, subscriber: Subscriber, *, since: datetime) -> list[datetime]:
    """When this subscriber was alerted since then."""
    rows = store.rows(
        "SELECT slot FROM digest WHERE subscriber_id = ? AND kind = 'alert' AND slot >= ? ORDER BY slot",
        [subscriber.id, to_text(since)],
    )
    return [from_text(row["slot"]) for row in rows]


def is_served(store: Store, subscriber: Subscriber, slot: datetime) -> bool:
    """Whether this very slot is on record."""
    values = [subscriber.id, to_text(slot)]
    return store.one("SELECT 1 AS one FROM digest WHERE subscriber_id = ? AND slot = ?", values) is not None


def candidates(store: Store, subscriber: Subscriber, *, model: str, now: datetime) -> list[JudgedArticle]:
    """Articles judged send or review by `model`, of the last days, that no digest of this subscriber held."""
    rows = store.rows(
        "SELECT a.*, v.model, v.relevance, v.decision, v.sectors, v.commitments, v.evidence "
        "FROM article a JOIN verdict v ON v.article_id = a.id AND v.model = ? "
        "WHERE v.decision IN ('send', 'review') AND a.first_seen <= ? AND a.first_seen >= ? "
        "AND NOT EXISTS (SELECT 1 FROM digest_item i WHERE i.subscriber_id = ? AND i.article_id = a.id) "
        "ORDER BY a.id",
        [model, to_text(now), to_text(now - timedelta(days=CANDIDATE_DAYS)), subscriber.id],
    )
    return [judged(row) for row in rows]


def sent_of(
    store: Store, subscriber: Subscriber, story_ids: Iterable[int], *, before: datetime | None = None
) -> frozenset[int]:
    """The articles of these stories that stood in a digest of this subscriber; with `before`, in one made earlier."""
    rows = store.rows(
        "SELECT i.article_id FROM json_each(?1) s JOIN article a ON a.story_id = s.value "
        "JOIN digest_item i ON i.article_id = a.id AND i.subscriber_id = ?2 "
        "WHERE ?3 IS NULL OR (SELECT d.composed_at FROM digest d WHERE d.id = i.digest_id) < ?3",
        [json.dumps(sorted(set(story_ids))), subscriber.id, to_text_or_none(before)],
    )
    return frozenset(row["article_id"] for row in rows)


def entries_read(store: Store, *, since: datetime, now: datetime) -> int:
    """How many new articles the feeds brought in that time."""
    row = store.rows(
        "SELECT count(*) AS n FROM article WHERE first_seen > ? AND first_seen <= ?",
        [to_text(since), to_text(now)],
    )
    return int(row[0]["n"])


def record(store: Store, digest: Digest, letter: Letter | None) -> None:
    """Record that a slot was served: items, omissions and the queued letter, all or nothing.

    The key (subscriber, article) of digest_item is what keeps an article from being mailed twice. Nothing is recorded
    for who left, paused, moved or was erased while their digest was made.
    """
    with store.transaction():
        row = store.one("SELECT status, address FROM subscriber WHERE id = ?", [digest.subscriber.id])
        if row is None or (row["status"], row["address"]) != (
            digest.subscriber.status,
            digest.subscriber.address,
        ):
            return
        store.write(
            "INSERT INTO digest (id, subscriber_id, slot, composed_at, items, more, kind, since, polled_entries) "
            "VALUES (?,?,?,?,?,?,?,?,?)",
            [
                digest.id, digest.subscriber.id, to_text(digest.slot), to_text(digest.composed_at),
                len(digest.items), digest.more, digest.kind, to_text(digest.since), digest.polled_entries,
            ],
        )  # fmt: skip
        for position, (role, item) in enumerate(_with_roles(digest)):
            for judged_article in (item.judged, *item.also):
                _record_item(store, digest, judged_article, position, role)
        for article_id, reason in digest.omitted:
            _record_omission(store, digest, article_id, reason)
        if letter:
            outbox.insert(
                store, "digest", digest.subscriber.id, letter, now=digest.composed_at, digest_id=digest.id
            )


def _with_roles(digest: Digest) -> Iterator[tuple[str, DigestItem]]:
    """Every item with what it is in the letter, in reading order."""
    yield from (("lead", item) for item in digest.leads)
    yield from (("item", item) for section in digest.sections for item in section.items)
    yield from (("brief", item) for item in digest.brief)
    yield from (("maybe", item) for item in digest.maybe)


def _record_item(
    store: Store, digest: Digest, judged_article: JudgedArticle, position: int, role: str
) -> None:
    store.write(
        "INSERT INTO digest_item (subscriber_id, article_id, digest_id, position, model, role) VALUES (?,?,?,?,?,?)",
        [
            digest.subscriber.id, judged_article.article.id, digest.id, position, judged_article.verdict.model, role,
        ],
    )  # fmt: skip


def _record_omission(store: Store, digest: Digest, article_id: int, reason: Omission) -> None:
    """Once for each reader, article and reason is enough: a review item stays a candidate for days."""
    store.write(
        "INSERT INTO digest_omission (digest_id, article_id, reason) SELECT ?1, ?2, ?3 WHERE NOT EXISTS "
        "(SELECT 1 FROM digest_omission o JOIN digest d ON d.id = o.digest_id "
        "WHERE o.article_id = ?2 AND o.reason = ?3 AND d.subscriber_id = ?4)",
        [digest.id, article_id, reason, digest.subscriber.id],
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an article stood in one reader's letters, and what became of the letter ("" where there was none)."""

    digest_id: str
    composed_at: datetime
    role: str
    position: int
    delivery: str
    reply: str


def placed(store: Store, subscriber: Subscriber, article_id: int) -> Placed | None:
    """The one digest of this subscriber that held the article."""
    row = store.one(
        "SELECT i.digest_id, i.role, i.position, d.composed_at, coalesce(l.state, '') AS state, "
        "coalesce(l.reply, '') AS reply FROM digest_item i JOIN digest d ON d.id = i.digest_id "
        "LEFT JOIN delivery l ON l.digest_id = d.id WHERE i.subscriber_id = ? AND i.article_id = ?",
        [subscriber.id, article_id],
    )
    if row is None:
        return None
    composed_at = from_text(row["composed_at"])
    return Placed(row["digest_id"], composed_at, row["role"], row["position"], row["state"], row["reply"])


def omissions(store: Store, subscriber: Subscriber, article_id: int) -> list[tuple[datetime, Omission]]:
    """When and why the article was left out, oldest first."""
    rows = store.rows(
        "SELECT d.composed_at, o.reason FROM digest_omission o JOIN digest d ON d.id = o.digest_id "
        "WHERE d.subscriber_id = ? AND o.article_id = ? ORDER BY d.composed_at",
        [subscriber.id, article_id],
    )
    return [(from_text(row["composed_at"]), Omission(row["reason"])) for row in rows]
