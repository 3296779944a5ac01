"""Opens the database: checks what it is, brings it to today's schema, sets the connection's promises.

WAL; foreign keys on; synchronous=FULL where mail is decided (a "sent" that vanishes is a doubled letter),
NORMAL elsewhere (survives kill -9; SQLite "pragma synchronous").
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from monitor.errors import DatabaseError
from monitor.store.migrations import SCHEMA_VERSION, migrations

BUSY_SECONDS = 30.0


class Store:
    """One connection of one thread."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path, self.db = path, db

    def close(self) -> None:
        """Give the connection back."""
        self.db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. BEGIN IMMEDIATE, so that a second writer waits instead of failing half-way."""
        connection = self.db.conn
        with _as_database_error(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query."""
        with _as_database_error(self.path):
            return list(self.db.query(sql, values))

    def one(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> dict[str, Any] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def write(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        """One statement inside a transaction."""
        return self.db.conn.execute(sql, values)


def open_store(path: Path, *, durable: bool = False) -> Store:
    """The store at `path`, made when the file does not exist yet.

    `durable` for connections that decide about mail. Raises DatabaseError for a file that is no database of
    ours, is damaged, is of a newer version, or cannot be written; never puts a new one over it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _creation_lock(path):
            if not path.exists():
                _create(path)
            if path.stat().st_size == 0:
                raise DatabaseError(
                    f"{path}: is empty, though it exists; restore a copy, or remove it to start anew"
                )
            return _open(path, durable=durable)
    except OSError as error:
        raise DatabaseError(
            f"{path}: cannot be opened ({error.strerror}); check path and permissions"
        ) from error


def _create(path: Path) -> None:
    """Lay out a new database beside its place and move it there whole, so that a kill leaves none or a good one."""
    building = path.with_name(path.name + ".new")
    building.unlink(missing_ok=True)
    with _as_database_error(path):
        connection = sqlite3.connect(building)
        try:
            _migrate(Database(connection))
        finally:
            connection.close()
    building.chmod(0o600)
    building.replace(path)


def _open(path: Path, *, durable: bool) -> Store:
    with _as_database_error(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            found = _version(path, connection)
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            db = Database(connection)
            if found < SCHEMA_VERSION:
                _migrate(db)
            os.chmod(path, 0o600)
        except BaseException:
            connection.close()
            raise
        return Store(path, db)


def _migrate(db: Database) -> None:
    migrations.apply(db)
    db.conn.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _version(path: Path, connection: sqlite3.Connection) -> int:
    """The schema number, after making sure that the file is ours to write."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise DatabaseError(
            f"{path}: was written by a newer version (schema {version}, this program knows {SCHEMA_VERSION}); "
            "upgrade the program or restore an older copy"
        )
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if version == 0 and tables - {"_sqlite_migrations", "sqlite_sequence"}:
        raise DatabaseError(f"{path}: is a database of another program; give another --db")
    return version


@contextmanager
def _creation_lock(path: Path) -> Iterator[None]:
    """Two programs that start at once must not both lay out the schema."""
    with open(path.with_name(path.name + ".open"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _as_database_error(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # a rule of the schema was broken: the caller's matter
    except sqlite3.DatabaseError as error:
        text = str(error)
        todo = "stop the program and restore a copy of the database"
        if "locked" in text or "busy" in text:
            todo = "another program holds it; try again"
        elif "readonly" in text or "unable to open" in text:
            todo = "check its permissions and those of its folder"
        elif "full" in text:
            todo = "free some space; nothing stored is lost"
        raise DatabaseError(f"{path}: {text}; {todo}") from error
