"""One installation in a folder of its own, driven by its command line as a person or systemd would."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from monitor.store import subscribers
from monitor.store.database import open_store
from monitor.types import NEWCOMER, SubscriberStatus

STARTER = "from monitor.cli import main; main()"
HASTY = f"import monitor.daemon; monitor.daemon.TICK_SECONDS = 0.5; {STARTER}"
"""The same with a bell that rings forty times as often."""

USER, PASSWORD, TOKEN = "planted-user", "planted-password-7f3a", "planted-token-91c2"
HOOK, HOOK_SECRET = "planted-hook-5d1e9c77aa", "planted-signature-c40b"
"""Secrets of the installation: how it logs in at the mail server, what a feed's address and a webhook's carry, and what
signs the webhook's posts."""


class House:
    """Settings, feeds and database below `folder`."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder, self.starter = folder, STARTER
        self.under: tuple[str, ...] = ()
        """A program to run every command under, as strace, with its options."""
        self.db, self.outbox, self.log = folder / "house.db", folder / "outbox", folder / "log.txt"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("VIETNHAT_")},
            "VIETNHAT_DB": str(self.db),
            "VIETNHAT_FEEDS": str(folder / "feeds.yaml"),
            "VIETNHAT_MODELS": str(models),
            "VIETNHAT_OUTBOX": str(self.outbox),
            "VIETNHAT_BASE_URL": "https://digest.example",
            "VIETNHAT_HOST_SPACING": "0",
            "VIETNHAT_POLL_MINUTES": "1",
            "VIETNHAT_POLL_FLOOR_MINUTES": "1",
            "VIETNHAT_POLL_CEILING_MINUTES": "1",
            "VIETNHAT_LISTEN": "off",
            "VIETNHAT_WEBHOOK_SECRET": HOOK_SECRET,
        }

    def watch(self, feeds: Sequence[str], port: int) -> None:
        """Write feeds.yaml, and allow what it names to be fetched although it is on loopback."""
        lines = (
            {
                "id": feed,
                "outlet": f"Báo {feed}",
                "section": "tin mới",
                "url": f"http://127.0.0.1:{port}/{feed}.rss?token={TOKEN}",
                "language": "vi",
                "zone": "Asia/Ho_Chi_Minh",
                "kind": "press",
            }
            for feed in feeds
        )
        text = "feeds:\n" + "".join(f"  - {json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        (self.folder / "feeds.yaml").write_text(text, encoding="utf-8")
        self.environment["VIETNHAT_ALLOW_PRIVATE"] = f"127.0.0.1:{port}"

    def mail_through(self, port: int) -> None:
        """Send letters to a mail server on this machine instead of into the folder."""
        self.environment |= {
            "VIETNHAT_SMTP_HOST": "127.0.0.1",
            "VIETNHAT_SMTP_PORT": str(port),
            "VIETNHAT_SMTP_STARTTLS": "off",
            "VIETNHAT_SMTP_USER": USER,
            "VIETNHAT_SMTP_PASSWORD": PASSWORD,
        }

    def subscribe(self, addresses: Sequence[str]) -> None:
        """Readers who agreed, and want a letter every day; past the command line, which takes a second for each."""
        with open_store(self.db, durable=True, create=True) as store:
            for address in addresses:
                reader = replace(
                    NEWCOMER,
                    address=address,
                    wants_empty=True,
                    status=SubscriberStatus.ACTIVE,
                    consent="system test",
                    created_at=datetime.now(UTC),
                )
                subscribers.add(store, reader)

    def call(self, *words: str, code: int = 0, seconds: float = 60) -> str:
        """Run a command to its end; what it printed on both streams."""
        done = subprocess.run(
            [*self.under, sys.executable, "-c", self.starter, *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"vietnhat {' '.join(words)}: {done.returncode}\n{said}"
        return said

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command under way, in a process group of its own, of which nothing is left afterwards."""
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [*self.under, sys.executable, "-c", self.starter, *words],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            left = not until(lambda: not members(process.pid), seconds=5)
            for pid in members(process.pid):
                os.kill(pid, signal.SIGKILL)
            assert not left, "processes outlive the one that started them"

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """What stands in the database; nothing before there is one."""
        if not self.db.exists():
            return []
        with closing(sqlite3.connect(self.db, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, values).fetchall()

    def write(self, sql: str) -> None:
        """Change the database from outside, as time passing would."""
        with closing(sqlite3.connect(self.db, timeout=30)) as connection, connection:
            connection.execute(sql)

    def is_sound(self) -> bool:
        """What SQLite itself says of the file."""
        checks = [row[0] for row in self.rows("PRAGMA integrity_check")]
        return checks == ["ok"] and not self.rows("PRAGMA foreign_key_check")

    def said(self) -> str:
        """Everything the started commands wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def slips(self) -> list[str]:
        """What must not stand in the log: tracebacks, secrets, and addresses of readers."""
        said = self.said()
        readers = {row["address"] for row in self.rows("SELECT address FROM subscriber")}
        found = set(re.findall(r"[^\s<>\"'=:,;()]+@[^\s<>\"'=:,;()]+", said)) & readers
        return [
            *_tracebacks(said),
            *(f"the secret {secret}" for secret in (PASSWORD, TOKEN, HOOK, HOOK_SECRET) if secret in said),
            *(f"the reader {address}" for address in sorted(found)),
        ]

    def strays(self) -> list[str]:
        """Files nobody needs any more; SQLite's own and the locks belong here."""
        usual = ("house.db", "feeds.yaml", "log.txt", "keys.json")
        here = [path for path in self.folder.rglob("*") if path.is_file()]
        return [str(path) for path in here if not path.name.startswith(usual) and path.suffix != ".eml"]


def _tracebacks(said: str) -> list[str]:
    """All of them, but for Python's own of a child whose parent died while it was started."""
    return [f"Traceback{text[:300]}" for text in said.split("Traceback")[1:] if "in spawn_main" not in text]


def members(group: int) -> list[int]:
    """The living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, pgrp = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (OSError, ValueError):
                continue
            if int(pgrp) == group and state != "Z":
                found.append(int(entry.name))
    return found


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    mask = next(line.split()[1] for line in lines if line.startswith("SigCgt:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


def until(fact: Callable[[], bool], *, seconds: float, every: float = 0.01) -> bool:
    """Wait for something to become true; whether it did in time."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() >= end:
            return False
        time.sleep(every)
    return True
