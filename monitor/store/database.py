"""Opens the database: checks what it is, brings it to today's schema, sets the connection's promises.

WAL; foreign keys on; synchronous=FULL where mail is decided (a "sent" that vanishes is a doubled letter),
NORMAL elsewhere (survives kill -9; SQLite "pragma synchronous").
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlite_utils import Database

from monitor.errors import DatabaseError
from monitor.files import sync_folder
from monitor.locks import is_held, lock_of
from monitor.store import house, recovery, swap
from monitor.store.checks import APPLICATION_ID, refuse_unfit, schema_of
from monitor.store.disk import beside
from monitor.store.marker import Marker
from monitor.store.migrations import SCHEMA_VERSION, migrations
from monitor.store.trouble import as_database_error, refusals_of_the_disk

BUSY_SECONDS = 30.0
GLANCE_SECONDS = 1.0


class Store:
    """One connection of one thread."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path, self.db = path, db
        self._marker = Marker(path)
        self._within = False

    def close(self) -> None:
        """Give the connection back."""
        self.db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. BEGIN IMMEDIATE, so that a second writer waits instead of failing half-way.

        One within another is part of that. However it fails, the connection can be used again.
        """
        if self._within:
            yield
            return
        connection = self.db.conn
        with as_database_error(self.path):
            connection.execute("BEGIN IMMEDIATE")
            self._within, before = True, connection.total_changes
            try:
                yield
                count = house.count_change(connection) if connection.total_changes != before else None
                connection.commit()
            except BaseException:
                self._undo()
                raise
            finally:
                self._within = False
        if count is not None:
            self._marker.note(count)

    def rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query."""
        inside = self.db.conn.in_transaction
        with as_database_error(self.path):
            try:
                return list(self.db.query(sql, values))
            except sqlite3.Error:
                if not inside:
                    self._undo()
                raise

    def one(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> dict[str, Any] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def write(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        """One statement inside a transaction."""
        return self.db.conn.execute(sql, values)

    def wait_at_most(self, seconds: float) -> None:
        """Wait so long for others who write, instead of BUSY_SECONDS."""
        self.db.conn.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    def notes(self) -> dict[str, str]:
        """What the program noted about itself, by the keys of `monitor.store.house`."""
        with as_database_error(self.path):
            return house.notes(self.db.conn)

    def note(self, key: str, value: str) -> None:
        """Note something about ourselves."""
        with self.transaction():
            house.write(self.db.conn, key, value)

    def _undo(self) -> None:
        with suppress(sqlite3.Error):  # what went wrong first is what is told
            self.db.conn.rollback()


def open_store(path: Path, *, durable: bool = False, create: bool = False) -> Store:
    """The store at `path`; with `create` a new one where none is and none was.

    `durable` for connections that decide about mail. Raises DatabaseError for a path without a database, a file that
    is no database of ours, is damaged, lost changes, is of a newer version, or cannot be written; never puts a new
    one over it, and makes nothing at all beside a path that is mistyped.
    """
    with at_the_door(path, create=create) as marker:
        running = is_held(run_lock(path))
        store = connected(marker, durable=durable, running=running)
        if not running:
            with _closed_on_error(store), as_database_error(store.path):
                recovery.recover(store.path, store.db.conn)
        return store


@contextmanager
def glance(path: Path) -> Iterator[Store]:
    """The store for looking only, past the door: for a process that holds the database open anyway.

    Never waits long for others. Raises DatabaseError.
    """
    with as_database_error(path):
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=GLANCE_SECONDS
        )
        with Store(path, Database(connection)) as store:
            yield store


def run_lock(path: Path) -> Path:
    """The lock a daemon holds on this database for its whole life."""
    return lock_of(path, "run")


@contextmanager
def at_the_door(path: Path, *, create: bool = False) -> Iterator[Marker]:
    """Hold the database's door: nobody else opens or replaces it, an exchange under way is finished, it is there."""
    with refusals_of_the_disk(path):
        marker = Marker(path)
        database = marker.database
        if create:
            database.parent.mkdir(parents=True, exist_ok=True)
        else:
            _must_be_there(marker)
        with marker.locked():
            swap.finish(database, marker)
            if create and not database.exists():
                recovery.refuse_gone(database, marker)
                _create(database)
                marker.write(0)
            _must_be_there(marker)
            yield marker


def connected(marker: Marker, *, durable: bool, running: bool) -> Store:
    """The store behind the held door, not yet recovered. `running`: a daemon, not the one that asks, holds it."""
    refuse_unfit(marker.database)
    recovery.refuse_lost(marker.database, marker, running=running)
    return _connected(marker, durable=durable)


def accept_loss(path: Path) -> None:
    """Go on with what is there, although the newest changes are lost. The caller holds the run lock.

    Raises DatabaseError for a file that is damaged: that takes a copy.
    """
    with at_the_door(path) as marker:
        refuse_unfit(marker.database)
        with _connected(marker, durable=True) as store, as_database_error(store.path):
            recovery.accept_loss(store.path, store.db.conn, marker)


def _connected(marker: Marker, *, durable: bool) -> Store:
    path = marker.database
    with as_database_error(path):
        store = Store(path, Database(sqlite3.connect(path, timeout=BUSY_SECONDS)))
        with _closed_on_error(store):
            found = schema_of(path, store.db.conn)
            _promise(store.db.conn, durable=durable)
            if found < SCHEMA_VERSION:
                _migrate(store.db)
            recovery.settle_count(store.db.conn, marker)
            if path.stat().st_mode & 0o077:
                os.chmod(path, 0o600)
        return store


@contextmanager
def _closed_on_error(store: Store) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.close()
        raise


def _promise(connection: sqlite3.Connection, *, durable: bool) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # letters and addresses that are let go are overwritten
    connection.execute("PRAGMA cell_size_check=ON")  # a damaged page is noticed where it is read
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")


def _must_be_there(marker: Marker) -> None:
    """Told before anything is made: no folder, no lock."""
    path = marker.database
    if path.exists() or swap.decided(path):
        return
    recovery.refuse_gone(path, marker)
    raise DatabaseError(
        f"{path}: there is no database; 'vietnhat run' or 'vietnhat poll' makes one; is --db right?"
    )


def _create(path: Path) -> None:
    """Lay out a new database beside its place and move it there whole, so that a kill leaves none or a good one."""
    building = beside(path, ".new")
    building.unlink(missing_ok=True)
    with as_database_error(path):
        connection = sqlite3.connect(building)
        try:
            _migrate(Database(connection))
        finally:
            connection.close()
    building.chmod(0o600)
    building.replace(path)
    sync_folder(path.parent)


def _migrate(db: Database) -> None:
    migrations.apply(db)
    db.conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.conn.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
