"""Puts a checked copy in the place of a database, in steps that a kill may stop anywhere.

A copy named `<database>.restored-<time>` is decided upon: whoever opens the database next finishes the exchange.
What stood there before is kept as `<database>.replaced-<time>`.
"""

from __future__ import annotations

import re
from pathlib import Path

from monitor.files import sync_folder
from monitor.store.disk import SIDE_FILES, beside
from monitor.store.marker import Marker

STAMP = r"\d{8}T\d{6}Z"
"""A time in a file name."""

_DECIDED = ".restored-"
_ASIDE = ".replaced-"


def decided_name(path: Path, stamp: str) -> Path:
    """The name under which a checked copy is decided upon."""
    return beside(path, _DECIDED + stamp)


def decided(path: Path) -> Path | None:
    """The copy that is to take the place, if there is one; there is never a second."""
    if not path.parent.is_dir():
        return None
    name = re.compile(re.escape(path.name + _DECIDED) + STAMP)
    return next((file for file in path.parent.iterdir() if name.fullmatch(file.name)), None)


def finish(path: Path, marker: Marker) -> Path | None:
    """Finish an exchange that was decided, behind the marker's lock; where the old database went, if there was one."""
    new = decided(path)
    if new is None:
        return None
    marker.write(0)  # counts of the old database say nothing of the new one
    aside = beside(path, _ASIDE + new.name.removeprefix(path.name + _DECIDED))
    # First what SQLite would apply to the new file, then the old file, then the new one into its place.
    for ending in (*SIDE_FILES, ""):
        old = beside(path, ending)
        if old.exists():
            old.rename(beside(aside, ending))
    sync_folder(path.parent)
    new.rename(path)
    sync_folder(path.parent)
    return aside if aside.exists() else None
