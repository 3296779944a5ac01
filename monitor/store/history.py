"""What happened to each subscription, in order: the proof of consent, and what bounces are counted by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.store.database import Store
from monitor.store.times import from_text, to_text
from monitor.types import Happening, ReaderEvent


def note(store: Store, subscriber_id: int, event: ReaderEvent) -> None:
    """Put one event on record."""
    with store.transaction():
        insert(store, subscriber_id, event)


def insert(store: Store, subscriber_id: int, event: ReaderEvent) -> None:
    """`note` as a part of somebody's transaction."""
    store.write(
        "INSERT INTO reader_event (subscriber_id, at, event, origin, detail) VALUES (?,?,?,?,?)",
        [subscriber_id, to_text(event.at), event.event, event.origin, event.detail],
    )


def of(store: Store, subscriber_id: int) -> list[ReaderEvent]:
    """Everything on record of one subscriber, oldest first."""
    rows = store.rows("SELECT * FROM reader_event WHERE subscriber_id = ? ORDER BY id", [subscriber_id])
    return [_event(row) for row in rows]


def latest(store: Store, subscriber_id: int, event: Happening) -> datetime | None:
    """When the newest event of this kind was."""
    row = store.one(
        "SELECT max(at) AS at FROM reader_event WHERE subscriber_id = ? AND event = ?", [subscriber_id, event]
    )
    return from_text(row["at"]) if row and row["at"] else None


def mark(store: Store, subscriber_id: int) -> int:
    """The number of the newest event: a link that carries it can tell what happened after it was made."""
    row = store.one("SELECT max(id) AS id FROM reader_event WHERE subscriber_id = ?", [subscriber_id])
    return int(row["id"] or 0) if row else 0


def happened(store: Store, subscriber_id: int, event: Happening, *, after: int) -> bool:
    """Whether an event of this kind came after that mark."""
    found = store.one(
        "SELECT 1 AS one FROM reader_event WHERE subscriber_id = ? AND id > ? AND event = ?",
        [subscriber_id, after, event],
    )
    return found is not None


def _event(row: Mapping[str, Any]) -> ReaderEvent:
    return ReaderEvent(from_text(row["at"]), row["event"], row["origin"], row["detail"])
