"""What is left behind by an installation that met hostile feeds: reports, log, database, letters, memory."""

from __future__ import annotations

import email
import email.policy
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.system.house import House


@dataclass(frozen=True, slots=True)
class Command:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float
    peak: float
    """Largest resident memory of its main process, in MB."""


@dataclass(frozen=True)
class Mail:
    """One letter, taken apart."""

    reader: str
    subject: str
    text: str
    html: str
    raw: bytes
    links: frozenset[str]


@dataclass
class Evidence:
    """Everything a rule can look at."""

    house: House
    polls: list[Command] = field(default_factory=list)
    reports: list[dict[str, dict[str, Any]]] = field(default_factory=list)
    """For each poll, the report of each feed."""
    hits: list[dict[str, int]] = field(default_factory=list)
    """Requests by path after each poll."""
    stored: list[dict[str, int]] = field(default_factory=list)
    """Articles by feed after each poll."""
    letters: list[Mail] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    canary: list[Any] = field(default_factory=list)
    alone: dict[str, float] = field(default_factory=dict)
    """Seconds of feeds polled once more by themselves."""
    baseline: float = 0.0

    def poll(self, *words: str) -> Command:
        """Poll, and keep what came of it."""
        ran = run(self.house, "poll", "--json", *words)
        self.polls.append(ran)
        self.reports.append({report["feed_id"]: report for report in json.loads(ran.out)["feeds"]})
        self.stored.append(self.counts())
        return ran

    def counts(self) -> dict[str, int]:
        """Articles by feed."""
        rows = self.house.rows("SELECT feed_id, count(*) AS n FROM sighting GROUP BY feed_id")
        return {row["feed_id"]: row["n"] for row in rows}

    def articles(self, feed: str) -> list[dict[str, Any]]:
        """What a feed brought, with how it was judged."""
        rows = self.house.rows(
            "SELECT a.*, (SELECT decision FROM verdict v WHERE v.article_id = a.id) AS decision FROM article a "
            "JOIN sighting s ON s.article_id = a.id WHERE s.feed_id = ? ORDER BY a.id",
            feed,
        )
        return [dict(row) for row in rows]

    def reasons(self, feed: str) -> list[str]:
        """In words, why its polls failed or what was repaired."""
        return [reports[feed]["reason"] for reports in self.reports if feed in reports]

    @property
    def said(self) -> str:
        """All that was logged."""
        return "".join(poll.err for poll in self.polls) + self.house.said()


def run(house: House, *words: str) -> Command:
    """A command with its two streams apart and its memory watched."""
    started, peak = time.monotonic(), [0.0]
    process = subprocess.Popen(
        [sys.executable, "-c", house.starter, *words],
        env=house.environment,
        cwd=house.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )

    def sample() -> None:
        while process.poll() is None:
            peak[0] = max(peak[0], resident(process.pid))
            time.sleep(0.05)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    out, err = process.communicate(timeout=300)
    sampler.join()
    return Command(process.returncode, out, err, time.monotonic() - started, peak[0])


def resident(pid: int) -> float:
    """Resident memory of a process in MB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def read_mail(folder: Path) -> list[Mail]:
    """All letters of an outbox."""
    return [_taken_apart(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]


def _taken_apart(raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # what the policy makes
    parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    contents = {kind: part.get_content() if part else "" for kind, part in parts.items()}
    links = frozenset(re.findall(r'href="([^"]+)"', contents["html"]))
    return Mail(str(message["To"]), str(message["Subject"]), contents["plain"], contents["html"], raw, links)


def letters_with(letters: Sequence[Mail], link: str) -> Mapping[str, int]:
    """How many letters of each reader hold a link."""
    found: dict[str, int] = {}
    for letter in letters:
        found[letter.reader] = found.get(letter.reader, 0) + (link in letter.links)
    return found
