"""Files that must survive a power cut: written whole or not at all, and on the disk when we say so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `target` when the block ends well: after a crash the old one or the new
    one is there. At no moment is it open to others."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)  # a full disk needs the room
        raise
    sync_folder(target.parent)


def sync_file(path: Path) -> None:
    """What was written to `path` survives a power cut."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """What was renamed into or out of the folder survives a power cut."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
