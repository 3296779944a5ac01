"""kill -9 at random moments of polling and of mailing: nothing lost, nothing stored twice, hardly a letter doubled.

What is killed is the command alone, not its group: its children have to notice by themselves.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.system.growing import GrowingFeeds, growing_feeds, relevant_texts
from tests.system.house import House, until
from tests.system.post import Copy, Sink, faults_of_form, mail_server, read_outbox

pytestmark = pytest.mark.system

FEEDS = ("bao-song-hong", "bao-song-ma", "bao-song-han", "bao-song-hau", "bao-song-gianh", "bao-song-ba")
FIRST_MORNING = datetime(2026, 9, 7, 7, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
ENOUGH = 20
MOST_ROUNDS = 70
POLLING = 0.7
"""Seconds from the first request to well after the last answer."""
SLOWNESS = 0.06


@dataclass
class Ledger:
    """Where the kills fell, and which letters were under way."""

    polling: Counter[str] = field(default_factory=Counter)
    mailing: Counter[str] = field(default_factory=Counter)
    in_flight: Counter[str] = field(default_factory=Counter)
    """By Message-ID, the kills that found it between `sending` and its answer."""


class Street:
    """A house, its feeds, and mornings that pass."""

    def __init__(
        self, house: House, feeds: GrowingFeeds, letters: Callable[[], int], *, mailing: float, seed: int
    ) -> None:
        """`letters` counts those begun; `mailing` is about how long sending a morning's letters takes."""
        self.house, self.feeds, self.letters, self.mailing = house, feeds, letters, mailing
        self.ledger = Ledger()
        self.now = FIRST_MORNING
        self.random = random.Random(seed)

    @property
    def as_of(self) -> str:
        """The present morning, for the command line."""
        return self.now.isoformat()

    def next_morning(self) -> None:
        """A day passes."""
        self.now += timedelta(days=1)
        self.feeds.now = self.now

    def morning(self, polls: tuple[str, ...] = ("poll",)) -> None:
        """A day on which nobody is killed."""
        self.next_morning()
        for words in (polls, ("digest", "send")):
            self.house.call(*words, "--as-of", self.as_of)

    def kill_poll(self) -> None:
        """Poll, and die at some moment; note which."""
        asked = self.feeds.asked
        with self.house.started("poll", "--as-of", self.as_of) as process:
            if self.random.random() < 0.8:
                until(lambda: self.feeds.asked > asked or process.poll() is not None, seconds=20, every=0.002)
            time.sleep(self.random.uniform(0, POLLING))
            process.kill()
            process.wait()
        self.ledger.polling[self._where_polling(process.returncode, self.feeds.asked - asked)] += 1

    def poll_after_kill(self) -> None:
        """Poll to the end while the feeds stand still: who believes to know a document must have stored it."""
        self.feeds.growing = False
        self.house.call("poll", "--as-of", self.as_of)
        self.feeds.growing = True
        self.check_stored()

    def check_stored(self) -> None:
        """Everything served so far is stored exactly once."""
        stored = Counter(row["link"] for row in self.house.rows("SELECT link FROM article"))
        assert stored == Counter(item.link for item in self.feeds.everything)

    def kill_mail(self) -> None:
        """Make and send the digests, and die at some moment; note which, and what was in flight."""
        before = self.letters()
        with self.house.started("digest", "send", "--as-of", self.as_of) as process:
            if self.random.random() < 0.8:
                until(lambda: self.letters() > before or process.poll() is not None, seconds=20, every=0.002)
                time.sleep(self.random.uniform(0, self.mailing))
            else:
                time.sleep(self.random.uniform(0.2, 1.2))
            process.kill()
            process.wait()
        sending = [
            row["message_id"]
            for row in self.house.rows("SELECT message_id FROM delivery WHERE state = 'sending'")
        ]
        self.ledger.in_flight.update(sending)
        assert len(sending) <= 1, "one letter at a time"
        self.ledger.mailing[self._where_mailing(process.returncode, sending, before)] += 1

    def _where_polling(self, code: int, requests: int) -> str:
        done = len(self.house.rows("SELECT 1 FROM feed_state WHERE last_polled_at = ?", _stored(self.now)))
        if code == 0:
            return "after the end"
        if not requests:
            return "before the first request"
        return "polling" if done < len(FEEDS) else "judging"

    def _where_mailing(self, code: int, sending: Sequence[str], before: int) -> str:
        if code == 0:
            return "after the end"
        if sending:
            return "sending"
        return "between letters" if self.letters() > before else "composing or earlier"


