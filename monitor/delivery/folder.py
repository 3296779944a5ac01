"""Writes letters into a folder instead of sending them: one .eml file each, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.files import replacing
from monitor.types import Letter, Sent, Unusable

_UNSAFE = re.compile(r"[^A-Za-z0-9._@-]")
_MAX_NAME = 150


class FolderWay:
    """The way out when there is no mail server."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is kept open."""

    def send(self, letter: Letter, _meanwhile: Callable[[], object] = lambda: None) -> Sent | Unusable:
        """Write the letter; the same letter again replaces its own file. There is nothing to wait for."""
        target = self._path / file_name(letter.message_id)
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(target) as file:
                file.write(letter.raw)
        except OSError as error:
            return Unusable(f"{target}: {error.strerror or error}")
        return Sent(f"written to {target}")

    def probe(self) -> Unusable | None:
        """Whether letters could be written, without making anything; None when they could."""
        folder = next(each for each in (self._path, *self._path.absolute().parents) if each.exists())
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return None
        return Unusable(f"{folder}: letters cannot be written there")


def file_name(message_id: str) -> str:
    """A file name that is safe on any file system; different ids have different names."""
    plain = message_id.removeprefix("<").removesuffix(">")
    safe = _UNSAFE.sub("_", plain).lstrip(".")[:_MAX_NAME]
    if safe != plain or f"<{plain}>" != message_id:
        safe += "-" + hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{safe}.eml"
