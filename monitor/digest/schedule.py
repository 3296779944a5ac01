"""When a reader's digest is due: slots computed from the reader's own zone, never from a timer.

A slot is the instant of a reader's hour on one local day. Where a clock change skips that hour, the slot is as long
after midnight as on any other day; where it repeats the hour, the first of the two counts. The only module that knows
the holidays library.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

from monitor.types import Subscriber

_REACH = 31
"""Days to look back: two weeks, a week of holidays before each, and a day each way for the zone."""


def latest_slot(subscriber: Subscriber, now: datetime) -> datetime:
    """The newest slot at or before `now`, in UTC."""
    return next(slot for slot in _slots_around(subscriber, now) if slot <= now)


def previous_slot(subscriber: Subscriber, slot: datetime) -> datetime:
    """The slot before `slot`."""
    return next(earlier for earlier in _slots_around(subscriber, slot) if earlier < slot)


def is_due(subscriber: Subscriber, last_slot: datetime | None, now: datetime) -> bool:
    """Whether a slot has come since the one recorded last. A clock that jumps back makes nothing due."""
    if subscriber.cadence == "alerts":
        return False
    return last_slot is None or latest_slot(subscriber, now) > last_slot


def is_quiet(subscriber: Subscriber, now: datetime) -> bool:
    """Whether this reader wants no alert at this hour."""
    hour = now.astimezone(ZoneInfo(subscriber.zone)).hour
    start, end = subscriber.quiet_from, subscriber.quiet_until
    return start <= hour < end if start <= end else hour >= start or hour < end


def _slots_around(subscriber: Subscriber, instant: datetime) -> Iterator[datetime]:
    """The slots up to a day after an instant, newest first."""
    zone = ZoneInfo(subscriber.zone)
    newest = instant.astimezone(zone).date() + timedelta(days=1)
    for back in range(_REACH):
        day = newest - timedelta(days=back)
        if _is_a_day_for(subscriber, day):
            yield from (_slot_of(day, hour, zone) for hour in _hours(subscriber))


def _is_a_day_for(subscriber: Subscriber, day: date) -> bool:
    if subscriber.cadence == "weekly":  # a week without a letter would be two weeks of news in one
        return day.weekday() == subscriber.weekday
    if subscriber.cadence == "workdays" and day.weekday() > 4:
        return False
    return not any(day in _holidays(country, day.year) for country in subscriber.holidays)


def _hours(subscriber: Subscriber) -> list[int]:
    """Latest first."""
    if subscriber.cadence == "twice":
        return sorted({subscriber.hour, subscriber.second_hour}, reverse=True)
    return [subscriber.hour]


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(country_holidays(country, years=year))


def _slot_of(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
