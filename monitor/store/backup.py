"""Copies of the database, made while a daemon writes: whole, verified and on the disk, or not there at all."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.errors import DatabaseError
from monitor.files import sync_file, sync_folder
from monitor.locks import held
from monitor.store import house
from monitor.store.checks import damage, damage_of_search, schema_of
from monitor.store.database import Store, open_store
from monitor.store.disk import SIDE_FILES, beside, need_room, size
from monitor.store.times import from_text_or_none, to_text
from monitor.store.trouble import as_database_error, refusals_of_the_disk

STAMP = "%Y%m%dT%H%M%SZ"

STALE = timedelta(hours=48)
"""A nightly copy that is older has failed twice."""

SLACK = timedelta(hours=1)
"""By which a copy may be dated after now before its date counts as a mistake of the clock."""

_OURS = re.compile(r"vietnhat-(\d{8}T\d{6}Z)\.db")
_MARGIN = 16_000_000
"""Bytes left over for what the database grows by meanwhile, and for everybody else."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A verified copy. `made_at` is what its name says: a file has this name only after it was verified."""

    path: Path
    made_at: datetime
    size: int


def back_up(database: Path, folder: Path, *, keep: int, now: datetime) -> tuple[Copy, tuple[Path, ...]]:
    """Copy the database into `folder`; then only the newest `keep` copies stay there. The copy, and what was removed.

    Works beside a daemon that writes: what was committed when it began is in the copy. Raises DatabaseError when
    anything fails (the older copies stay), AlreadyRunning while another backup is being made there.
    """
    with open_store(database) as store, refusals_of_the_disk(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(folder / ".vietnhat.lock"):
            copy = _copied(store, folder, now)
            removed = rotate(folder, keep=keep, new=copy)
        store.note(house.BACKUP, to_text(now))
    return copy, removed


def last_backup(store: Store, *, now: datetime) -> datetime | None:
    """When the newest verified copy was made, by the database's own note; a note of the future says nothing."""
    made_at = from_text_or_none(store.notes().get(house.BACKUP))
    return made_at if made_at and made_at <= now + SLACK else None


def copies(folder: Path) -> tuple[Copy, ...]:
    """The copies in a folder, newest first; none where there is no folder. Raises OSError."""
    if not folder.is_dir():
        return ()
    found = ((file, _OURS.fullmatch(file.name)) for file in folder.iterdir() if file.is_file())
    dated = (Copy(file, made, size(file)) for file, name in found if name and (made := _time(name[1])))
    return tuple(sorted(dated, key=lambda copy: copy.made_at, reverse=True))


def rotate(folder: Path, *, keep: int, new: Copy) -> tuple[Path, ...]:
    """Remove all copies but the newest `keep` and the one just verified; whatever else is there is not ours.

    Copies dated after the new one were made while the clock was wrong: they count as the oldest.
    """
    others = [copy for copy in copies(folder) if copy.path != new.path]
    others.sort(key=lambda copy: copy.made_at > new.made_at)
    old = tuple(copy.path for copy in others[max(keep, 1) - 1 :])
    for path in old:
        path.unlink(missing_ok=True)
    return old


def verify(path: Path, connection: sqlite3.Connection) -> None:
    """Raises DatabaseError unless the database is ours, of no newer schema, and sound in every part."""
    with as_database_error(path):
        schema_of(path, connection)
        found = damage(connection) or damage_of_search(connection)
    if found:
        raise DatabaseError(f"{path}: is damaged ({found}); use another copy")


def make_single(connection: sqlite3.Connection) -> None:
    """Turn a copy into one file that stands for itself, and that no daemon works on."""
    if house.RUNNING in house.notes(connection):
        with connection:
            house.remove(connection, house.RUNNING)
    connection.execute("PRAGMA journal_mode=DELETE").fetchall()


def _copied(store: Store, folder: Path, now: datetime) -> Copy:
    (pages,), (page_size,) = (
        store.db.conn.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
    )
    _sweep(folder)
    need_room(folder, pages * page_size * 11 // 10 + _MARGIN)
    target = folder / f"vietnhat-{now.astimezone(UTC):{STAMP}}.db"
    part = beside(target, ".part")
    try:
        _fill(store, part)
        sync_file(part)
        part.replace(target)
        sync_folder(folder)
    finally:
        _remove(part)
    return Copy(target, now, size(target))


def _fill(store: Store, part: Path) -> None:
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with as_database_error(part), closing(sqlite3.connect(part)) as target:
        store.db.conn.backup(target)  # at one go, so of one moment; writers do not wait for it
        make_single(target)
        found = damage(target) or damage_of_search(target)
    if found:
        raise DatabaseError(
            f"{store.path}: its copy is damaged ({found}), so the database is, too; no older copy was touched: "
            "'vietnhat restore FILE'"
        )


def _sweep(folder: Path) -> None:
    """Remove what a backup that was killed left; behind the folder's lock nobody else is making one."""
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name.partition(".part")[0]) and ".part" in file.name:
            file.unlink(missing_ok=True)


def _remove(part: Path) -> None:
    for ending in ("", *SIDE_FILES):
        beside(part, ending).unlink(missing_ok=True)


def _time(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
