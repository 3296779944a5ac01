"""What SQLite and the disk complain of, as one line that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import DatabaseError

RESTORE = "stop the program and bring a copy back: 'vietnhat restore FILE'"

_ADVICE = (
    (("locked", "busy"), "another program holds it; try again"),
    (("readonly", "unable to open"), "check its permissions and those of its folder"),
    (("full",), "free some space; nothing stored is lost"),
    (("disk i/o error",), "free some space and look at the disk; what is stored is not lost"),
)


def advice(words: str) -> str:
    """What to do about a complaint of SQLite; a copy where nothing gentler is known."""
    said = words.lower()
    return next((todo for marks, todo in _ADVICE if any(mark in said for mark in marks)), RESTORE)


@contextmanager
def as_database_error(path: Path) -> Iterator[None]:
    """Complaints of SQLite become DatabaseError; broken rules of the schema stay the caller's matter."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{path}: {error}; {advice(str(error))}") from error


@contextmanager
def refusals_of_the_disk(path: Path) -> Iterator[None]:
    """Complaints of the operating system become DatabaseError."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        words = error.strerror or str(error)
        raise DatabaseError(f"{where}: {words}; check path, permissions and free space") from error
