"""Locks that die with their process: `flock` on files beside the database, with the holder's pid inside."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import AlreadyRunning


@contextmanager
def held(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file at `path`, waiting up to `wait` seconds. Raises AlreadyRunning with the holder's pid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, path, time.monotonic() + wait)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= until:
                text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                raise AlreadyRunning(int(text) if text.isdigit() else None, str(path)) from error
            time.sleep(0.05)
