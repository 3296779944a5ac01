"""Commitments with stories this week, and those that are silent for unusually long. Pure.

What is usual is learnt of each commitment alone: from the gaps between the stories the archive holds of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from monitor.digest.trend import WEEK, stories_of
from monitor.types import Archive, Movement, Silence

LONG_AGO = timedelta(days=28)
"""A commitment that had no story for so long is told with the date of the last one."""

OLD_ENOUGH = timedelta(days=90)
"""In a younger archive it means little that a commitment never had a story."""

FEWEST = 5
"""Days with a story before anything of a commitment is called usual,"""
TIMES = 3
"""how many usual gaps a silence must last,"""
LEAST_DAYS = 28
"""and how many days."""


def moved(archive: Archive) -> tuple[Movement, ...]:
    """Commitments with stories that began this week, those with most first."""
    start = archive.until - WEEK
    began = next((day for day in archive.days if archive.until.date() - day >= OLD_ENOUGH), None)
    found = []
    for commitment, moments in _moments(archive).items():
        stories = sum(moment > start for moment in moments)
        last = max((moment for moment in moments if moment <= start), default=None)
        if stories:
            first = min(moment for moment in moments if moment > start)
            since = last if last and first - last >= LONG_AGO else None
            found.append(Movement(commitment, stories, since, began if last is None else None))
    return tuple(sorted(found, key=_order))


def _order(one: Movement) -> tuple[object, ...]:
    """Most stories first; among equals those that were away."""
    return -one.stories, not (one.since or one.never_since), one.commitment


def silent(archive: Archive) -> tuple[Silence, ...]:
    """Commitments that usually have stories and had none for unusually long, the most unusual first.

    A silence is unusual when it is over three times the mean gap, at least four weeks, and longer than every gap
    before: of so many gaps that come as they like, the newest is the longest once in as many. It is counted in
    days on which something was read, for what nobody read is no silence; the gaps learnt from are of the calendar.
    """
    found = []
    for commitment, moments in _moments(archive).items():
        days = sorted({moment.date() for moment in moments})
        if len(days) < FEWEST:
            continue
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        usual = sum(gaps) / len(gaps)
        since = _read_days(archive.days, days[-1], archive.until)
        if since >= LEAST_DAYS and since > TIMES * usual and since > max(gaps):
            found.append((since / usual, Silence(commitment, since, max(1, round(usual)))))
    return tuple(one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].commitment)))


def _moments(archive: Archive) -> dict[str, list[datetime]]:
    """When each commitment was first touched by each of its stories."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for _, those in stories_of(archive.relevant):
        touched: dict[str, datetime] = {}
        for article in those:
            for commitment in article.commitments:
                touched[commitment] = min(article.first_seen, touched.get(commitment, article.first_seen))
        for commitment, moment in touched.items():
            found[commitment].append(moment)
    return found


def _read_days(days: Sequence[date], last: date, until: datetime) -> int:
    """The days after `last`, up to the end, on which something was read."""
    return bisect_left(days, until.date()) - bisect_left(days, last + timedelta(days=1))
