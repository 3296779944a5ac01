"""Values of the weekly edition: what the archive holds, and what a week is told to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class RelevantArticle:
    """An article that was to be sent, as far as a week is concerned.

    `story` is its own number where it was not compared with others; `commitments` are the sure ones.
    """

    id: int
    story: int
    first_seen: datetime
    news: bool
    sectors: tuple[str, ...]
    commitments: tuple[str, ...]
    outlet: str
    language: str
    link: str
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Archive:
    """What a week is held against, the same for every reader.

    `days` are those (UTC) on which anything was read, in order. `entries` counts what was read in each of the last
    weeks, oldest first; the last of them ends at `until`.
    """

    until: datetime
    relevant: tuple[RelevantArticle, ...]
    days: tuple[date, ...]
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SectorTrend:
    """Stories of one sector in each week, oldest first; `more` when this week has more than usual."""

    sector: str
    counts: tuple[int, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """What the sectors did, week by week, oldest first.

    `entries` is what was read in each week; None where that was nothing, or hardly anything, and the week says nothing.
    `compared` is False where there are too few such weeks to call anything usual.
    """

    entries: tuple[int | None, ...]
    sectors: tuple[SectorTrend, ...]
    compared: bool


@dataclass(frozen=True, slots=True)
class Movement:
    """A commitment with stories this week.

    `since` is when it had one before, told only where that is long ago; `never_since` the first day of the archive
    where it had none in all of it.
    """

    commitment: str
    stories: int
    since: datetime | None = None
    never_since: date | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """A commitment that usually has a story every `usual` days, and now had none for `days`."""

    commitment: str
    days: int
    usual: int


@dataclass(frozen=True, slots=True)
class NewName:
    """A name of this week's headlines that no relevant article held before."""

    name: str
    article: RelevantArticle


@dataclass(frozen=True, slots=True)
class Week:
    """What a weekly edition says beside its stories; `began` is the first day of the archive."""

    trend: Trend
    moved: tuple[Movement, ...]
    silent: tuple[Silence, ...]
    names: tuple[NewName, ...]
    began: date | None
