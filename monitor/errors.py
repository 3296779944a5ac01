"""The errors a person can cause or must act on.

    VietnhatError                 one line for a person; exit code 1
    ├── Misuse                    wrong words, bad setting; exit code 2
    │   └── BadFile               a data or configuration file: path, line, key, what to do
    ├── BadModel                  a model that is missing, damaged or foreign
    │   └── OldModel              (classifiers.errors) one of an earlier version
    ├── DatabaseError             the store cannot be opened or used
    ├── AlreadyRunning            another daemon holds the database
    ├── WrongClock                the computer's clock is years behind
    ├── AlreadyTraining           (monitor.learning) another process changes the models
    ├── BadToken                  (monitor.keys) a link that is forged, expired or meant for something else
    └── BadLetter                 (monitor.delivery.message) a value that no letter can carry

Expected outcomes of the network are values (`monitor.types.Failed`, `Deferred`, …), not errors.
"""

from __future__ import annotations

from datetime import datetime

from classifiers.errors import BadFile, BadModel, Misuse, VietnhatError

__all__ = ["AlreadyRunning", "BadFile", "BadModel", "DatabaseError", "Misuse", "VietnhatError", "WrongClock"]


class DatabaseError(VietnhatError):
    """The database is missing, damaged, newer than this program, or cannot be written."""


class AlreadyRunning(VietnhatError):
    """Another daemon serves this database."""

    def __init__(self, pid: int | None, path: str) -> None:
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{path}: {who} is already running on this database; stop it first, or give another --db"
        )


class WrongClock(VietnhatError):
    """The clock says a time before this program was made: what is dated so would never be mailed."""

    def __init__(self, now: datetime) -> None:
        super().__init__(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, which cannot be; set it (timedatectl set-ntp true)"
        )
