"""Repairs what was written while the computer's clock was far ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.store.database import Store
from monitor.store.times import to_text

FAR = timedelta(days=3)
"""A clock that is a day or two ahead comes right by waiting; beyond that nobody waits."""


def heal(store: Store, now: datetime) -> int:
    """Articles first seen in a far future are taken as seen now, or no digest would hold them for years; how many."""
    future, present = to_text(now + FAR), to_text(now)
    if store.one("SELECT 1 AS one FROM article WHERE first_seen > ? LIMIT 1", [future]) is None:
        return 0
    with store.transaction():
        healed = store.write(
            "UPDATE article SET first_seen = ?1, published = min(published, ?1) WHERE first_seen > ?2",
            [present, future],
        ).rowcount
        store.write("UPDATE sighting SET first_at = min(first_at, ?1), last_at = min(last_at, ?1)", [present])
        store.write(
            "UPDATE feed_state SET last_new_at = min(last_new_at, ?1), read_at = min(read_at, ?1), "
            "answered_at = min(answered_at, ?1), last_polled_at = min(last_polled_at, ?1)",
            [present],
        )
        return healed
