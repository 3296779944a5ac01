"""Verdicts, keyed by article and model. What was sent keeps the verdict it was sent with (digest_item.model)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from classifiers.verdict import Text, Verdict
from monitor.store.database import Store
from monitor.store.times import to_text


def unscored(store: Store, model: str, *, since: datetime, limit: int) -> list[tuple[int, Text]]:
    """Vietnamese articles first seen since then that `model` has not judged, oldest first."""
    rows = store.rows(
        "SELECT a.id, a.title, a.summary FROM article a WHERE a.language = 'vi' AND a.first_seen >= ? "
        "AND NOT EXISTS (SELECT 1 FROM verdict v WHERE v.article_id = a.id AND v.model = ?) ORDER BY a.id LIMIT ?",
        [to_text(since), model, limit],
    )
    return [(row["id"], Text(row["title"], row["summary"])) for row in rows]


def texts_after(store: Store, article_id: int, *, since: datetime, limit: int) -> list[tuple[int, Text]]:
    """Vietnamese articles first seen since then, by number, from the one after `article_id` on."""
    rows = store.rows(
        "SELECT id, title, summary FROM article WHERE language = 'vi' AND first_seen >= ? AND id > ? "
        "ORDER BY id LIMIT ?",
        [to_text(since), article_id, limit],
    )
    return [(row["id"], Text(row["title"], row["summary"])) for row in rows]


def stored(store: Store, *, since: datetime) -> int:
    """How many Vietnamese articles were first seen since then."""
    row = store.one(
        "SELECT count(*) AS n FROM article WHERE language = 'vi' AND first_seen >= ?", [to_text(since)]
    )
    return int(row["n"]) if row else 0


def count_unscored(store: Store, model: str, *, since: datetime) -> int:
    """How many of them `model` has not judged."""
    row = store.one(
        "SELECT count(*) AS n FROM article a WHERE a.language = 'vi' AND a.first_seen >= ? "
        "AND NOT EXISTS (SELECT 1 FROM verdict v WHERE v.article_id = a.id AND v.model = ?)",
        [to_text(since), model],
    )
    return int(row["n"]) if row else 0


def mailed(store: Store) -> frozenset[int]:
    """Every article that stood in somebody's digest."""
    return frozenset(row["article_id"] for row in store.rows("SELECT DISTINCT article_id FROM digest_item"))


def save(store: Store, judged: Iterable[tuple[int, Text, Verdict]], *, now: datetime) -> None:
    """Store verdicts in one transaction; one of a wording that was revised meanwhile is dropped."""
    with store.transaction():
        for article_id, text, verdict in judged:
            written = store.write(
                "INSERT OR REPLACE INTO verdict SELECT id, ?, ?, ?, ?, ?, ?, ? FROM article "
                "WHERE id = ? AND title = ? AND summary = ?",
                [
                    verdict.model, verdict.relevance, verdict.decision, _json(verdict.sectors),
                    _json(verdict.commitments), _json(verdict.evidence), to_text(now),
                    article_id, text.title, text.summary,
                ],
            )  # fmt: skip
            for sector in verdict.sectors if written.rowcount else ():
                store.write(
                    "INSERT OR REPLACE INTO verdict_sector SELECT ?, published, id, ?, ? FROM article WHERE id = ?",
                    [sector.id, verdict.model, sector.probability, article_id],
                )


def _json(values: Iterable[object]) -> str:
    return json.dumps([asdict(value) for value in values], ensure_ascii=False)  # type: ignore[call-overload]  # dataclasses all
