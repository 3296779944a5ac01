"""The program run over the recorded days: a server on loopback, the command line, and what it left behind."""

from __future__ import annotations

import contextlib
import email
import email.policy
import email.utils
import io
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from monitor.cli import cli, guarded
from tests.ports import free_port
from tests.replay.recorded import VIET_NAM, Recording

DAILY, WITH_EMPTY, WEEKLY = "daily@reader.example", "empty@reader.example", "weekly@reader.example"
READERS = {DAILY: (), WITH_EMPTY: ("--empty",), WEEKLY: ("--cadence", "weekly")}


@dataclass(frozen=True)
class Letter:
    """A letter of the outbox folder."""

    message_id: str
    reader: str
    sent: datetime
    links: frozenset[str]


@dataclass(frozen=True)
class Round:
    """What one poll of all feeds brought, by its own report and by the server's count."""

    entries: int
    new: int
    revised: int
    failed: int
    judged: int
    answers: Counter[str]
    seconds: float


@dataclass(frozen=True)
class Day:
    """One replayed morning."""

    at: datetime
    first: Round
    second: Round
    digests: dict[str, int]
    letters: tuple[Letter, ...]


class Newsroom:
    """One installation of the program that reads the recorded feeds."""

    def __init__(self, folder: Path, recording: Recording, port: int) -> None:
        self.folder, self.recording, self.port = folder, recording, port
        self.db, self.outbox = folder / "replay.db", folder / "outbox"
        feeds = folder / "feeds.yaml"
        feeds.write_text("feeds:\n" + "".join(map(self._line, recording.outlets)), encoding="utf-8")

    def subscribe(self) -> None:
        """The readers, from the first morning on."""
        for address, options in READERS.items():
            vietnhat("subscribers", "add", address, "--consent", "replay", *options)

    def day(self, day: date) -> Day:
        """Move the server's clock, poll twice at seven, and make the digests that are due."""
        self.ask(f"_day?set={day}")
        return self.morning(day)

    def morning(self, day: date) -> Day:
        """Poll twice at seven and make the digests that are due."""
        at = datetime.combine(day, clock(7), VIET_NAM)
        before = {letter.message_id for letter in self.letters()}
        first, second = self.poll(at), self.poll(at)
        made = vietnhat("digest", "send", "--json", "--as-of", at.isoformat())
        digests = {self._reader_of(one["digest"]): int(one["items"]) for one in made}
        letters = tuple(letter for letter in self.letters() if letter.message_id not in before)
        return Day(at, first, second, digests, letters)

    def poll(self, at: datetime) -> Round:
        """Poll every feed once."""
        before, started = self._hits(), time.monotonic()
        said = vietnhat("poll", "--json", "--as-of", at.isoformat())
        seconds = time.monotonic() - started
        answers = self._hits() - before - Counter({"200": 1})  # the first count is a request of ours
        feeds = said["feeds"]
        return Round(
            entries=sum(feed["entries"] for feed in feeds),
            new=sum(feed["new"] for feed in feeds),
            revised=sum(feed["revised"] for feed in feeds),
            failed=sum(feed["outcome"] == "failed" for feed in feeds),
            judged=said["judged"],
            answers=answers,
            seconds=seconds,
        )

    def letters(self) -> list[Letter]:
        """All letters of the outbox, oldest first."""
        found = [_letter(path) for path in self.outbox.glob("*.eml")]
        return sorted(found, key=lambda letter: (letter.sent, letter.reader))

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """What stands in the database."""
        with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, values).fetchall()

    def ask(self, path: str) -> str:
        """The server's answer."""
        with urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def _hits(self) -> Counter[str]:
        return Counter(json.loads(self.ask("_hits")))

    def _reader_of(self, digest_id: str) -> str:
        sql = "SELECT address FROM digest JOIN subscriber s ON s.id = subscriber_id WHERE digest.id = ?"
        return str(self.rows(sql, digest_id)[0]["address"])

    def _line(self, outlet: dict[str, str]) -> str:
        line = {
            "id": outlet["id"],
            "outlet": outlet["outlet"],
            "section": "trang chủ",
            "url": f"http://127.0.0.1:{self.port}/{outlet['id']}.xml",
            "language": "vi",
            "zone": "Europe/London" if outlet["id"] == "bbc" else "Asia/Ho_Chi_Minh",
            "kind": "press",
        }
        return f"  - {json.dumps(line, ensure_ascii=False)}\n"


@contextmanager
def newsroom(folder: Path, replay: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """An installation below `folder`, its settings in the environment, and the server of the recorded days."""
    port = free_port()
    settings = {
        "DB": folder / "replay.db",
        "FEEDS": folder / "feeds.yaml",
        "MODELS": models,
        "OUTBOX": folder / "outbox",
        "ALLOW_PRIVATE": f"127.0.0.1:{port}",
        "HOST_SPACING": 0,
        "CONCURRENCY": 4,  # that server keeps only five connections waiting; the sixth comes back a second later
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"VIETNHAT_{name}", str(value))
    command = [sys.executable, "-I", str(replay / "serve.py"), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().startswith("serving"), (
                "the server of the recorded days did not start"
            )
            room = Newsroom(folder, Recording(replay), port)
            _until_it_answers(room)
            yield room
        finally:
            server.kill()


def vietnhat(*words: str) -> Any:
    """Run a command in this process; what it printed, read as JSON where it was asked to."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = guarded(lambda: cli.main(list(words), standalone_mode=False))
    assert code == 0, f"vietnhat {' '.join(words)}: {code}\n{err.getvalue()}"
    return json.loads(out.getvalue()) if "--json" in words else out.getvalue()


def _letter(path: Path) -> Letter:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    part = message.get_body(("html",))  # type: ignore[attr-defined]  # the policy makes an EmailMessage
    links = re.findall(r'href="([^"]+)"', part.get_content())
    return Letter(
        message_id=str(message["Message-ID"]),
        reader=email.utils.parseaddr(str(message["To"]))[1],
        sent=email.utils.parsedate_to_datetime(str(message["Date"])),
        links=frozenset(link.replace("&amp;", "&") for link in links),
    )


def _until_it_answers(room: Newsroom) -> None:
    for _ in range(100):
        try:
            room.ask("_days")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server of the recorded days does not answer")
