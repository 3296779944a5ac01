"""Repairs what was written while the computer's clock was far ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.store.database import Store
from monitor.store.times import to_text

FAR = timedelta(days=3)
"""A clock that is a day or two ahead comes right by waiting; beyond that nobody waits."""

EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock that says less has lost its battery: there was nothing of this program then."""

_TIMES = {
    "article": ("first_seen", "published"),
    "sighting": ("first_at", "last_at"),
    "feed_state": (
        "due_at", "not_before", "first_read_at", "last_polled_at", "last_new_at", "failing_since", "answered_at",
        "read_at", "ended_at",
    ),
    "delivery": ("queued_at", "next_attempt_at"),
    "host_pause": ("until",),
}  # fmt: skip
"""Every time that something is waited for or counted from, by table. What a digest's slot was stays on record."""

_LOOK = (
    "SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM article WHERE first_seen > ?1) "
    "OR EXISTS (SELECT 1 FROM delivery WHERE state = 'queued' AND (next_attempt_at > ?1 OR queued_at > ?1)) "
    "OR EXISTS (SELECT 1 FROM host_pause WHERE until > ?1) "
    "OR EXISTS (SELECT 1 FROM feed_state WHERE max(coalesce(due_at, ''), coalesce(not_before, ''), "
    "coalesce(last_polled_at, ''), coalesce(last_new_at, ''), coalesce(answered_at, ''), coalesce(read_at, ''), "
    "coalesce(failing_since, '')) > ?1)"
)
"""Whether there is anything to repair: cheap, since it is asked with every tick."""


def heal(store: Store, now: datetime) -> int:
    """Times of a far future become now, or nothing would be mailed, polled or told for years; how many rows had one."""
    future, present = to_text(now + FAR), to_text(now)
    if store.one(_LOOK, [future]) is None:
        return 0
    healed = 0
    with store.transaction():
        for table, columns in _TIMES.items():
            changes = ", ".join(f"{name} = CASE WHEN {name} > ?1 THEN ?2 ELSE {name} END" for name in columns)
            wrong = " OR ".join(f"{name} > ?1" for name in columns)
            healed += store.write(f"UPDATE {table} SET {changes} WHERE {wrong}", [future, present]).rowcount
    return healed
