"""Locks that die with their process: `flock` on files beside the database, with the holder's pid inside."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.errors import AlreadyRunning

PROBE_SECONDS = 0.15
"""A lock that is only looked at (`is_held`) is taken for microseconds; nobody is refused for that."""


def lock_of(database: Path, activity: str) -> Path:
    """The lock file of one activity (`run`, `poll`, `mail`) on a database."""
    return database.with_name(f"{database.name}.{activity}.lock")


@contextmanager
def held(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file at `path`, waiting up to `wait` seconds. Raises AlreadyRunning with the holder's pid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not acquired(descriptor, seconds=max(wait, PROBE_SECONDS)):
            raise AlreadyRunning(_pid_in(descriptor), str(path))
        with suppress(
            OSError
        ):  # on a full disk the lock holds all the same, and only does not say whose it is
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def acquired(descriptor: int, *, seconds: float) -> bool:
    """Take the lock of an open file within that time; it is given back when the file is closed."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)


def is_held(path: Path) -> bool:
    """Whether somebody, perhaps we, holds the lock file at `path`. Makes nothing."""
    return _looked_at(path)[0]


def holder(path: Path) -> int | None:
    """The pid of who holds the lock file at `path`, None when nobody does or it did not say."""
    held_now, pid = _looked_at(path)
    return pid if held_now else None


def _looked_at(path: Path) -> tuple[bool, int | None]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False, None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False, None
    except BlockingIOError:
        return True, _pid_in(descriptor)
    finally:
        os.close(descriptor)


def _pid_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdigit() else None
