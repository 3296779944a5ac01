"""The daily report to the operator: what was told when, one row a day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime

from monitor.store import outbox
from monitor.store.database import Store
from monitor.store.times import to_text
from monitor.types import Letter


def made(store: Store, day: date) -> bool:
    """Whether that day has its row."""
    return store.one("SELECT 1 AS one FROM report WHERE day = ?", [day.isoformat()]) is not None


def before(store: Store, day: date) -> Mapping[str, str]:
    """What was not well by the last report before that day: the condition of each feed or part of the house."""
    row = store.one(
        "SELECT conditions FROM report WHERE day < ? ORDER BY day DESC LIMIT 1", [day.isoformat()]
    )
    return dict(json.loads(row["conditions"])) if row else {}


def record(
    store: Store, day: date, conditions: Mapping[str, str], *, letter: Letter | None, now: datetime
) -> None:
    """Keep what was found that day, and queue the letter that tells of it, both or neither."""
    with store.transaction():
        if letter:
            outbox.insert(store, "note", None, letter, now=now)
        store.write(
            "INSERT OR REPLACE INTO report VALUES (?,?,?)",
            [day.isoformat(), to_text(now), json.dumps(conditions, ensure_ascii=False, sort_keys=True)],
        )
