"""A house, its growing feeds and mornings that pass: what rigs that kill the program have in common.

What is killed is the command alone, not its group: its children have to notice by themselves.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.system.growing import GrowingFeeds
from tests.system.house import House, until
from tests.system.post import Copy

FEEDS = ("bao-song-hong", "bao-song-ma", "bao-song-han", "bao-song-hau", "bao-song-gianh", "bao-song-ba")
FIRST_MORNING = datetime(2026, 9, 7, 7, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
POLLING = 0.7
"""Seconds from the first request to well after the last answer."""


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


def readers(count: int) -> list[str]:
    """Addresses of that many readers."""
    return [f"reader{number:02d}@kill.example" for number in range(count)]


def settle(street: Street) -> None:
    """No more news, no more kills: two mornings must be enough to bring everything to its end."""
    street.feeds.growing = False
    street.morning()
    street.morning()


def check(street: Street, copies: Sequence[Copy], addresses: Sequence[str]) -> dict[str, int]:
    """Everything served is stored once; every relevant article is in one letter to each reader."""
    house, served = street.house, street.feeds.everything
    assert house.is_sound()
    street.check_stored()
    assert {row["state"] for row in house.rows("SELECT state FROM delivery")} == {"sent"}
    assert not house.strays()
    assert house.slips() == []

    relevant = {item.link for item in served if item.relevant}
    letters = {copy.message_id: copy for copy in copies}
    for reader in addresses:
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
