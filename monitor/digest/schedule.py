"""When a reader's digest is due: slots computed from the reader's own zone, never from a timer.

A slot is the instant of the reader's hour on one local day. Where a clock change skips that hour, the slot is
as long after midnight as on any other day; where it repeats the hour, the first of the two counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.types import Subscriber

_REACH = 16
"""Days to look back: two weeks, and a day each way for the zone."""


def latest_slot(subscriber: Subscriber, now: datetime) -> datetime:
    """The newest slot at or before `now`, in UTC."""
    return max(slot for slot in _slots_around(subscriber, now) if slot <= now)


def previous_slot(subscriber: Subscriber, slot: datetime) -> datetime:
    """The slot before `slot`."""
    return max(earlier for earlier in _slots_around(subscriber, slot) if earlier < slot)


def is_due(subscriber: Subscriber, last_slot: datetime | None, now: datetime) -> bool:
    """Whether a slot has come since the one recorded last. A clock that jumps back makes nothing due."""
    return last_slot is None or latest_slot(subscriber, now) > last_slot


def _slots_around(subscriber: Subscriber, instant: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(subscriber.zone)
    newest = instant.astimezone(zone).date() + timedelta(days=1)
    for back in range(_REACH):
        day = newest - timedelta(days=back)
        if subscriber.cadence == "daily" or day.weekday() == subscriber.weekday:
            yield _slot_of(day, subscriber.hour, zone)


def _slot_of(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
