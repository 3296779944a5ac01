"""What the weekly look at the model found, one row a week."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from classifiers.drift import Drift
from classifiers.verdict import Text
from monitor.store import outbox
from monitor.store.database import Store
from monitor.store.times import to_text
from monitor.types import Letter


def texts_between(store: Store, start: datetime, end: datetime) -> list[tuple[str, Text]]:
    """(outlet, text) of the Vietnamese articles first seen from `start` to before `end`."""
    rows = store.rows(
        "SELECT outlet, title, summary FROM article WHERE language = 'vi' AND first_seen >= ? AND first_seen < ? "
        "ORDER BY id",
        [to_text(start), to_text(end)],
    )
    return [(row["outlet"], Text(row["title"], row["summary"])) for row in rows]


def looked_at(store: Store, week: date) -> bool:
    """Whether the week beginning that day has its row."""
    return store.one("SELECT 1 AS one FROM watch WHERE week = ?", [week.isoformat()]) is not None


def record(
    store: Store, week: date, model: str, drift: Drift, *, letter: Letter | None, now: datetime
) -> None:
    """Keep what a week's look found, and queue the letter that tells of it, both or neither."""
    report = json.dumps(asdict(drift), ensure_ascii=False)
    with store.transaction():
        if letter:
            outbox.insert(store, "note", None, letter, now=now)
        store.write(
            "INSERT OR REPLACE INTO watch VALUES (?,?,?,?,?)",
            [week.isoformat(), model, to_text(now), report, len(drift.notes)],
        )


def latest(store: Store) -> dict[str, Any] | None:
    """The newest row: week, model, figures and notes."""
    row = store.one("SELECT * FROM watch ORDER BY week DESC LIMIT 1")
    return {**row, **json.loads(row["report"])} if row else None
