"""Notes of the program about itself, in the table `house`."""

from __future__ import annotations

from datetime import datetime

from monitor.store.database import Store
from monitor.store.times import from_text_or_none


def backup_at(store: Store) -> datetime | None:
    """When the newest verified copy was made."""
    row = store.one("SELECT value FROM house WHERE key = 'backup_at'")
    return from_text_or_none(row["value"]) if row else None
