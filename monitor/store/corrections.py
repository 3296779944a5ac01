"""What readers say of single texts; one row per person and text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from classifiers.corrections import HERE, Correction, text_key
from classifiers.verdict import Decision, Text
from monitor.store.articles import judged
from monitor.store.database import Store
from monitor.store.times import from_text, to_text
from monitor.types import JudgedArticle


def record(store: Store, correction: Correction, article_id: int | None = None) -> Correction | None:
    """Store one vote; the same person's earlier one on the same text, which it replaces."""
    before = of_person(store, correction.person, correction.text)
    with store.transaction():
        _write(store, correction, article_id)
    return before


def record_all(store: Store, corrections: Iterable[Correction]) -> int:
    """Store many imported votes in one transaction; how many were stored. One replaces only an older one that was
    not given on this machine."""
    stored = 0
    with store.transaction():
        for correction in corrections:
            before = of_person(store, correction.person, correction.text)
            if before is None or (before.made_at < correction.made_at and before.origin not in HERE):
                _write(store, correction, None)
                stored += 1
    return stored


def withdraw(store: Store, correction: Correction, before: Correction | None) -> None:
    """Undo `record`: the vote before stands again, or none."""
    with store.transaction():
        row = store.write(
            "DELETE FROM correction WHERE person = ? AND text_key = ? RETURNING article_id",
            [correction.person, text_key(correction.text)],
        ).fetchone()
        if before:
            _write(store, before, row[0] if row else None)


def of_person(store: Store, person: str, text: Text) -> Correction | None:
    """One person's vote on a text."""
    row = store.one("SELECT * FROM correction WHERE person = ? AND text_key = ?", [person, text_key(text)])
    return _correction(row) if row else None


def everything(store: Store) -> list[Correction]:
    """All votes, oldest first."""
    return [_correction(row) for row in store.rows("SELECT * FROM correction ORDER BY made_at, id")]


def count(store: Store) -> int:
    """How many votes are stored."""
    row = store.one("SELECT count(*) AS n FROM correction")
    return int(row["n"]) if row else 0


def listed(store: Store, *, limit: int) -> list[tuple[int | None, Correction]]:
    """The newest votes with their articles' numbers."""
    rows = store.rows("SELECT * FROM correction ORDER BY made_at DESC, id DESC LIMIT ?", [limit])
    return [(row["article_id"], _correction(row)) for row in rows]


def votes_on(store: Store, text: Text) -> list[Correction]:
    """Everybody's votes on one text, oldest first."""
    rows = store.rows("SELECT * FROM correction WHERE text_key = ? ORDER BY made_at, id", [text_key(text)])
    return [_correction(row) for row in rows]


def unsettled(
    store: Store, model: str, *, now: datetime, days: int, floor: float
) -> list[tuple[JudgedArticle, tuple[Decision, ...]]]:
    """Articles of the last days to which `model` gives at least `floor`, with the decisions of other models."""
    rows = store.rows(
        "SELECT a.*, v.model, v.relevance, v.decision, v.sectors, v.commitments, v.evidence, "
        "(SELECT group_concat(o.decision, ' ') FROM verdict o WHERE o.article_id = a.id AND o.model <> v.model) "
        "AS others FROM article a JOIN verdict v ON v.article_id = a.id AND v.model = ? "
        "WHERE a.first_seen >= ? AND v.relevance >= ? ORDER BY a.id DESC",
        [model, to_text(now - timedelta(days=days)), floor],
    )
    return [(judged(row), tuple(map(Decision, (row["others"] or "").split()))) for row in rows]


def _write(store: Store, correction: Correction, article_id: int | None) -> None:
    text = correction.text
    store.write(
        "INSERT INTO correction (article_id, text_key, title, summary, relevance, sectors, person, origin, made_at) "
        "VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (person, text_key) DO UPDATE SET "
        "article_id = coalesce(excluded.article_id, article_id), title = excluded.title, "
        "summary = excluded.summary, relevance = excluded.relevance, sectors = excluded.sectors, "
        "origin = excluded.origin, made_at = excluded.made_at",
        [
            article_id, text_key(text), text.title, text.summary, correction.relevance,
            None if correction.sectors is None else json.dumps(correction.sectors),
            correction.person, correction.origin, to_text(correction.made_at),
        ],
    )  # fmt: skip


def _correction(row: Mapping[str, Any]) -> Correction:
    return Correction(
        Text(row["title"], row["summary"]),
        row["relevance"],
        None if row["sectors"] is None else tuple(json.loads(row["sectors"])),
        row["person"],
        row["origin"],
        from_text(row["made_at"]),
    )
