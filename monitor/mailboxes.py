"""Messages in files, Maildirs and mbox files, each cut to a bound. Nothing is deleted; an mbox file is only read.

In a Maildir what was handled goes from new/ to cur/ with the flag "seen" (cr.yp.to/proto/maildir.html).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from monitor.errors import Misuse

_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Piece:
    """One message as found. `handled` is to be called when all that follows from it is on record."""

    name: str
    octets: bytes
    handled: Callable[[], None] = lambda: None


def from_stream(stream: BinaryIO, *, limit: int) -> bytes:
    """The first `limit` octets. The rest is read too: a server whose pipe breaks takes the letter for lost."""
    kept = bytearray()
    while chunk := stream.read(_CHUNK):
        kept += chunk[: limit - len(kept)]
    return bytes(kept)


def messages_at(path: Path, *, limit: int) -> Iterator[Piece]:
    """The messages of a file, an mbox file or a Maildir, each cut to `limit` octets. Raises Misuse, OSError."""
    if path.is_dir():
        yield from _of_maildir(path, limit)
        return
    if not path.is_file():
        raise Misuse(f"{path}: is neither a file nor a Maildir; give a message, an mbox file or a Maildir")
    with open(path, "rb") as file:
        is_mbox = file.read(5) == b"From "
        file.seek(0)
        if not is_mbox:
            yield Piece(path.name, file.read(limit))
            return
        for number, octets in enumerate(_of_mbox(file, limit), 1):
            yield Piece(f"{path.name}:{number}", octets)


def _of_mbox(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """Each begins with a line "From " at the start or after an empty one. Lines may be endless: pieces of them."""
    kept, empty_before, starts_line = bytearray(), True, True
    while piece := file.readline(_CHUNK):
        if starts_line and empty_before and piece.startswith(b"From "):
            if kept:
                yield bytes(kept)
            kept = bytearray()
        kept += piece[: limit - len(kept)]
        empty_before = starts_line and piece in (b"\n", b"\r\n")
        starts_line = piece.endswith(b"\n")
    if kept:
        yield bytes(kept)


def _of_maildir(folder: Path, limit: int) -> Iterator[Piece]:
    new, seen = folder / "new", folder / "cur"
    if not (new.is_dir() and seen.is_dir()):
        raise Misuse(f"{folder}: is no Maildir (new/ or cur/ is missing); give one, or a file")
    for path in sorted(new.iterdir()):
        octets = None if path.name.startswith(".") else _plain_file(path, limit)
        if octets is not None:
            yield Piece(path.name, octets, lambda path=path: _move(path, seen))  # type: ignore[misc]  # bound now


def _plain_file(path: Path, limit: int) -> bytes | None:
    """What is in a file; None for what is none, or has been taken away by another process. Raises PermissionError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except PermissionError:
        raise
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def _move(path: Path, seen: Path) -> None:
    """To cur/, under a name that is still free there."""
    base, _, flags = path.name.partition(":2,")
    flags = "".join(sorted({*flags, "S"}))
    names = (f"{base}{again}:2,{flags}" for again in ("", *(f".{n}" for n in range(1, 1000))))
    free = next((seen / name for name in names if not os.path.lexists(seen / name)), None)
    if free is not None:
        with suppress(FileNotFoundError):  # another process was faster
            path.rename(free)
