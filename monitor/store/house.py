"""Notes of the program about itself: the table `house`. Works on a bare connection, since some are written before
there is a store."""

from __future__ import annotations

import sqlite3

RUNNING = "running_since"
"""Stands while a daemon works on the file; one that ended in order takes it away."""
CHANGES = "changes"
"""Transactions committed so far; the marker beside the file repeats it."""
LOST = "lost"
"""Changes that are known to be lost, until 'vietnhat doctor --accept-loss'."""
TOLD = "told"
"""The day on which the operator was last told of letters that came in, and how often that day."""
BACKUP = "backup_at"
"""When the newest verified copy was made."""


def notes(connection: sqlite3.Connection) -> dict[str, str]:
    """All notes; none in a schema that has no such table."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'house'").fetchone() is None:
        return {}
    return dict(connection.execute("SELECT key, value FROM house").fetchall())


def write(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Set a note, as part of the caller's transaction."""
    connection.execute(
        "INSERT INTO house (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [key, value],
    )


def remove(connection: sqlite3.Connection, key: str) -> None:
    """Take a note away, as part of the caller's transaction."""
    connection.execute("DELETE FROM house WHERE key = ?", [key])


def count_change(connection: sqlite3.Connection) -> int:
    """Count the caller's transaction; the new count."""
    row = connection.execute(
        "INSERT INTO house (key, value) VALUES (?, '1') "
        "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value",
        [CHANGES],
    ).fetchone()
    return int(row[0])


def changes(found: dict[str, str]) -> int:
    """How many changes the notes count; 0 where they were never counted."""
    text = found.get(CHANGES, "")
    return int(text) if text.isdigit() else 0
