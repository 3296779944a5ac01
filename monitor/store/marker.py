"""The file `<database>.open`: who opens or replaces the database holds it, and it says how many changes there were.

The count is written after each commit, so it never runs ahead, and a kill between the two lets it lag by one. A
database that holds fewer changes has lost some: its -wal was removed, or another file was put in its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.errors import DatabaseError
from monitor.locks import acquired
from monitor.store.disk import beside

DOOR_SECONDS = 90.0
"""A recovery of a large file takes seconds, a busy one half a minute."""


class Marker:
    """The marker of one database. `database` is where the file really is: SQLite puts the -wal there, too."""

    def __init__(self, database: Path) -> None:
        self.database = Path(os.path.realpath(database))
        self.path = beside(self.database, ".open")

    def read(self) -> int | None:
        """How many changes the database must hold; None where none was ever made. Words of nobody's count as 0."""
        try:
            text = self.path.read_bytes().strip()
        except FileNotFoundError:
            return None
        return (int(text) if text.isdigit() else 0) if text else None

    def write(self, count: int) -> None:
        """Set the count, whatever it was."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(descriptor, f"{count:020d}\n".encode(), 0)
        finally:
            os.close(descriptor)

    def note(self, count: int) -> None:
        """Set the count after a commit. A disk that refuses only makes us see less later: the commit stands."""
        with suppress(OSError):
            self.write(count)

    @contextmanager
    def locked(self, seconds: float = DOOR_SECONDS) -> Iterator[None]:
        """Nobody else opens, closes for good or replaces the database meanwhile. Raises DatabaseError."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not acquired(descriptor, seconds=seconds):
                raise DatabaseError(
                    f"{self.path}: another program has been opening this database for {seconds:.0f} seconds; try again"
                )
            yield
        finally:
            os.close(descriptor)
