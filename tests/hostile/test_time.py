"""Thirty days of ticks in four zones over a change of clocks, with a suspend and clocks that jump: one digest a day."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from classifiers.taxonomy import load_taxonomy
from monitor.config.settings import Settings, load_settings
from monitor.store import subscribers
from monitor.store.database import open_store
from monitor.types import Subscriber, SubscriberStatus
from monitor.wiring import deliver_letters, mail_digests, press
from tests.system.post import read_letter

ZONES = ("Asia/Ho_Chi_Minh", "Asia/Tokyo", "America/New_York", "Europe/Berlin")
HOURS = (7, 2)
"""A usual hour, and the one that clocks skip or repeat."""
SPRING, AUTUMN = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 10, 10, tzinfo=UTC)
"""Thirty days from each see both New York and Berlin change their clocks."""
DAYS, TICK, HOUR = 30, timedelta(minutes=20), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """For some hours of real time the daemon's clock is off by `shift`; None is a suspend: no ticks at all."""

    day: int
    hour: int
    hours: int
    shift: timedelta | None


DISTURBANCES = (
    Disturbance(4, 20, 9, None),  # 20:00 to 05:00 UTC: over the morning in Asia
    Disturbance(8, 4, 9, None),  # 04:00 to 13:00: over the morning in Europe and America
    Disturbance(12, 18, 8, timedelta(days=1)),
    Disturbance(17, 9, 5, timedelta(days=1)),
    Disturbance(21, 18, 8, timedelta(days=-1)),
    Disturbance(25, 9, 5, timedelta(days=-1)),
)


def clock(start: datetime) -> Iterator[tuple[datetime, bool]]:
    """What the daemon's clock shows at each tick, and whether it is right."""
    for number in range(int(timedelta(days=DAYS) / TICK)):
        real = start + number * TICK
        off = next((each for each in DISTURBANCES if _holds(each, start, real)), None)
        if off is None:
            yield real, True
        elif off.shift is not None:
            yield real + off.shift, False


def _holds(disturbance: Disturbance, start: datetime, real: datetime) -> bool:
    begin = start + timedelta(days=disturbance.day, hours=disturbance.hour)
    return begin <= real < begin + timedelta(hours=disturbance.hours)


@contextmanager
def _host_zone(name: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


def _subscribe(settings: Settings, start: datetime) -> list[Subscriber]:
    with open_store(Path(settings.db), durable=True, create=True) as store:
        return [
            subscribers.add(
                store,
                Subscriber(
                    0, f"{zone.rpartition('/')[2].lower()}-{hour}@time.example", "vi", zone, "daily", hour, 0, (), True,
                    SubscriberStatus.ACTIVE, "test", start,
                ),
            )
            for zone in ZONES
            for hour in HOURS
        ]  # fmt: skip


def _expected(reader: Subscriber, start: datetime) -> list[date]:
    """The newest local date whose hour was over at the start, and every one that followed within the thirty days."""
    zone, end = ZoneInfo(reader.zone), start + timedelta(days=DAYS) - TICK
    first = start.astimezone(zone).date() - timedelta(days=3)
    dates = [first + timedelta(days=number) for number in range(DAYS + 6)]
    at = {
        day: datetime(day.year, day.month, day.day, reader.hour, tzinfo=zone).astimezone(UTC) for day in dates
    }
    newest = max(day for day in dates if at[day] <= start)
    return [day for day in dates if newest <= day and at[day] <= end]


SEASONS = pytest.mark.parametrize("start", [SPRING, AUTUMN], ids=["spring", "autumn"])
HOSTS = pytest.mark.parametrize("host", ZONES)


@pytest.fixture
def settings(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation of its own whose letters go into a folder."""
    for name, value in {"DB": tmp_path / "time.db", "MODELS": models, "OUTBOX": tmp_path / "outbox"}.items():
        monkeypatch.setenv(f"VIETNHAT_{name}", str(value))
    return load_settings()


@SEASONS
@HOSTS
def test_thirty_days_thirty_digests(settings: Settings, host: str, start: datetime) -> None:
    """Each local date of each reader has exactly one digest and one letter, wherever the host stands, whatever its
    clock does; while the clock is right no digest is later than the tick after its hour."""
    readers, taxonomy = _subscribe(settings, start), load_taxonomy()
    ticks = [now for now, _ in clock(start)]
    half = len(ticks) // 2
    with _host_zone(host):
        for lifetime in (ticks[:half], ticks[half:]):  # between them lies a restart
            with open_store(Path(settings.db), durable=True, create=True) as store:
                tool = press(settings, store, taxonomy, "none")
                for now in lifetime:
                    if tool.issue(now=now):
                        deliver_letters(settings, now=now, report=lambda *_: None)
        deliver_letters(settings, now=start + timedelta(days=DAYS), report=lambda *_: None)
    _check(settings, readers, start)


@pytest.mark.system
@SEASONS
@HOSTS
def test_every_tick_as_the_daemon_does_it(settings: Settings, host: str, start: datetime) -> None:
    """The same with all that a tick of the daemon does, each on a connection of its own: a restart every time."""
    readers = _subscribe(settings, start)
    with _host_zone(host):
        for now, _ in clock(start):
            mail_digests(settings, now=now, made=lambda _: None, report=lambda *_: None)
    _check(settings, readers, start)


def _check(settings: Settings, readers: Sequence[Subscriber], start: datetime) -> None:
    with open_store(Path(settings.db)) as store:
        rows = store.rows("SELECT subscriber_id, slot, composed_at FROM digest ORDER BY slot")
        states = store.rows("SELECT state, count(*) AS n FROM delivery GROUP BY state")
    assert [(row["state"], row["n"]) for row in states] == [("sent", len(rows))]
    letters = Counter(read_letter(path.read_bytes()).reader for path in Path(settings.outbox).glob("*.eml"))
    for reader in readers:
        mine = [row for row in rows if row["subscriber_id"] == reader.id]
        zone = ZoneInfo(reader.zone)
        dates = [_instant(row["slot"]).astimezone(zone).date() for row in mine]
        expected = _expected(reader, start)
        assert dates == expected, f"{reader.address}: missing {set(expected) - set(dates)}, {Counter(dates)}"
        assert DAYS <= len(dates) <= DAYS + 1
        assert letters[reader.address] == len(dates)
        late = [
            row for row in mine[1:] if not timedelta(0) <= _delay(row) <= TICK and not _was_off(row, start)
        ]
        assert not late, f"{reader.address}: {late}"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _delay(row: dict[str, str]) -> timedelta:
    return _instant(row["composed_at"]) - _instant(row["slot"])


def _was_off(row: dict[str, str], start: datetime) -> bool:
    """Whether the slot fell into a disturbance or, where the clock jumped, into the day before or after it."""
    slot = _instant(row["slot"])
    for each in DISTURBANCES:
        begin = start + timedelta(days=each.day, hours=each.hour)
        reach = abs(each.shift or timedelta(0))
        if begin - reach <= slot < begin + timedelta(hours=each.hours) + reach:
            return True
    return False
