"""Brings a copy back. It is checked wholly beside the database before anything is exchanged; the old one is kept."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.errors import DatabaseError
from monitor.files import sync_file, sync_folder
from monitor.store import house, swap
from monitor.store.backup import STAMP, make_single, verify
from monitor.store.checks import refuse_unfit
from monitor.store.disk import SIDE_FILES, beside, need_room, open_here, size
from monitor.store.marker import Marker
from monitor.store.trouble import as_database_error, refusals_of_the_disk

_MARGIN = 16_000_000
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510
"""The bytes SQLite's connections lock in a database file (file locking, `os.h`); one in WAL mode keeps them locked."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `articles` and `newest` are of the copy; `aside` is where the old database went."""

    aside: Path | None
    articles: int
    newest: str | None


def restore(copy: Path, database: Path, *, now: datetime) -> Restored:
    """Put `copy` in the place of the database, which may be damaged or missing. The caller holds the locks of all
    activities. Raises DatabaseError, and then everything is as before; a kill leaves the old one or the new one.
    """
    with refusals_of_the_disk(copy):
        if not copy.is_file():
            raise DatabaseError(f"{copy}: there is no such file; 'vietnhat backup' makes copies")
        marker = Marker(database)
        path = marker.database
        if copy.exists() and path.exists() and copy.samefile(path):
            raise DatabaseError(f"{copy}: is the database itself; give a copy of it")
        path.parent.mkdir(parents=True, exist_ok=True)
        with marker.locked():
            swap.finish(path, marker)
            _refuse_open(path)
            staged = beside(path, ".restoring")
            try:
                articles, newest = _stage(copy, staged)
                staged.replace(swap.decided_name(path, _free_stamp(path, now)))
            finally:
                _remove(staged)
            sync_folder(path.parent)
            return Restored(swap.finish(path, marker), articles, newest)


def _stage(copy: Path, staged: Path) -> tuple[int, str | None]:
    """The copy, checked, beside the database; how many articles it holds, and when the newest came."""
    refuse_unfit(copy)
    wal = beside(copy, "-wal")
    need_room(staged.parent, size(copy) + 2 * size(wal) + _MARGIN)
    _remove(staged)
    os.close(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    shutil.copyfile(copy, staged)
    if size(wal):
        shutil.copyfile(wal, beside(staged, "-wal"))
    try:
        with as_database_error(copy), closing(sqlite3.connect(staged)) as connection:
            verify(copy, connection)
            if house.RUNNING in house.notes(connection) and not size(wal):
                raise DatabaseError(
                    f"{copy}: was copied while a daemon worked on it, without its -wal; put {wal.name} beside it, "
                    "or use a copy that 'vietnhat backup' made"
                )
            make_single(connection)
            articles, newest = connection.execute("SELECT count(*), max(first_seen) FROM article").fetchone()
    except DatabaseError as error:
        raise DatabaseError(f"{error}; nothing was replaced") from error
    sync_file(staged)
    return int(articles), newest


def _refuse_open(path: Path) -> None:
    """Raises DatabaseError while any program has the database open: what it wrote later would be lost."""
    if not path.exists():
        return
    if open_here(path):
        raise DatabaseError(f"{path}: this program has it open itself; close it first")
    with open(path, "r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise DatabaseError(
                f"{path}: another program has it open; end it (a labelling session, an SQL shell), then try again"
            ) from error


def _free_stamp(path: Path, now: datetime) -> str:
    """A time for the names under which nothing was put aside yet."""
    stamp = f"{now.astimezone(UTC):{STAMP}}"
    while any(beside(path, f".replaced-{stamp}{ending}").exists() for ending in ("", *SIDE_FILES)):
        now += timedelta(seconds=1)
        stamp = f"{now.astimezone(UTC):{STAMP}}"
    return stamp


def _remove(staged: Path) -> None:
    for ending in ("", *SIDE_FILES):
        beside(staged, ending).unlink(missing_ok=True)
