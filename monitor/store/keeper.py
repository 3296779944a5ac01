"""What a daemon holds for its whole life: the mark that it runs, and one open connection.

The connection keeps the -wal in existence, so that a -wal that is missing is always a loss and never an accident of
when somebody closed. The mark tells a later start, and whoever finds a copied file, that the end was not in order.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Self

from monitor.errors import DatabaseError
from monitor.files import sync_folder
from monitor.logs import warn
from monitor.store import house, recovery
from monitor.store.database import Store, at_the_door, connected
from monitor.store.marker import Marker
from monitor.store.times import to_text
from monitor.store.trouble import as_database_error

_HURRY = 1.0
"""Seconds to wait for others at the end: a stop has ten in all, and the next start makes good what is left."""


class Keeper:
    """A context for `run`, inside the run lock (`monitor.store.database.run_lock`) and on one thread.

    Entering makes the database where none is and none was, checks it wholly, recovers what a kill left, and marks it.
    Raises DatabaseError, as `open_store` does, and for any damage inside.
    """

    def __init__(self, path: Path, *, now: datetime) -> None:
        self._path, self._since = path, to_text(now)
        self._store: Store | None = None

    def __enter__(self) -> Self:
        with at_the_door(self._path, create=True) as marker:
            store = connected(marker, durable=True, running=False)
            try:
                self._mark(store)
            except BaseException:
                store.close()
                raise
            self._store = store
        return self

    def __exit__(self, *_: object) -> None:
        if self._store is None:
            return
        try:
            with Marker(self._path).locked(_HURRY), as_database_error(self._path):
                self._store.db.conn.execute(f"PRAGMA busy_timeout={int(1000 * _HURRY)}")
                recovery.unmark(self._store.db.conn)
                self._store.close()
        except (DatabaseError, OSError) as error:  # the next start finds the mark and looks after it
            warn("not-closed", reason=str(error))
            self._store.close()
        self._store = None

    def _mark(self, store: Store) -> None:
        connection = store.db.conn
        with as_database_error(self._path):
            recovery.check_whole(self._path, connection)
            before = store.notes().get(house.RUNNING)
            recovery.mark(connection, self._since)
        if before:
            recovery.tell_recovered(self._path, before)
        sync_folder(self._path.parent)  # the -wal's name outlives a power cut
