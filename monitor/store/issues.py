"""Digests read back: which a reader was sent, what stood in each, and what was left out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from monitor.store.articles import judged, plain_article
from monitor.store.database import Store
from monitor.store.times import from_text, from_text_or_none
from monitor.types import Article, JudgedArticle, Omission, Subscriber


@dataclass(frozen=True, slots=True)
class Issue:
    """One digest on record. `headline` is that of its first item."""

    id: str
    kind: Literal["digest", "alert"]
    slot: datetime
    since: datetime
    composed_at: datetime
    items: int
    more: int
    polled_entries: int
    headline: str = ""


def of(store: Store, subscriber: Subscriber, *, limit: int) -> list[Issue]:
    """The newest digests of a reader that held anything, newest first."""
    rows = store.rows(
        "SELECT d.*, (SELECT a.title FROM digest_item i JOIN article a ON a.id = i.article_id "
        "WHERE i.digest_id = d.id ORDER BY i.position, a.id LIMIT 1) AS headline FROM digest d "
        "WHERE d.subscriber_id = ? AND d.items > 0 ORDER BY d.composed_at DESC, d.id LIMIT ?",
        [subscriber.id, limit],
    )
    return [_issue(row) for row in rows]


def one(store: Store, subscriber: Subscriber, digest_id: str) -> Issue | None:
    """One digest of a reader."""
    row = store.one(
        "SELECT *, '' AS headline FROM digest WHERE id = ? AND subscriber_id = ?", [digest_id, subscriber.id]
    )
    return _issue(row) if row else None


def articles(store: Store, issue: Issue) -> list[tuple[str, int, JudgedArticle]]:
    """Role, position and article of everything that stood in a digest, in reading order, as it was judged then."""
    rows = store.rows(
        "SELECT a.*, v.model, v.relevance, v.decision, v.sectors, v.commitments, v.evidence, i.role, i.position "
        "FROM digest_item i JOIN article a ON a.id = i.article_id "
        "LEFT JOIN verdict v ON v.article_id = i.article_id AND v.model = i.model "
        "WHERE i.digest_id = ? ORDER BY i.position, a.id",
        [issue.id],
    )
    return [(row["role"], row["position"], judged(row)) for row in rows]


def left_out(store: Store, issue: Issue) -> list[tuple[Article, Omission]]:
    """The relevant candidates that were not in a digest, newest first, with the reason."""
    rows = store.rows(
        "SELECT a.*, o.reason FROM digest_omission o JOIN article a ON a.id = o.article_id "
        "WHERE o.digest_id = ? ORDER BY a.published DESC, a.id",
        [issue.id],
    )
    return [(plain_article(row), Omission(row["reason"])) for row in rows]


def _issue(row: Mapping[str, Any]) -> Issue:
    composed_at = from_text(row["composed_at"])
    return Issue(
        id=row["id"],
        kind=row["kind"],
        slot=from_text(row["slot"]),
        since=from_text_or_none(row["since"]) or composed_at,
        composed_at=composed_at,
        items=row["items"],
        more=row["more"],
        polled_entries=row["polled_entries"],
        headline=row["headline"] or "",
    )
