"""What is asked of the disk besides SQLite: the names of a database's files, their sizes, who has them open, room."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from monitor.errors import DatabaseError

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; part of it, the index (-shm) excepted."""


def beside(path: Path, ending: str) -> Path:
    """The file of that ending beside a database."""
    return path.with_name(path.name + ending)


def size(path: Path) -> int:
    """Bytes; 0 for what is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def open_here(path: Path) -> bool:
    """Whether this process has the file open, in whatever thread.

    Such a database must not be opened past SQLite: closing any descriptor of a file drops all locks this process
    holds on it, and others would take away the -wal under our feet (sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        wanted = path.stat()
    except FileNotFoundError:
        return False
    for each in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the listing's own descriptor is gone by now
            if os.path.samestat(os.fstat(int(each.name)), wanted):
                return True
    return False


def need_room(folder: Path, needed: int) -> None:
    """Raises DatabaseError when the folder's disk has less than that many bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DatabaseError(
            f"{folder}: {free / 1e6:,.0f} MB are free and {needed / 1e6:,.0f} MB are needed; free some space first"
        )
