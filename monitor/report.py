"""The daily report: what is not well, and whether the operator must be told today. Decides; sends nothing.

A letter a day at most, and only on days on which something changed, or on Mondays while something is still wrong:
a report that says the same every morning is read by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from monitor.types import REPORTED, Health, Note, Report
from monitor.watch import ZONE  # a day is the newspapers' day

HOUR = 6
"""Not before this hour: what failed at night has been tried again by then."""


def report_day(now: datetime) -> date | None:
    """The day whose report is due by now; None in the first hours of a day."""
    local = now.astimezone(ZONE)
    return local.date() if local.hour >= HOUR else None


def make_report(
    day: date, healths: Sequence[Health], notes: Sequence[Note], last: Mapping[str, str]
) -> Report:
    """Today's report; `last` holds the conditions of the one before."""
    troubled = [health for health in healths if health.condition in REPORTED]
    troubled.sort(key=lambda health: (REPORTED.index(health.condition), health.feed.id))
    found = Report(day, tuple(troubled), tuple(notes), len(healths), frozenset(), ())
    now = found.conditions
    new = frozenset(key for key, condition in now.items() if last.get(key) != condition)
    known = {health.feed.id for health in healths}
    over = tuple(sorted(key for key in last if key not in now and (key in known or key.startswith("!"))))
    return Report(day, found.feeds, found.notes, found.watched, new, over)
