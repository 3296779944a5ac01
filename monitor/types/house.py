"""Values about the house itself: how feeds are doing, and what the operator is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from monitor.types.news import Feed


class Condition(StrEnum):
    """From well to worst; one feed has one."""

    OK = "ok"
    NEW = "new"
    MOVED = "moved"
    FAILING = "failing"
    EMPTY = "empty"
    SILENT = "silent"
    BLOCKED = "blocked"
    DEAD = "dead"
    ENDED = "ended"


REPORTED = (
    Condition.ENDED,
    Condition.DEAD,
    Condition.BLOCKED,
    Condition.SILENT,
    Condition.EMPTY,
    Condition.MOVED,
)
"""What a person must look at, most urgent first; FAILING mends itself or becomes DEAD."""


@dataclass(frozen=True, slots=True)
class Health:
    """One feed's condition, since when, and the detail that belongs to it (a reason, a new address)."""

    feed: Feed
    condition: Condition
    since: datetime | None = None
    detail: str = ""


class Trouble(StrEnum):
    """What may be wrong with the house itself."""

    BACKUP = "backup"
    DISK = "disk"
    LETTERS = "letters"
    OFFLINE = "offline"
    FLOOD = "flood"
    ROUND = "round"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Note:
    """One trouble of the house, with the figure that belongs to it as text."""

    trouble: Trouble
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What one day's report says. `well_again` are feed ids and troubles of the last report that are over."""

    day: date
    feeds: tuple[Health, ...]
    notes: tuple[Note, ...]
    watched: int
    new: frozenset[str]
    well_again: tuple[str, ...]

    @property
    def conditions(self) -> dict[str, str]:
        """What the next report is compared with."""
        feeds = {health.feed.id: str(health.condition) for health in self.feeds}
        return feeds | {f"!{note.trouble}": "" for note in self.notes}

    @property
    def worth_a_letter(self) -> bool:
        """Whether the operator must be told."""
        monday = self.day.weekday() == 0
        return bool(self.new or self.well_again) or (monday and bool(self.conditions))