def _stored(instant: datetime) -> str:
    return instant.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def _readers(count: int) -> list[str]:
    return [f"reader{number:02d}@kill.example" for number in range(count)]


def _settle(street: Street) -> None:
    """No more news, no more kills: two mornings must be enough to bring everything to its end."""
    street.feeds.growing = False
    street.morning()
    street.morning()


def _check(street: Street, copies: Sequence[Copy], readers: Sequence[str]) -> dict[str, int]:
    """Everything served is stored once; every relevant article is in one letter to each reader."""
    house, served = street.house, street.feeds.everything
    assert house.is_sound()
    street.check_stored()
    assert {row["state"] for row in house.rows("SELECT state FROM delivery")} == {"sent"}
    assert not house.strays()
    assert not house.tracebacks()

    relevant = {item.link for item in served if item.relevant}
    letters = {copy.message_id: copy for copy in copies}
    for reader in readers:
        got = Counter(
            link
            for copy in letters.values()
            if copy.reader == reader
            for link in copy.links
            if link in relevant
        )
        assert got == Counter(relevant), (
            f"{reader}: lost {relevant - set(got)}, twice {[k for k, n in got.items() if n > 1]}"
        )
    extra = Counter(copy.message_id for copy in copies) - Counter(set(letters))
    assert extra <= street.ledger.in_flight, "a copy more than kills can explain"
    assert set(letters) == {row["message_id"] for row in house.rows("SELECT message_id FROM delivery")}
    return {
        "entries": len(served),
        "relevant": len(relevant),
        "letters": len(letters),
        "extra copies": extra.total(),
    }


def _play(street: Street, enough: Callable[[Ledger], bool], *, polls: bool, most_seconds: float) -> float:
    """Mornings full of kills until there were enough; how long it took."""
    started = time.monotonic()
    for round_number in range(MOST_ROUNDS):
        if enough(street.ledger) or time.monotonic() - started > most_seconds:
            break
        street.next_morning()
        if polls:
            street.kill_poll()
            if round_number % 2:  # a week without a whole poll would make news too old to be mailed
                street.poll_after_kill()
        else:
            street.house.call("poll", "--as-of", street.as_of, FEEDS[0])
        street.kill_mail()
    return time.monotonic() - started


def test_kills_during_polls_and_deliveries_by_smtp(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Promises 1 to 3 over a mail server that takes letters before it says so."""
    sink, readers = Sink(SLOWNESS), _readers(10)
    house = House(tmp_path, models)
    with growing_feeds(FEEDS, relevant_texts(models)) as feeds, mail_server(sink) as port:
        house.watch(FEEDS, feeds.port)
        house.mail_through(port)
        house.subscribe(readers)
        street = Street(house, feeds, lambda: sink.begun, mailing=0.5, seed=1)
        street.morning()
        seconds = _play(
            street,
            lambda ledger: ledger.polling["polling"] >= ENOUGH and ledger.mailing["sending"] >= ENOUGH,
            polls=True,
            most_seconds=150,
        )
        _settle(street)
        figures = _check(street, sink.copies, readers)
    with capsys.disabled():
        print(
            f"\nkill -9, SMTP: {dict(street.ledger.polling)} {dict(street.ledger.mailing)} {figures} {seconds:.0f} s"
        )
    assert not [fault for raw in sink.raw for fault in faults_of_form(raw)]
    assert street.ledger.polling["polling"] >= ENOUGH
    assert street.ledger.mailing["sending"] >= ENOUGH


def test_kills_during_deliveries_into_a_folder(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same with .eml files: each letter is there whole and once, whatever was killed while writing."""
    readers = _readers(40)
    house = House(tmp_path, models)
    with growing_feeds(FEEDS, relevant_texts(models), seed=2) as feeds:
        feeds.slowness = 0.0
        house.watch(FEEDS, feeds.port)
        house.subscribe(readers)
        street = Street(house, feeds, lambda: len(list(house.outbox.glob("*.eml"))), mailing=0.1, seed=2)
        street.morning()
        seconds = _play(
            street,
            lambda ledger: ledger.mailing["sending"] + ledger.mailing["between letters"] >= ENOUGH,
            polls=False,
            most_seconds=80,
        )
        _settle(street)
        copies = read_outbox(house.outbox)
        figures = _check(street, copies, readers)
    with capsys.disabled():
        print(f"\nkill -9, folder: {dict(street.ledger.mailing)} {figures} {seconds:.0f} s")
    assert figures["extra copies"] == 0
    assert street.ledger.mailing["sending"] + street.ledger.mailing["between letters"] >= ENOUGH
