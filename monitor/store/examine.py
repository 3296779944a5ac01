"""Looks at a database as it lies there, beside a daemon or without one; changes nothing and makes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.channel import Kind, kind_of
from monitor.errors import DatabaseError
from monitor.locks import is_held
from monitor.store import house, recovery, swap
from monitor.store.checks import QUICK_FROM, damage, looking, refuse_unfit, schema_of
from monitor.store.database import run_lock
from monitor.store.disk import beside, open_here, size
from monitor.store.marker import Marker
from monitor.store.trouble import RESTORE, refusals_of_the_disk

_TIMES = (
    ("article", "first_seen"),
    ("feed_state", "last_polled_at"),
    ("digest", "composed_at"),
    ("delivery", "queued_at"),
)
"""Columns that hold what our clock said when something was done."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found. `feeds` are the rows of `feed_state` by id; `latest` is the newest of all times we wrote."""

    schema: int
    size: int
    articles: int
    newest_article: str | None
    latest: str | None
    notes: Mapping[str, str]
    feeds: Mapping[str, Mapping[str, Any]]
    running: bool
    kinds: frozenset[Kind] = frozenset()
    """The ways out that active readers need."""


def examine(database: Path) -> Facts:
    """Check the whole file and tell what is in it, from a process that works on no database meanwhile.

    Raises DatabaseError for all that `open_store` would refuse, and for damage anywhere.
    """
    with refusals_of_the_disk(database):
        marker = Marker(database)
        path = marker.database
        running = is_held(run_lock(database))
        if not path.exists():
            _refuse_absent(path, marker)
        refuse_unfit(path)
        recovery.refuse_lost(path, marker, running=running)
        # Without its index (-shm) a -wal could be read only by making one; the next start will.
        indexed = size(beside(path, "-wal")) > 0 and size(beside(path, "-shm")) > 0
        with looking(path, alone=not indexed and not open_here(path)) as connection:
            schema = schema_of(path, connection)
            found = damage(connection, quick=size(path) >= QUICK_FROM)
            if found:
                raise DatabaseError(f"{path}: is damaged ({found}); {RESTORE}")
            return _facts(path, connection, schema, running)


def _refuse_absent(path: Path, marker: Marker) -> None:
    if swap.decided(path):
        raise DatabaseError(f"{path}: a restore was interrupted; the next command that opens it finishes it")
    recovery.refuse_gone(path, marker)
    raise DatabaseError(f"{path}: there is no database; 'vietnhat run' or 'vietnhat poll' makes one")


def _facts(path: Path, connection: sqlite3.Connection, schema: int, running: bool) -> Facts:
    articles, newest = connection.execute("SELECT count(*), max(first_seen) FROM article").fetchone()
    union = " UNION ALL ".join(f"SELECT max({column}) AS at FROM {table}" for table, column in _TIMES)
    (latest,) = connection.execute(f"SELECT max(at) FROM ({union})").fetchone()
    cursor = connection.execute("SELECT * FROM feed_state")
    names = [column[0] for column in cursor.description]
    feeds = (dict(zip(names, row, strict=True)) for row in cursor)
    return Facts(
        schema=schema,
        size=size(path) + size(beside(path, "-wal")),
        articles=articles,
        newest_article=newest,
        latest=latest,
        notes=house.notes(connection),
        feeds={feed["feed_id"]: feed for feed in feeds},
        running=running,
        kinds=frozenset(
            kind_of(address)
            for (address,) in connection.execute("SELECT address FROM subscriber WHERE status = 'active'")
        ),
    )
