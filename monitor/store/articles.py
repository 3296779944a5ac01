"""Reading articles: one, many, or by a search that finds "dau tu" and "đầu tư"."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from classifiers.text import fold, normalise, tokens
from classifiers.verdict import CommitmentScore, Decision, Evidence, SectorScore, Verdict
from monitor.store.database import Store
from monitor.store.times import from_text, from_text_or_none, to_text
from monitor.types import Article, JudgedArticle

LATEST_VERDICT = """
    LEFT JOIN verdict v ON v.article_id = a.id AND v.model =
        (SELECT model FROM verdict WHERE article_id = a.id ORDER BY scored_at DESC, model DESC LIMIT 1)
"""

_SELECT = "SELECT a.*, v.model, v.relevance, v.decision, v.sectors, v.commitments, v.evidence FROM article a"


def first_seen(store: Store) -> datetime | None:
    """When the oldest article was first seen."""
    row = store.one("SELECT min(first_seen) AS oldest FROM article")
    return from_text_or_none(row["oldest"]) if row else None


def count(store: Store) -> int:
    """How many articles are stored."""
    return int(store.rows("SELECT count(*) AS n FROM article")[0]["n"])


def get(store: Store, article_id: int) -> JudgedArticle | None:
    """One article with its latest verdict."""
    row = store.one(f"{_SELECT} {LATEST_VERDICT} WHERE a.id = ?", [article_id])
    return judged(row) if row else None


def by_address(store: Store, canonical: str) -> list[int]:
    """The articles known under a canonical URL, of whatever outlet."""
    rows = store.rows(
        "SELECT DISTINCT article_id FROM article_key WHERE key = ? "
        "AND outlet IN (SELECT DISTINCT outlet FROM article_key) ORDER BY article_id",
        [f"url:{canonical}"],
    )
    return [row["article_id"] for row in rows]


def revisions(store: Store, article_id: int) -> list[dict[str, str]]:
    """Earlier wordings of an article, oldest first."""
    return store.rows(
        "SELECT replaced_at, title, summary FROM revision WHERE article_id = ? ORDER BY rowid", [article_id]
    )


def newest(
    store: Store,
    *,
    limit: int,
    decision: str | None = None,
    sector: str | None = None,
    since: datetime | None = None,
) -> list[JudgedArticle]:
    """Articles by publication, newest first, optionally of one decision, sector, or time."""
    where, values = ["1"], list[Any]()
    if decision:
        where.append("v.decision = ?")
        values.append(decision)
    if sector:
        where.append(
            "EXISTS (SELECT 1 FROM verdict_sector s WHERE s.article_id = a.id AND s.model = v.model AND s.sector = ?)"
        )
        values.append(sector)
    if since:
        where.append("a.published >= ?")
        values.append(to_text(since))
    sql = (
        f"{_SELECT} {LATEST_VERDICT} WHERE {' AND '.join(where)} ORDER BY a.published DESC, a.id DESC LIMIT ?"
    )
    return [judged(row) for row in store.rows(sql, [*values, limit])]


def search(store: Store, query: str, *, limit: int) -> list[JudgedArticle]:
    """Articles holding all words of `query`; those with the very tone marks come first, then by date.

    The one place where tone marks and đ are folded.
    """
    words = [word for word in tokens(normalise(query).casefold()) if word[0].isalnum()]
    if not words:
        return []
    folded = " AND ".join(f'folded : "{fold(word)}"' for word in words)
    exact = " AND ".join(f'words : "{word}"' for word in words)
    rows = store.rows(
        f"{_SELECT} {LATEST_VERDICT} "
        "JOIN (SELECT rowid AS id FROM article_search WHERE article_search MATCH ?) f ON f.id = a.id "
        "LEFT JOIN (SELECT rowid AS id FROM article_search WHERE article_search MATCH ?) e ON e.id = a.id "
        "ORDER BY e.id IS NULL, a.published DESC, a.id DESC LIMIT ?",
        [folded, exact, limit],
    )
    return [judged(row) for row in rows]


def everything(store: Store) -> Iterator[JudgedArticle]:
    """All articles by id, for an export."""
    start = 0
    while rows := store.rows(f"{_SELECT} {LATEST_VERDICT} WHERE a.id > ? ORDER BY a.id LIMIT 1000", [start]):
        yield from map(judged, rows)
        start = rows[-1]["id"]


def plain_article(row: Mapping[str, Any]) -> Article:
    """An article from its row."""
    return Article(
        id=row["id"],
        outlet=row["outlet"],
        kind=row["kind"],
        section=row["section"],
        language=row["language"],
        link=row["link"],
        title=row["title"],
        summary=row["summary"],
        published=from_text(row["published"]),
        dated=bool(row["dated"]),
        first_seen=from_text(row["first_seen"]),
        news=bool(row["news"]),
        story_id=row["story_id"],
    )


def judged(row: Mapping[str, Any]) -> JudgedArticle:
    """An article with its verdict (or none yet) from a joined row."""
    article = plain_article(row)
    if row["model"] is None:
        return JudgedArticle(article, Verdict(0.0, Decision.UNCLASSIFIED, (), (), (), ""))
    columns = ("relevance", "decision", "sectors", "commitments", "evidence", "model")
    return JudgedArticle(article, _verdict(*(row[column] for column in columns)))


@lru_cache(maxsize=4096)  # the same articles are candidates for every reader
def _verdict(
    relevance: float, decision: str, sectors: str, commitments: str, evidence: str, model: str
) -> Verdict:
    return Verdict(
        relevance,
        Decision(decision),
        tuple(SectorScore(**item) for item in json.loads(sectors)),
        tuple(CommitmentScore(**item) for item in json.loads(commitments)),
        tuple(Evidence(**item) for item in json.loads(evidence)),
        model,
    )
