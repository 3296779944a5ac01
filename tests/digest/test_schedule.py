"""When a digest is due: one slot for each local day or week, in every zone, on every day of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.digest.schedule import is_due, is_quiet, latest_slot, previous_slot
from monitor.types import Subscriber
from tests.digest.samples import reader

ZONES = ("Asia/Ho_Chi_Minh", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-21T00:00", "2026-11-21T00:00"),
        ("2026-11-20T23:59", "2026-11-20T00:00"),
        ("2026-11-21T23:59", "2026-11-21T00:00"),
    ],
)
def test_the_daily_slot_is_the_readers_hour(now: str, slot: str) -> None:
    """07:00 in Vietnam is 00:00 UTC; a slot counts from its very instant."""
    assert latest_slot(reader(hour=7), at(now)) == at(slot)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-23T00:00", "2026-11-23T00:00"),
        ("2026-11-22T23:59", "2026-11-16T00:00"),
        ("2026-11-29T12:00", "2026-11-23T00:00"),
    ],
)
def test_the_weekly_slot_falls_on_the_readers_weekday(now: str, slot: str) -> None:
    """Weekday 0 is Monday, in the reader's zone."""
    assert latest_slot(reader(cadence="weekly", weekday=0), at(now)) == at(slot)


@pytest.mark.parametrize(
    ("zone", "hour", "day", "slot"),
    [
        ("Europe/Berlin", 2, "2026-03-29", "2026-03-29T01:00"),  # 02:00 is skipped
        ("Europe/Berlin", 2, "2026-10-25", "2026-10-25T00:00"),  # 02:00 comes twice
        ("America/New_York", 2, "2026-03-08", "2026-03-08T07:00"),
        ("America/New_York", 1, "2026-11-01", "2026-11-01T05:00"),
        ("Africa/Cairo", 0, "2026-04-24", "2026-04-23T22:00"),  # midnight itself is skipped
    ],
)
def test_clock_changes_leave_one_slot(zone: str, hour: int, day: str, slot: str) -> None:
    """A skipped hour is moved, a repeated one counts once."""
    subscriber = reader(zone=zone, hour=hour)
    noon = datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo(zone)) + timedelta(
        hours=12
    )
    assert latest_slot(subscriber, noon.astimezone(UTC)) == at(slot)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 7, 23])
def test_each_local_day_has_exactly_one_slot(zone: str, hour: int) -> None:
    """A year of slots, one on each local day, and `previous_slot` walks back over them."""
    subscriber = reader(zone=zone, hour=hour)
    slots = _slots_of_a_year(subscriber)
    days = [slot.astimezone(ZoneInfo(zone)).date() for slot in slots]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert [previous_slot(subscriber, slot) for slot in slots[1:]] == slots[:-1]


def test_a_weekly_reader_has_one_slot_a_week() -> None:
    """A year has 52 or 53 of them, each a Sunday."""
    subscriber = reader(zone="Europe/Berlin", cadence="weekly", weekday=6, hour=2)
    slots = _slots_of_a_year(subscriber)
    assert len(slots) in {52, 53}
    assert {slot.astimezone(ZoneInfo("Europe/Berlin")).weekday() for slot in slots} == {6}
    assert [previous_slot(subscriber, slot) for slot in slots[1:]] == slots[:-1]


def test_a_day_that_never_was_makes_no_second_slot() -> None:
    """Samoa had no 30 December 2011: slots still strictly follow one another."""
    subscriber = reader(zone="Pacific/Apia", hour=8)
    slot = latest_slot(subscriber, at("2012-01-02T00:00"))
    earlier = [slot := previous_slot(subscriber, slot) for _ in range(5)]
    assert earlier == sorted(set(earlier), reverse=True)
    assert earlier[0] - earlier[-1] == timedelta(days=4)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, "2026-11-21T00:00", True),
        ("2026-11-20T00:00", "2026-11-20T23:59", False),
        ("2026-11-20T00:00", "2026-11-21T00:00", True),
        ("2026-11-20T00:00", "2026-11-24T10:00", True),  # missed hours are caught up, once
        ("2026-11-21T00:00", "2026-11-20T03:00", False),  # the clock jumped back
    ],
)
def test_due_when_a_newer_slot_has_come(last: str | None, now: str, due: bool) -> None:
    """Only the record of the last slot and the time decide."""
    assert is_due(reader(), at(last) if last else None, at(now)) is due


def _slots_of_a_year(subscriber: Subscriber) -> list[datetime]:
    start = at("2026-01-05T12:00")
    instants = (start + timedelta(hours=2 * n) for n in range(365 * 12))
    return sorted({latest_slot(subscriber, instant) for instant in instants})


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-20T23:59", "2026-11-20T10:00"),
        ("2026-11-21T00:00", "2026-11-21T00:00"),
        ("2026-11-21T10:00", "2026-11-21T10:00"),
    ],
)
def test_twice_a_day_has_two_slots(now: str, slot: str) -> None:
    """07:00 and 17:00 in Vietnam."""
    assert latest_slot(reader(cadence="twice", hour=7, second_hour=17), at(now)) == at(slot)


def test_workdays_leave_the_weekend_out() -> None:
    """Saturday and Sunday still look back to Friday; the letter before Monday's is Friday's."""
    monday = at("2026-11-23T00:00")
    subscriber = reader(cadence="workdays", hour=7)
    assert latest_slot(subscriber, at("2026-11-22T12:00")) == at("2026-11-20T00:00")
    assert latest_slot(subscriber, monday) == monday
    assert previous_slot(subscriber, monday) == at("2026-11-20T00:00")


@pytest.mark.parametrize(
    ("countries", "now", "slot"),
    [
        (("VN",), "2026-02-18T12:00", "2026-02-15T00:00"),  # Tết
        (("JP",), "2026-02-18T12:00", "2026-02-18T00:00"),
        (("JP",), "2026-05-05T12:00", "2026-05-02T00:00"),  # the golden week
        (("VN", "JP"), "2026-09-02T12:00", "2026-08-30T00:00"),
        ((), "2026-09-02T12:00", "2026-09-02T00:00"),
    ],
)
def test_public_holidays_are_left_out_for_who_wants_it(
    countries: tuple[str, ...], now: str, slot: str
) -> None:
    """The days of the countries a reader chose have no slot."""
    assert latest_slot(reader(hour=7, holidays=countries), at(now)) == at(slot)


def test_a_weekly_digest_comes_on_holidays_too() -> None:
    """Else two weeks would be one."""
    subscriber = reader(cadence="weekly", weekday=2, hour=7, holidays=("VN",))
    assert latest_slot(subscriber, at("2026-02-18T12:00")) == at("2026-02-18T00:00")


def test_who_wants_alerts_alone_has_no_digest() -> None:
    """Nothing is ever due."""
    assert not is_due(reader(cadence="alerts"), None, at("2026-11-21T00:00"))


@pytest.mark.parametrize(
    ("start", "end", "quiet"),
    [(21, 6, {21, 22, 23, *range(6)}), (0, 0, set()), (9, 17, set(range(9, 17))), (23, 0, {23})],
)
def test_quiet_hours_are_local(start: int, end: int, quiet: set[int]) -> None:
    """From one hour to another, over midnight too; equal ones are none at all."""
    subscriber = reader(quiet_from=start, quiet_until=end, zone="Asia/Ho_Chi_Minh")
    midnight = at("2026-11-20T17:00")
    assert {hour for hour in range(24) if is_quiet(subscriber, midnight + timedelta(hours=hour))} == quiet
