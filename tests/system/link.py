"""`python -m tests.system.link FOLDER SECONDS`: a mail server that takes so long for each letter, and nothing else.

A process of its own, since what it is measured with must not slow it down. It says its port, notes in FOLDER/taken.txt
who got a letter and when, and keeps one letter of a hundred.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class _Handler:
    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder, self._seconds, self._number = folder, seconds, 0
        self._taken = open(  # noqa: SIM115  for as long as the process lives
            folder / "taken.txt", "a", buffering=1, encoding="utf-8"
        )

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        begun = time.monotonic()
        await asyncio.sleep(self._seconds)
        if self._number % 100 == 0:
            (self._folder / f"{self._number:06d}.eml").write_bytes(envelope.content)
        self._number += 1
        self._taken.write(f"{begun:.4f} {time.monotonic():.4f} {' '.join(envelope.rcpt_tos)}\n")
        return "250 taken"


class Link:
    """The server seen from outside."""

    def __init__(self, folder: Path, port: int, *, prompt: bool) -> None:
        self.folder, self.port, self.prompt = folder, port, prompt

    def taken(self) -> list[tuple[float, float, str]]:
        """(begun, answered, reader) of every letter, by this machine's steady clock."""
        lines = (self.folder / "taken.txt").read_text(encoding="utf-8").splitlines()
        return [(float(begun), float(ended), reader) for begun, ended, reader in map(str.split, lines)]

    def samples(self) -> list[bytes]:
        """One letter of a hundred, the first of all among them."""
        return [path.read_bytes() for path in sorted(self.folder.glob("*.eml"))]


@contextmanager
def link(folder: Path, seconds: float) -> Iterator[Link]:
    """The server, as long as it is needed."""
    folder.mkdir()
    words = [sys.executable, "-m", "tests.system.link", str(folder), str(seconds)]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None  # it is a pipe
        port = int(process.stdout.readline())
        yield Link(folder, port, prompt=_made_prompt(process.pid))
    finally:
        process.kill()
        process.communicate()


def _made_prompt(process: int) -> bool:
    """Let it have its turn whenever it wants one, since it stands for another machine; whether that is allowed here.

    Else who computes while it reads keeps it waiting: with two processors 4 ms for some letters.
    """
    with suppress(OSError):
        os.sched_setscheduler(process, os.SCHED_FIFO, os.sched_param(1))
        return True
    return False


async def _serve(folder: Path, seconds: float) -> None:
    handler, loop = _Handler(folder, seconds), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="link.test", loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2])))
