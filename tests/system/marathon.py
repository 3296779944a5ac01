"""`python -m tests.system.marathon --kills 1000`: the daemon killed again and again, then stopped 200 times.

A script, not a test: a thousand kills take hours. It prints the ledger, and ends with 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from classifiers.models import ModelStore
from classifiers.release import first_model
from tests.system.growing import GrowingFeeds, growing_feeds, relevant_texts
from tests.system.house import HASTY, House, catches, until
from tests.system.post import Sink, mail_server

FEEDS = tuple(f"bao-duong-dai-{number}" for number in range(8))
LETTERS = 6
"""New readers before each start: each has a first digest due at once."""
SHARE = 0.3
"""Least share of kills in polls, and in deliveries."""


@dataclass
class Ledger:
    """Where the kills fell, which letters were in flight, how long stops took."""

    moments: Counter[str] = field(default_factory=Counter)
    in_flight: Counter[str] = field(default_factory=Counter)
    stops: list[float] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    starts: list[float] = field(default_factory=list)
    unsound: int = 0
    readers: int = 0


@dataclass
class Road:
    """One installation on its long way."""

    house: House
    feeds: GrowingFeeds
    sink: Sink
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)

    def refill(self, letters: int) -> None:
        """Every feed is due, and so many readers wait for their first digest."""
        if self.house.rows("SELECT 1 FROM sqlite_master WHERE name = 'feed_state'"):
            self.house.write("UPDATE feed_state SET due_at = NULL, not_before = NULL, last_polled_at = NULL")
        first = self.ledger.readers
        self.ledger.readers += letters
        self.house.subscribe([f"reader{n:05d}@road.example" for n in range(first, first + letters)])

    @contextmanager
    def running(self, letters: int) -> Iterator[subprocess.Popen[bytes]]:
        """The daemon, from its start to whatever ends it."""
        self.refill(letters)
        started = time.monotonic()
        with self.house.started("run") as process:
            until(lambda: catches(process.pid, signal.SIGTERM) or process.poll() is not None, seconds=60)
            self.ledger.starts.append(time.monotonic() - started)
            yield process

    def kill(self, wanted: str) -> None:
        """Die in a poll, in a delivery, or anywhere."""
        asked, begun = self.feeds.asked, self.sink.begun
        with self.running(LETTERS if wanted == "delivery" else 0) as process:
            if wanted == "poll":
                until(lambda: self.feeds.asked > asked, seconds=20, every=0.002)
                time.sleep(self.chance.uniform(0, 0.6))
            elif wanted == "delivery":
                until(lambda: self.sink.begun > begun, seconds=30, every=0.002)
                time.sleep(self.chance.uniform(0, 0.5))
            else:
                time.sleep(self.chance.uniform(0, 3))
            process.kill()
            process.wait()
        self._note(asked, begun)

    def _note(self, asked: int, begun: int) -> None:
        sending = self.house.rows("SELECT message_id FROM delivery WHERE state = 'sending'")
        self.ledger.in_flight.update(row["message_id"] for row in sending)
        queued = self.house.rows("SELECT 1 FROM delivery WHERE state = 'queued'")
        unread = self.house.rows("SELECT 1 FROM feed_state WHERE last_polled_at IS NULL")
        if self.sink.begun > begun and (sending or queued):
            moment = "delivery"
        elif self.feeds.asked > asked and unread:
            moment = "poll"
        else:
            moment = "elsewhere"
        self.ledger.moments[moment] += 1
        self.ledger.unsound += not self.house.is_sound()

    def stop(self) -> None:
        """SIGTERM at any moment."""
        with self.running(self.chance.choice((0, 2))) as process:
            time.sleep(self.chance.uniform(0, 3))
            process.terminate()
            began = time.monotonic()
            self.ledger.codes[process.wait(timeout=60)] += 1
            self.ledger.stops.append(time.monotonic() - began)

    def wanted(self) -> str:
        """What there were too few of so far."""
        total = max(1, self.ledger.moments.total())
        for moment in ("poll", "delivery"):
            if self.ledger.moments[moment] < (SHARE + 0.05) * total:
                return moment
        return self.chance.choice(("poll", "delivery", "anywhere"))


def walk(road: Road, kills: int, stops: int) -> list[str]:
    """All kills, all stops, one undisturbed end; what was broken."""
    began = time.monotonic()
    for number in range(1, kills + 1):
        road.kill(road.wanted())
        if number % 50 == 0:
            left = (time.monotonic() - began) / number * (kills - number) / 60
            print(
                f"{number} kills {dict(road.ledger.moments)}; {left:.0f} minutes to go",
                file=sys.stderr,
                flush=True,
            )
    for _ in range(stops):
        road.stop()
    road.feeds.growing = False
    road.refill(0)
    road.house.call("poll", seconds=300)
    road.house.call("digest", "send", seconds=600)
    road.house.call("deliver", seconds=600)
    return list(_broken(road, kills))


def _broken(road: Road, kills: int) -> Iterator[str]:
    house, ledger = road.house, road.ledger
    stored = Counter(row["link"] for row in house.rows("SELECT link FROM article"))
    served = Counter(item.link for item in road.feeds.everything)
    if stored != served:
        yield f"{(served - stored).total()} lost, {(stored - served).total()} stored twice"
    if ledger.unsound or not house.is_sound():
        yield f"integrity failed {ledger.unsound} times"
    states = Counter(row["state"] for row in house.rows("SELECT state FROM delivery"))
    if set(states) != {"sent"}:
        yield f"letters not sent: {dict(states)}"
    copies = Counter(copy.message_id for copy in road.sink.copies)
    known = {row["message_id"] for row in house.rows("SELECT message_id FROM delivery")}
    if set(copies) != known:
        yield f"{len(known - set(copies))} letters never arrived, {len(set(copies) - known)} are unknown"
    extra = copies - Counter(set(copies))
    if not extra <= ledger.in_flight:
        yield f"copies that no kill explains: {extra - ledger.in_flight}"
    for moment in ("poll", "delivery"):
        if ledger.moments[moment] < SHARE * kills:
            yield f"only {ledger.moments[moment]} kills in a {moment}: the measure is void"
    if ledger.stops and (max(ledger.stops) > 10 or set(ledger.codes) != {0}):
        yield f"stops: longest {max(ledger.stops):.1f} s, codes {dict(ledger.codes)}"
    if slips := house.slips():
        yield f"{len(slips)} slips in the log: {slips[:3]}"


def _figures(road: Road, seconds: float) -> dict[str, object]:
    ledger = road.ledger
    copies = Counter(copy.message_id for copy in road.sink.copies)
    return {
        "kills": dict(ledger.moments),
        "served": len(road.feeds.everything),
        "stored": len(road.house.rows("SELECT 1 FROM article")),
        "letters": len(copies),
        "extra copies": copies.total() - len(copies),
        "kills with a letter in flight": ledger.in_flight.total(),
        "stops": len(ledger.stops),
        "longest stop": round(max(ledger.stops, default=0.0), 2),
        "codes": dict(ledger.codes),
        "longest start": round(max(ledger.starts, default=0.0), 2),
        "minutes": round(seconds / 60, 1),
    }


def main() -> int:
    """Read the options, walk, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--stops", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="kept; a temporary one, removed at the end, without it")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        models = folder / "models"
        first_model(ModelStore(models), datetime.now(UTC))
        began, sink = time.monotonic(), Sink(0.15, given.seed)
        (folder / "house").mkdir()
        house = House(folder / "house", models)
        house.starter = HASTY
        with (
            growing_feeds(FEEDS, relevant_texts(models), seed=given.seed) as feeds,
            mail_server(sink) as port,
        ):
            house.watch(FEEDS, feeds.port)
            house.mail_through(port)
            house.subscribe(["first@road.example"])
            road = Road(house, feeds, sink, random.Random(given.seed))
            broken = walk(road, given.kills, given.stops)
        print(
            json.dumps(
                {**_figures(road, time.monotonic() - began), "broken": broken}, ensure_ascii=False, indent=1
            )
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
