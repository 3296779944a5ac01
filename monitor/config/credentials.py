"""Files that hold secrets, looked at before they are read: what is odd about one is told, never passed over."""

from __future__ import annotations

import stat
from collections.abc import Collection
from pathlib import Path

from monitor.errors import Misuse

_LONGEST = 64 * 1024


def check_credentials(folder: Path, *, prefix: str, known: Collection[str]) -> None:
    """Every file of ours in systemd's CREDENTIALS_DIRECTORY holds one line of text. Raises Misuse.

    Blanks and line ends around that line are no part of it: `echo secret > file` works.
    """
    try:
        ours = [path for path in folder.iterdir() if path.name.lower().startswith(prefix.lower())]
    except OSError as error:
        raise Misuse(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    for path in sorted(ours):
        if path.name.lower() not in known:
            raise Misuse(f"{path}: unknown setting; see 'vietnhat config show' for those that exist")
        problem = _problem(path, folder)
        if problem:
            raise Misuse(f"{path}: {problem}; put the value alone into it, as one line of UTF-8")


def _problem(path: Path, folder: Path) -> str:
    try:
        if folder.resolve() not in path.resolve().parents:
            return "leads out of the folder of credentials, where nothing is read"
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "is no file"
        if status.st_size > _LONGEST:
            return "is too large for a setting"
        text = path.read_bytes().decode("utf-8").strip()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        return "is not UTF-8"
    except RuntimeError:  # Python before 3.13, of links in a ring
        return "is a link to itself"
    if not text:
        return "is empty"
    return "" if text.isprintable() else "holds more than one line, or characters that are no text"


def open_to_others(path: Path) -> bool:
    """Whether other users of this machine may read a file. A file that is not there, or is no file, is not open."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o004)
