"""What the archive knows of the weeks behind: relevant articles, and how much was read. For the weekly edition."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from monitor.store import digests
from monitor.store.database import Store
from monitor.store.times import from_text, to_text
from monitor.types import Archive, RelevantArticle

YEARS = timedelta(days=730)
"""How far back is looked; what was silent for longer is no news either way."""


def archive(store: Store, *, model: str, weeks: int, now: datetime) -> Archive:
    """The archive as it stands at `now`, with this many weeks of reading.

    An article counts when `model` would send it, or where that model never judged it, the one that served then.
    """
    since = now - YEARS
    return Archive(
        until=now,
        relevant=tuple(_relevant(store, model, since=since, now=now)),
        days=tuple(_days(store, since=since, now=now)),
        entries=tuple(
            digests.entries_read(
                store, since=now - timedelta(weeks=back + 1), now=now - timedelta(weeks=back)
            )
            for back in reversed(range(weeks))
        ),
    )


def _relevant(store: Store, model: str, *, since: datetime, now: datetime) -> list[RelevantArticle]:
    rows = store.rows(
        "SELECT a.id, coalesce(a.story_id, a.id) AS story, a.first_seen, a.news, a.outlet, a.language, a.link, "
        "a.title, a.summary, v.sectors, v.commitments FROM verdict v JOIN article a ON a.id = v.article_id "
        "WHERE v.decision = 'send' AND a.first_seen > ?1 AND a.first_seen <= ?2 AND v.model = (SELECT w.model "
        "FROM verdict w WHERE w.article_id = v.article_id ORDER BY w.model = ?3 DESC, w.scored_at DESC, w.model DESC "
        "LIMIT 1) ORDER BY a.id",
        [to_text(since), to_text(now), model],
    )
    return [
        RelevantArticle(
            id=row["id"],
            story=row["story"],
            first_seen=from_text(row["first_seen"]),
            news=bool(row["news"]),
            sectors=tuple(score["id"] for score in json.loads(row["sectors"])),
            commitments=tuple(
                score["id"] for score in json.loads(row["commitments"]) if score.get("sure", True)
            ),
            outlet=row["outlet"],
            language=row["language"],
            link=row["link"],
            title=row["title"],
            summary=row["summary"],
        )
        for row in rows
    ]


def _days(store: Store, *, since: datetime, now: datetime) -> list[date]:
    """The days on which anything was first seen, by leaps through the index: one look a day, whatever came that day."""
    rows = store.rows(
        "WITH RECURSIVE day(first) AS (SELECT min(first_seen) FROM article WHERE first_seen > ?1 "
        "UNION ALL SELECT (SELECT min(first_seen) FROM article WHERE first_seen > substr(day.first, 1, 10) || 'U') "
        "FROM day WHERE day.first IS NOT NULL) SELECT substr(first, 1, 10) AS day FROM day WHERE first <= ?2",
        [to_text(since), to_text(now)],
    )
    return [date.fromisoformat(row["day"]) for row in rows]
