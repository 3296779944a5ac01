"""What follows from a bounce or a complaint for one reader. Decides; touches nothing.

A letter's Message-ID is known to its reader and the servers on its way alone: what quotes it is believed. All else may
be forged, and only adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from monitor.types import Bounce, Consequence, SubscriberStatus

DAYS = 5
"""Days with bounces after which a reader is suspended: Mailman's threshold, 5.0 with one increment a day."""

STALE = timedelta(days=7)
"""Bounces before a pause longer than this do not count any more: Mailman's rule."""

WINDOW = DAYS * STALE
"""How far back bounces need be known."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the reader, and whether this report is `known` already.

    `proven`: it quotes a letter that was sent to the very address that is still theirs. `counted_on`: the days (UTC)
    on which such a report was put on record since they were last resumed.
    """

    status: SubscriberStatus
    proven: bool
    known: bool
    counted_on: frozenset[date]


def after_bounce(bounce: Bounce, standing: Standing, *, today: date) -> Consequence:
    """SUSPEND, COUNT or NOTHING. Who is not mailed anyway is only put on record."""
    if standing.known:
        return Consequence.NOTHING
    if standing.status is SubscriberStatus.ACTIVE:
        if bounce.hard and standing.proven:
            return Consequence.SUSPEND
        if len(_lasting(standing.counted_on | {today}, today)) >= DAYS:
            return Consequence.SUSPEND
    return Consequence.NOTHING if today in standing.counted_on else Consequence.COUNT


def _lasting(days: frozenset[date], today: date) -> list[date]:
    """The days up to today without a pause between them in which bounces grow stale."""
    counted = [today]
    for day in sorted((day for day in days if day < today), reverse=True):
        if counted[-1] - day > STALE:
            break
        counted.append(day)
    return counted


def after_complaint(standing: Standing, *, today: date) -> Consequence:
    """REMOVE, COUNT or NOTHING."""
    if standing.known:
        return Consequence.NOTHING
    if standing.proven:
        return Consequence.REMOVE
    return Consequence.NOTHING if today in standing.counted_on else Consequence.COUNT
