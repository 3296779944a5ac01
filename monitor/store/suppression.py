"""Addresses that want no mail, known by a keyed hash alone: nobody can read from it who they were."""

from __future__ import annotations

from datetime import datetime

from monitor.store.database import Store
from monitor.store.times import to_text


def insert(store: Store, address_hash: str, reason: str, *, now: datetime) -> None:
    """Suppress an address, as a part of somebody's transaction; the newest reason counts."""
    store.write(
        "INSERT INTO suppression (address_hash, reason, at) VALUES (?,?,?) "
        "ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, at = excluded.at",
        [address_hash, reason, to_text(now)],
    )


def reason(store: Store, address_hash: str) -> str:
    """Why the address is suppressed; "" when it is not."""
    row = store.one("SELECT reason FROM suppression WHERE address_hash = ?", [address_hash])
    return str(row["reason"]) if row else ""


def lift(store: Store, address_hash: str) -> None:
    """The owner of the address asked for mail again."""
    with store.transaction():
        store.write("DELETE FROM suppression WHERE address_hash = ?", [address_hash])
