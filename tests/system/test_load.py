"""Many readers at once over a link that takes 20 ms for a letter: the link sets the pace, polls go on, memory is flat.

A thousand readers in the normal run; VIETNHAT_LOAD=full makes it ten thousand.
"""

from __future__ import annotations

import os
import smtplib
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.aloud import Aloud
from tests.letterform import faults_of_form
from tests.system.growing import GrowingFeeds, growing_feeds, relevant_texts
from tests.system.house import STARTER, House, until
from tests.system.link import Link, link

pytestmark = [pytest.mark.system, pytest.mark.alone]

SECONDS_EACH = 0.02
SOME, ALL = 1_000, 10_000
FULL = os.environ.get("VIETNHAT_LOAD") == "full"  # read before the tests' own environment is emptied
FEEDS = tuple(f"bao-thang-{number}" for number in range(1, 13))
PATIENT = f"import monitor.daemon; monitor.daemon.TICK_SECONDS = 4; {STARTER}"
PACED = 300
"""Letters by which the pace of the bare link is measured afterwards."""
SLACK, ROOM = 1.1, 1.3
"""Times what the bare link takes: a commit for each letter cannot be done beside it. A quiet machine needs 1.05; the
normal run, and one whose link must wait for its turn, leaves room. Digests that are made first and sent then would cost
1.4."""
POLL_EVERY = 10.0
"""Seconds between two moments at which every feed is made due."""
LATEST = 6.0
"""Seconds within which a feed that is due must be asked: a tick of the bell, and a round under way."""
GROWTH, WOBBLE = 2.0, 8.0
"""Megabytes a thousand letters may add once the first third is sent. Polls beside them move memory by some three either
way, from which so few letters cannot be told: the normal run only finds what each letter leaves behind."""


@dataclass
class Watch:
    """What is seen of the daemon while it sends."""

    pid: int
    house: House
    feeds: GrowingFeeds
    memory: list[tuple[int, float]] = field(default_factory=list)
    """(letters taken, resident megabytes)."""
    delays: list[float] = field(default_factory=list)
    """Seconds from due to asked, for the last feed of each round."""
    _due: float = 0.0
    _asked: int = 0
    _under_way: bool = False

    def look(self, taken: int) -> None:
        """Note the memory; make every feed due now and then, and see when the last one was asked."""
        self.memory.append((taken, resident(self.pid)))
        now = time.monotonic()
        if self._under_way:
            if self.feeds.asked >= self._asked + len(FEEDS) or now - self._due > 10 * LATEST:
                self.delays.append(now - self._due)
                self._under_way = False
        elif now - self._due > POLL_EVERY:
            self._asked, self._due, self._under_way = self.feeds.asked, now, True
            self.house.write("UPDATE feed_state SET due_at = NULL, not_before = NULL, last_polled_at = NULL")

    def growth(self) -> float:
        """Megabytes for each thousand letters, after the first third: the slope of the line of best fit."""
        most = self.memory[-1][0]
        later = [(taken, size) for taken, size in self.memory if taken > most / 3]
        slope = statistics.linear_regression([taken for taken, _ in later], [size for _, size in later]).slope
        return slope * 1000


def resident(pid: int) -> float:
    """Megabytes of a process in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) / 1024


def pace(folder: Path, raw: bytes) -> float:
    """Seconds a bare client needs for each letter over the link, with nothing else to do."""
    with link(folder, SECONDS_EACH) as bare, smtplib.SMTP("127.0.0.1", bare.port) as smtp:
        for number in range(PACED):
            smtp.sendmail("a@load.example", [f"r{number}@load.example"], raw)
        return duration(bare) / PACED


def duration(way: Link) -> float:
    """Seconds from the first letter to the last answer."""
    taken = way.taken()
    return taken[-1][1] - taken[0][0]


@pytest.fixture
def number() -> int:
    """How many readers there are."""
    return ALL if FULL else SOME


def test_the_link_sets_the_pace(tmp_path: Path, models: Path, number: int, aloud: Aloud) -> None:
    """A morning's digests leave in the time the link takes for them, while every feed is polled on time."""
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house", models)
    house.starter = PATIENT
    addresses = [f"reader{n:05d}@load.example" for n in range(number)]
    with growing_feeds(FEEDS, relevant_texts(models)) as feeds, link(tmp_path / "link", SECONDS_EACH) as way:
        feeds.slowness, feeds.now = 0.0, datetime.now(UTC) - timedelta(hours=2)
        house.watch(FEEDS, feeds.port)
        for _ in range(3):
            house.call("poll")
        house.mail_through(way.port)
        for name in (
            "VIETNHAT_SMTP_USER",
            "VIETNHAT_SMTP_PASSWORD",
        ):  # whom it lets in is not the matter here
            del house.environment[name]
        house.subscribe(addresses)
        before = feeds.asked
        with house.started("run") as process:
            assert until(lambda: bool(way.taken()), seconds=60)
            watch = Watch(process.pid, house, feeds)
            ended = time.monotonic() + 10 * number * SECONDS_EACH
            while (done := len(way.taken())) < number and time.monotonic() < ended:
                watch.look(done)
                time.sleep(0.5)
            assert until(lambda: house.rows("SELECT 1 FROM delivery WHERE state <> 'sent'") == [], seconds=10)
            feeds.growing = False
            stored = until(lambda: _all_stored(house, feeds), seconds=20)
            process.terminate()
            assert process.wait(timeout=20) == 0
        polled, taken, samples, seconds = feeds.asked - before, way.taken(), way.samples(), duration(way)
    bare = pace(tmp_path / "bare", samples[0])
    with aloud():
        print(
            f"\n{number} readers, letters of {len(samples[0])} octets: {seconds:.1f} s, "
            f"{1000 * seconds / number:.1f} ms each, {seconds / number / bare:.3f} of what a bare client needs\n"
            f"{polled} polls, from due to asked {max(watch.delays, default=0):.2f} s at most; memory "
            f"{watch.memory[0][1]:.0f} to {watch.memory[-1][1]:.0f} MB, {watch.growth():+.2f} MB for 1,000 letters"
        )
    assert Counter(reader for _, _, reader in taken) == Counter(addresses)
    assert seconds <= (SLACK if FULL and way.prompt else ROOM) * number * bare
    assert stored, "articles of polls during the sending are missing"
    assert len(watch.delays) >= seconds / POLL_EVERY / 2 > 1
    assert max(watch.delays) <= LATEST
    assert watch.growth() <= (GROWTH if FULL else WOBBLE)
    assert sorted({fault for raw in samples for fault in faults_of_form(raw)}) == []
    assert house.slips() == []


def _all_stored(house: House, feeds: GrowingFeeds) -> bool:
    stored = Counter(row["link"] for row in house.rows("SELECT link FROM article"))
    return stored == Counter(item.link for item in feeds.everything)
