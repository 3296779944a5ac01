"""Kills a command, or fails one system call of it, at the N-th call of a kind: strace's own injection."""

from __future__ import annotations

import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.house import House

FILES = ("pwrite64", "fdatasync", "fsync", "rename", "renameat2", "ftruncate", "unlink")
SOCKETS = ("sendto", "write")
CALLS = (*FILES, *SOCKETS)

_LINE = re.compile(r"^(\d+) +(\w+)\(")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the `nth` call of a kind, in whichever thread comes that far: `kill`, ENOSPC or EIO.

    `lasting` fails every later call as well, as a full disk does.
    """

    call: str
    action: str
    nth: int
    lasting: bool = False

    @property
    def option(self) -> str:
        """In strace's words."""
        what = "signal=SIGKILL" if self.action == "kill" else f"error={self.action}"
        return f"inject={self.call}:{what}:when={self.nth}{'+' if self.lasting else ''}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    said: str

    @property
    def tracebacks(self) -> list[str]:
        """Tracebacks in what it wrote, but for Python's own of a child whose parent died while it was started."""
        return [text for text in self.said.split("Traceback")[1:] if "in spawn_main" not in text]


@contextmanager
def under(house: House, *program: str) -> Iterator[None]:
    """Every command of the house runs under this program meanwhile."""
    house.under = program
    try:
        yield
    finally:
        house.under = ()


def counted(house: House, words: Sequence[str], notes: Path) -> Mapping[str, int]:
    """How often the busiest thread of an undisturbed command makes each call: what `Fault.nth` may be."""
    options = ("-f", "-qq", "-o", str(notes), "-e", f"trace={','.join(CALLS)}")
    with under(house, "strace", *options):
        house.call(*words)
    by_thread: dict[str, Counter[str]] = defaultdict(Counter)
    for line in notes.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := _LINE.match(line):
            by_thread[found[2]][found[1]] += 1
    notes.unlink()
    return {call: max(threads.values()) for call, threads in by_thread.items()}


def struck(house: House, words: Sequence[str], fault: Fault, *, seconds: float = 120) -> Ended:
    """Run a command with one fault."""
    options = ["-qq", "-o", "/dev/null", "-e", f"trace={fault.call}", "-e", fault.option]
    # Not the sockets by which threads wake one another: no network fails there, and asyncio would sleep for ever.
    options += [] if fault.call == "sendto" and fault.action != "kill" else ["-f"]
    if fault.call == "unlink" and fault.action != "kill":  # Python's own semaphores are not the matter here
        options += [f"-P{house.db}{tail}" for tail in ("-wal", "-shm", "-journal")]
    before = len(house.said())
    with under(house, "strace", *options), house.started(*words) as process:
        code = process.wait(timeout=seconds)
    return Ended(code, house.said()[before:])


def has_strace() -> bool:
    """Whether system calls can be injected here."""
    try:
        return subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
