"""After a run that did not end in order: what was lost is said, what is damaged is refused, the rest goes on.

Everything here happens behind the marker's lock, before anybody works with the database.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from monitor.errors import DatabaseError
from monitor.logs import log, warn
from monitor.store import house
from monitor.store.checks import QUICK_FROM, damage, damage_of_search, notes_in_file
from monitor.store.disk import SIDE_FILES, beside, open_here, size
from monitor.store.marker import Marker
from monitor.store.trouble import RESTORE

_LOOKS = 6
"""Somebody may make, merge or close the -wal between two of our looks; a loss is still there at the last."""

ACCEPT = "'vietnhat doctor --accept-loss'"


def refuse_gone(path: Path, marker: Marker) -> None:
    """Raises DatabaseError where no database is but one was: a new one would hide the loss."""
    left = [beside(path, ending) for ending in ("-wal", "-journal") if beside(path, ending).exists()]
    if not left and marker.read() is None:
        return
    ours = ", ".join(file.name for file in (marker.path, *left) if file.exists())
    raise DatabaseError(
        f"{path}: the database that was here is gone; put it back, or bring a copy back "
        f"('vietnhat restore FILE'); to start anew on purpose, remove {ours}"
    )


def refuse_lost(path: Path, marker: Marker, *, running: bool) -> None:
    """Raises DatabaseError when the newest changes stood in a -wal that is no longer there.

    A -wal that another program merged into the file, as the sqlite3 shell does, is no loss: the count tells.
    `running`: a daemon holds this database.
    """
    for _ in range(_LOOKS):
        missing = _missing(path, marker)
        if not missing:
            return
        time.sleep(0.05)
    if open_here(path):
        todo = "stop this program, which may still write them; then start it again"
    elif running:
        todo = "stop the daemon, which may still write them; then start it again"
    else:
        todo = f"put {path.name}-wal back beside it, or 'vietnhat restore FILE', or go on with what is there: {ACCEPT}"
    raise DatabaseError(f"{path}: {missing}, and {path.name}-wal is not there; {todo}")


def _missing(path: Path, marker: Marker) -> str:
    expected = marker.read()  # before the -wal, and that before the file: a change goes the other way round
    wal = beside(path, "-wal")
    if open_here(path):  # our own connections hold a -wal; a second one beside it nobody would read
        return "" if open_here(wal) else "its newest changes are in a file that was removed"
    if size(wal) > 0:
        return ""
    found = notes_in_file(path)
    stored = house.changes(found)
    if stored < (expected or 0):
        return f"its newest {(expected or 0) - stored:,} changes are missing"
    if house.RUNNING in found and expected is None:
        return "its newest changes may be missing, since it was copied while a daemon worked on it"
    return ""


def settle_count(connection: sqlite3.Connection, marker: Marker) -> None:
    """Compare what the database holds with what the marker counts, and put on record what is missing."""
    expected = marker.read()  # before the notes: who commits meanwhile raises both, this one last
    found = house.notes(connection)
    stored = house.changes(found)
    if expected is None:
        marker.note(stored)
    elif stored < expected:
        _record_loss(connection, marker, stored, expected, found)


def recover(path: Path, connection: sqlite3.Connection) -> None:
    """Make good that a daemon ended without order. Raises DatabaseError for a damaged file, which is left as it is.

    Only where no daemon holds the database: the mark of a living one is no sign of anything.
    """
    since = house.notes(connection).get(house.RUNNING)
    if since is None:
        return
    check_whole(path, connection)
    unmark(connection)
    tell_recovered(path, since)


def tell_recovered(path: Path, since: str) -> None:
    """The line about a run that did not end in order, once its file was found whole."""
    log("recovered", database=str(path), running_since=since)


def check_whole(path: Path, connection: sqlite3.Connection) -> None:
    """Raises DatabaseError for a damaged file; about a second for 100 MB."""
    found = damage(connection, quick=size(path) >= QUICK_FROM) or damage_of_search(connection)
    if found:
        raise DatabaseError(f"{path}: is damaged ({found}); {RESTORE}")


def mark(connection: sqlite3.Connection, since: str) -> None:
    """Say in the file itself, past the -wal, that a daemon works on it."""
    with connection:
        house.write(connection, house.RUNNING, since)
    _checkpoint(connection)


def unmark(connection: sqlite3.Connection) -> None:
    """Say in the file itself that nothing is under way."""
    with connection:
        house.remove(connection, house.RUNNING)
    _checkpoint(connection)


def accept_loss(path: Path, connection: sqlite3.Connection, marker: Marker) -> None:
    """Go on with what is there. Raises DatabaseError for a file that is damaged inside."""
    check_whole(path, connection)
    with connection:
        house.remove(connection, house.LOST)
        house.remove(connection, house.RUNNING)
    _checkpoint(connection)
    marker.write(house.changes(house.notes(connection)))


def is_here(path: Path) -> bool:
    """Whether a database or a part of one stands at `path`."""
    return path.exists() or any(beside(path, ending).exists() for ending in SIDE_FILES)


def _record_loss(
    connection: sqlite3.Connection, marker: Marker, stored: int, expected: int, found: dict[str, str]
) -> None:
    """A power cut takes the newest changes with it; the file is whole all the same."""
    before = found.get(house.LOST, "0")
    with connection:
        house.write(connection, house.LOST, str(expected - stored + int(before if before.isdigit() else 0)))
    marker.note(stored)
    warn(
        "changes-lost",
        changes=expected - stored,
        todo="they did not reach the disk before a power cut, or the database is an older copy; 'vietnhat doctor'",
    )


def _checkpoint(connection: sqlite3.Connection) -> None:
    """Into the file; FULL, so that the -wal keeps its length and a -wal of no length stays a sign of loss."""
    connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
