"""The mail server of ../shared/faults, which misbehaves on demand, and deliveries through it that are killed.

Whether letters are lost or doubled is read from the ledger of that server, not from our database.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.letterform import faults_of_form
from tests.system.growing import growing_feeds, relevant_texts
from tests.system.house import STARTER, House, until
from tests.system.street import FIRST_MORNING, readers

READERS = 200
FEEDS = ("bao-bien-dong", "bao-bien-tay")

HURRIED = (
    "from functools import partial; from monitor import wiring; "
    "wiring.SmtpPolicy = partial(wiring.SmtpPolicy, timeout=3.0, data_timeout=12.0); wiring.AHEAD = 20; "
    f"{STARTER}"
)
"""The program with a tenth of its patience: a server that never answers costs seconds. It makes few digests ahead,
so that most are made between letters."""

PAUSE = timedelta(minutes=20)
"""What passes between two runs: longer than the first pauses of a letter that was put off."""
LAST_PAUSES = timedelta(hours=6)
MOST_RUNS = 16
"""Of `deliver`, one after the other, until nothing waits: fewer than the attempts after which a letter is given up."""


class Relay:
    """The server while it runs. Its ledger grows with every event, and is whole after each."""

    def __init__(self, script: Path, folder: Path, port: int) -> None:
        self.script, self.folder, self.port = script, folder, port
        self.ledger = folder / "ledger.jsonl"

    def behave(self, mode: str) -> None:
        """Change the mode from the next event on."""
        written = self.folder / "mode.new"
        written.write_text(mode)
        written.replace(self.folder / "mode")

    @property
    def grown(self) -> int:
        """A number that grows with every event."""
        return self.ledger.stat().st_size

    def events(self) -> list[dict[str, Any]]:
        """Everything that happened so far."""
        return [json.loads(line) for line in self.ledger.read_text(encoding="utf-8").splitlines()]

    def letters(self) -> list[bytes]:
        """Every copy it took."""
        return [path.read_bytes() for path in sorted(self.folder.glob("*.eml"))]

    def report(self, addresses: Sequence[str], kills: Path) -> dict[str, Any]:
        """What the server's own report says of losses and copies."""
        expected = self.folder / "expected.txt"
        expected.write_text("".join(f"{address}\n" for address in addresses))
        words = ["report", "--out", str(self.folder), "--expect-rcpt", str(expected), "--kills", str(kills)]
        done = subprocess.run(
            [sys.executable, str(self.script), *words], capture_output=True, text=True, check=False
        )
        return {**json.loads(done.stdout), "code": done.returncode}


@contextmanager
def relay(script: Path, folder: Path, mode: str, *options: str) -> Iterator[Relay]:
    """The server on a free port, with its ledger and its letters in `folder`."""
    words = ["serve", "--port", "0", "--out", str(folder), "--mode", mode, *options]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "said.txt", "ab") as said:
        process = subprocess.Popen(
            [sys.executable, str(script), *words], stdout=subprocess.PIPE, stderr=said, text=True
        )
    try:
        assert process.stdout is not None  # it is a pipe
        listening = json.loads(process.stdout.readline())["listening"]
        yield Relay(script, folder, int(listening.rpartition(":")[2]))
    finally:
        process.terminate()
        process.communicate(timeout=20)


def prepared(folder: Path, models: Path) -> House:
    """A house with news and readers, no letter written yet."""
    folder.mkdir(parents=True)
    house = House(folder, models)
    house.starter = HURRIED
    with growing_feeds(FEEDS, relevant_texts(models)) as feeds:
        feeds.slowness, feeds.now = 0.0, FIRST_MORNING - timedelta(hours=2)
        house.watch(FEEDS, feeds.port)
        for hour in range(4):
            house.call("poll", "--as-of", (feeds.now + timedelta(minutes=10 * hour)).isoformat())
    house.subscribe(readers(READERS))
    return house


def copied(house: House, folder: Path) -> House:
    """The same installation once more, elsewhere."""
    shutil.copytree(house.folder, folder)
    again = House(folder, Path(house.environment["VIETNHAT_MODELS"]))
    again.starter = house.starter
    return again


