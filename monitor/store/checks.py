"""What a database file is and whether it is whole. Looks only; decides nothing about what to do then."""

from __future__ import annotations

import sqlite3
import stat
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from monitor.errors import DatabaseError
from monitor.store import house
from monitor.store.disk import beside, open_here, size
from monitor.store.migrations import SCHEMA_VERSION
from monitor.store.trouble import RESTORE, as_database_error

APPLICATION_ID = 0x564E4D31
"""Stands in the file's header (SQLite file format section 1.3.15): "VNM1"."""

QUICK_FROM = 500_000_000
"""Bytes from which a start is content with the quick check, which skips comparing indexes with their tables."""

_TABLES = frozenset({"article", "subscriber", "digest", "delivery"})
"""In every schema of ours."""


def refuse_unfit(path: Path) -> None:
    """Raises DatabaseError for what is no file, is empty, or is shorter than it says itself. Opens no database."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise DatabaseError(f"{path}: is no file; give another --db")
    if about.st_size == 0:
        raise DatabaseError(
            f"{path}: is empty, though it exists; bring a copy back ('vietnhat restore FILE'), or remove it and "
            f"{path.name}.open to start anew"
        )
    promised = 0 if open_here(path) else promised_size(path)  # it was looked at when it was opened
    if about.st_size < promised and size(beside(path, "-wal")) == 0:
        raise DatabaseError(f"{path}: is cut short, {about.st_size:,} of {promised:,} bytes; {RESTORE}")


def promised_size(path: Path) -> int:
    """Bytes the file should have by its own header (file format section 1.3.7); 0 where the header does not say.

    With a -wal that holds something the file may rightly be shorter: a checkpoint was cut off, and will be done again.
    """
    with open(path, "rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        return 0
    (page_size,) = struct.unpack(">H", head[16:18])
    changed, pages = struct.unpack(">II", head[24:32])
    (valid_for,) = struct.unpack(">I", head[92:96])
    return pages * (65536 if page_size == 1 else page_size) if changed == valid_for else 0


def schema_of(path: Path, connection: sqlite3.Connection) -> int:
    """The schema number, after making sure that the file is ours to write. Raises DatabaseError."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    strange = application not in (0, APPLICATION_ID) or (
        tables - {"_sqlite_migrations", "sqlite_sequence"} if version == 0 else not tables >= _TABLES
    )
    if strange:
        raise DatabaseError(f"{path}: is a database of another program; give another --db")
    if version > SCHEMA_VERSION:
        raise DatabaseError(
            f"{path}: was written by a newer version (schema {version}, this program knows {SCHEMA_VERSION}); "
            "upgrade the program or restore an older copy"
        )
    return int(version)


def damage(connection: sqlite3.Connection, *, quick: bool = False) -> str:
    """What is wrong inside, in SQLite's words; empty when it is sound. Works for seconds on a large file."""
    try:
        (found,) = connection.execute(f"PRAGMA {'quick_check' if quick else 'integrity_check'}(1)").fetchone()
        orphan = None if found != "ok" else connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        return _words_of_damage(error)
    if found != "ok":
        return " ".join(str(found).split())
    return f"a row of {orphan[0]} belongs to no row of {orphan[2]}" if orphan else ""


def damage_of_search(connection: sqlite3.Connection) -> str:
    """What is wrong inside the full-text index, which SQLite's own check passes over; takes the write lock."""
    try:
        connection.execute("INSERT INTO article_search (article_search) VALUES ('integrity-check')")
        connection.rollback()
    except sqlite3.DatabaseError as error:
        connection.rollback()
        return f"the full-text index: {_words_of_damage(error)}"
    return ""


def _words_of_damage(error: sqlite3.DatabaseError) -> str:
    """Its words, if it tells of damage; a lock or a full disk is none, and goes on its way."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        raise error
    return str(error)


@contextmanager
def looking(path: Path, *, alone: bool) -> Iterator[sqlite3.Connection]:
    """A connection that changes neither the file nor its -wal. Raises DatabaseError.

    `alone`: nobody writes and there is no -wal to mind, so not even a -shm is made.
    """
    mode = "immutable=1" if alone else "mode=ro"
    uri = f"file:{quote(str(path.absolute()))}?{mode}"
    with as_database_error(path), closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
        yield connection


def notes_in_file(path: Path) -> dict[str, str]:
    """The house notes of a database that has no -wal and is not open in this process. Raises DatabaseError."""
    with looking(path, alone=True) as connection:
        return house.notes(connection)
