"""The ledger of a polite reader: what one server saw of days of polling, in simulated time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from monitor.polling import Poller, due_feeds
from monitor.store import polls
from monitor.store.database import Store
from monitor.types import Bounds, Failed, FailureKind, Feed, Fetched, FetchOutcome, NotModified, Validators
from tests.line.fakes import InlineReader, rss

START = datetime(2026, 11, 2, tzinfo=UTC)
HOUR, TICK = timedelta(hours=1), timedelta(minutes=2)


@dataclass
class Newsstand:
    """Feeds that bring something every so many hours and answer 304 between; one host in distress now and then."""

    every: dict[str, float]
    now: datetime = START
    asked: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    unchanged: int = 0
    answered_304: int = 0
    held: dict[str, datetime] = field(default_factory=dict)
    patience: dict[str, datetime] = field(default_factory=dict)
    early: int = 0

    def hold(self, host: str, seconds: float) -> None:
        self.held[host] = self.now + timedelta(seconds=seconds)

    async def get(self, url: str, validators: Validators) -> FetchOutcome:
        host = url.split("/")[2]
        if self.held.get(host, self.now) > self.now:
            left = (self.held[host] - self.now).total_seconds()
            return Failed(FailureKind.WAITING, "asked to wait", retry_after=left, host=host)
        self.asked[url].append(self.now)
        self.early += self.patience.get(host, self.now) > self.now
        if host == "mệt.example" and self.now.hour % 8 == 3:
            self.patience[host] = self.now + 2 * HOUR
            self.hold(host, 7200.0)
            return Failed(FailureKind.STATUS, "status 503", 503, 7200.0, host)
        number = int((self.now - START) / HOUR / self.every[url])
        mark = f'"{number}"'
        if validators.body_hash == mark:
            self.unchanged += 1
            if validators.etag == mark:
                self.answered_304 += 1
                return NotModified(url, 304, validators)
            return NotModified(url, 200, Validators(mark, None, mark))
        entries = {f"{url}/{n:05d}.html": (f"Tin số {n}", "") for n in range(max(0, number - 9), number + 1)}
        return Fetched(url, 200, rss(entries), "", Validators(mark, None, mark))


def test_five_days_of_polling(store: Store) -> None:
    """No request before Retry-After, none within a feed's shortest pause, 304 for 19 of 20 unchanged polls; a feed is
    asked at its own rhythm, and nothing it brought is missed."""
    every = {f"https://báo{n}.example/rss": hours for n, hours in enumerate((0.2, 1, 3, 12, 48, 100))}
    every |= {f"https://mệt.example/{n}": 1.0 for n in range(3)}
    feeds = [Feed(f"f{n}", url, "tin", url, "vi", "Asia/Ho_Chi_Minh", "press") for n, url in enumerate(every)]
    stand, bounds = Newsstand(every), Bounds()
    poller = Poller(store, stand, InlineReader(), bounds, lambda _: None)

    async def days() -> None:
        while stand.now < START + timedelta(days=5):
            due = due_feeds(feeds, polls.feed_states(store), stand.now)
            if due:
                await poller.poll(due, now=stand.now)
            stand.now += TICK

    asyncio.run(days())
    gaps = {url: [b - a for a, b in pairwise(times)] for url, times in stand.asked.items()}
    assert stand.early == 0
    assert min(gap for those in gaps.values() for gap in those) >= bounds.floor
    assert stand.answered_304 >= 0.95 * stand.unchanged > 0
    settled = {url: sorted(those[len(those) // 2 :])[len(those) // 4] for url, those in gaps.items()}
    quick, hourly, *_, rare = (settled[f"https://báo{n}.example/rss"] for n in range(6))
    assert quick <= timedelta(minutes=12)
    assert timedelta(minutes=20) <= hourly <= timedelta(minutes=45)
    assert rare >= timedelta(minutes=45)
    assert max(gaps["https://báo5.example/rss"]) >= 5 * HOUR
    for url, hours in every.items():
        stored = store.rows("SELECT count(*) AS n FROM article WHERE outlet = ?", [url])[0]["n"]
        assert stored >= 5 * 24 / hours - 40  # the first poll finds the newest ten, the last may be to come
    busiest = store.rows("SELECT link FROM article WHERE outlet = 'https://báo0.example/rss' ORDER BY id")
    numbers = [int(row["link"][-10:-5]) for row in busiest]
    assert sorted(numbers) == list(range(min(numbers), max(numbers) + 1))