@dataclass
class Storm:
    """Deliveries of one house through one server, some of them killed."""

    house: House
    server: Relay
    chance: random.Random
    now: datetime = FIRST_MORNING
    kills: list[float] = field(default_factory=list)
    in_flight: Counter[str] = field(default_factory=Counter)
    """By Message-ID, the kills that found it between `sending` and its answer."""

    def __post_init__(self) -> None:
        self.move(self.server)

    def move(self, server: Relay) -> None:
        """Mail through this server from now on."""
        self.server = server
        self.house.mail_through(server.port)

    def run(self, *words: str, code: int = 0) -> str:
        """One command to its end; then some time passes."""
        said = self.house.call(*words, "--as-of", self.now.isoformat(), code=code, seconds=300)
        self.now += PAUSE
        return said

    def kill(self, *words: str, most: float = 0.6) -> None:
        """One command that dies up to so many seconds after the server heard of it."""
        before = self.server.grown
        with self.house.started(*words, "--as-of", self.now.isoformat()) as process:
            until(lambda: self.server.grown > before or process.poll() is not None, seconds=30, every=0.002)
            time.sleep(self.chance.uniform(0, most))
            process.kill()
            killed = time.time()
            code = process.wait()
        self.now += PAUSE
        if code == 0:
            return  # it was done before
        self.kills.append(killed)
        self.note_in_flight()

    def note_in_flight(self) -> None:
        """After a kill: at most one letter may have been taken without our knowing."""
        sending = self.house.rows("SELECT message_id FROM delivery WHERE state = 'sending'")
        assert len(sending) <= 1, "one letter at a time"
        self.in_flight.update(row["message_id"] for row in sending)
        assert self.house.is_sound()

    def settle(self) -> None:
        """Deliver undisturbed until nothing waits."""
        for _ in range(MOST_RUNS):
            self.run("deliver")
            if not self.house.rows("SELECT 1 FROM delivery WHERE state IN ('queued', 'sending')"):
                return
            self.now += LAST_PAUSES
        raise AssertionError("letters wait although they were tried again and again")

    def states(self) -> Counter[str]:
        """How many letters are in each state."""
        return Counter(row["state"] for row in self.house.rows("SELECT state FROM delivery"))

    def figures(self, addresses: Sequence[str]) -> Figures:
        """What the ledger says, held against the kills and the server's own report."""
        stored = [event for event in self.server.events() if event["event"] == "stored"]
        copies = Counter(event["message_id"] for event in stored)
        excuses = self.in_flight + Counter(e["message_id"] for e in stored if not e["replied"])
        extra = copies - Counter(set(copies))
        kills = self.server.folder / "kills.jsonl"
        kills.write_text("".join(json.dumps({"t": at}) + "\n" for at in self.kills))
        report = self.server.report(addresses, kills)
        return Figures(
            letters=len(copies),
            lost=len(report["lost"]),
            extra=extra.total(),
            unexplained=(extra - excuses).total(),
            replies_lost=sum(not event["replied"] for event in stored),
            kills=len(self.kills),
            kills_while_sending=self.in_flight.total(),
            defects=report["duplicates_defects"],
            wrong=tuple(self._wrong(copies, report)),
        )

    def _wrong(self, copies: Counter[str], report: dict[str, Any]) -> Iterator[str]:
        known = {row["message_id"] for row in self.house.rows("SELECT message_id FROM delivery")}
        sent = {
            row["message_id"]
            for row in self.house.rows("SELECT message_id FROM delivery WHERE state = 'sent'")
        }
        if not sent <= set(copies) <= known:
            yield f"{len(sent - set(copies))} believed sent, {len(set(copies) - known)} unknown"
        for name in ("without_message_id", "without_list_unsubscribe", "without_one_click", "unexpected"):
            if report[name]:
                yield f"{name}: {report[name]}"
        if report["mails_with_several_recipients"]:
            yield "a letter to several readers"
        yield from sorted({fault for raw in self.server.letters() for fault in faults_of_form(raw)})
        yield from self.house.slips()
        if not self.house.is_sound():
            yield "the database is damaged"


@dataclass(frozen=True)
class Figures:
    """What a storm cost."""

    letters: int
    lost: int
    extra: int
    unexplained: int
    """Extra copies that neither a lost reply nor a kill with this very letter under way explains."""
    replies_lost: int
    kills: int
    kills_while_sending: int
    defects: int
    wrong: tuple[str, ...]

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept."""
        counted = (("lost", self.lost), ("unexplained copies", self.unexplained), ("defects", self.defects))
        return [*(f"{count} {what}" for what, count in counted if count), *self.wrong]
