"""A week in words: every value the weekly templates print beside the stories. Knows no markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from classifiers.taxonomy import Taxonomy
from monitor.digest.lines import sector_name, sector_names
from monitor.digest.plain import plain
from monitor.digest.trend import FEWEST_STORIES, FEWEST_WEEKS, usual
from monitor.digest.view import Link, headline_of
from monitor.digest.words import Words
from monitor.types import Movement, NewName, SectorTrend, Trend, Week

MAX_MOVED = 14
MAX_SILENT = 6
MAX_NAMES = 6
"""Few and good: what is told of each kind, at most; of commitments the reader is told how many more there are."""

HIGHEST = 40
"""Of a bar, in pixels; a week with a story is never lower than LOWEST, one without is a line."""
LOWEST = 5
LINE = 1

NOTHING = "–"
"""Stands for a week that says nothing."""


@dataclass(frozen=True, slots=True)
class SectorView:
    """A sector's weeks, oldest first: `bars` are heights in pixels, None for a week that says nothing."""

    sector: str
    name: str
    bars: tuple[int | None, ...]
    now: str
    before: str
    more: str


@dataclass(frozen=True, slots=True)
class TrendView:
    """The picture of all sectors that had a story, and what is to be said of it."""

    note: str
    finding: str
    sectors: tuple[SectorView, ...]
    quiet: str
    read: str


@dataclass(frozen=True, slots=True)
class FactView:
    """A commitment's name and one line about it."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class NewNameView:
    """New names of one story, and the headline that holds them."""

    names: str
    headline: Link
    language: str
    outlet: str


@dataclass(frozen=True, slots=True)
class WeekView:
    """What a weekly letter shows beside its stories."""

    trend: TrendView | None
    moved: tuple[FactView, ...]
    moved_more: str
    silent: tuple[FactView, ...]
    silent_more: str
    names: tuple[NewNameView, ...]
    names_note: str


def show_week(week: Week, until: datetime, taxonomy: Taxonomy, words: Words) -> WeekView:
    """The week as a letter shows it; no picture of weeks in which nothing was read."""
    return WeekView(
        trend=_trend(week.trend, until, taxonomy, words) if week.trend.entries[-1] else None,
        moved=tuple(_moved(one, taxonomy, words) for one in week.moved[:MAX_MOVED]),
        moved_more=_more(len(week.moved) - MAX_MOVED, words),
        silent=tuple(
            FactView(
                _commitment(one.commitment, taxonomy, words),
                words.say(
                    "silent_for",
                    days=words.count("days", one.days),
                    usual=words.count("days", one.usual),
                ),
            )
            for one in week.silent[:MAX_SILENT]
        ),
        silent_more=_more(len(week.silent) - MAX_SILENT, words),
        names=_new_names(week.names[:MAX_NAMES], words),
        names_note=words.say("new_names_note", date=words.statement_date(week.began.isoformat()))
        if week.began
        else "",
    )


def _trend(trend: Trend, until: datetime, taxonomy: Taxonomy, words: Words) -> TrendView:
    shown = sorted((one for one in trend.sectors if any(one.counts)), key=_order)
    quiet = [one.sector for one in trend.sectors if not any(one.counts)]
    return TrendView(
        note=words.say("trend_note"),
        finding=_finding(trend, words),
        sectors=tuple(_sector(one, trend.entries, taxonomy, words) for one in shown),
        quiet=words.say("trend_quiet", names=sector_names(quiet, taxonomy, words)) if quiet else "",
        read=_read(trend, until, words),
    )


def _read(trend: Trend, until: datetime, words: Words) -> str:
    """What the shares are of."""
    counts = _series(trend.entries, words)
    return words.sentences(
        words.say("trend_read", counts=words.names(counts), until=words.moment(until)),
        words.say("trend_gap") if NOTHING in counts else "",
    )


def _order(one: SectorTrend) -> tuple[object, ...]:
    """What is more than usual comes first, then the larger figures."""
    return not one.more, -one.counts[-1], -sum(one.counts)


def _finding(trend: Trend, words: Words) -> str:
    if not trend.compared:
        have = sum(entry is not None for entry in trend.entries[:-1])
        return words.say("trend_short", need=words.number(FEWEST_WEEKS), have=words.number(have))
    return "" if any(one.more for one in trend.sectors) else words.say("trend_none")


def _sector(
    one: SectorTrend, entries: tuple[int | None, ...], taxonomy: Taxonomy, words: Words
) -> SectorView:
    known = [count if entry else None for count, entry in zip(one.counts, entries, strict=True)]
    return SectorView(
        sector=one.sector,
        name=sector_name(one.sector, taxonomy, words),
        bars=_bars(one.counts, entries),
        now=words.say("trend_now", n=words.number(one.counts[-1]), entries=words.number(entries[-1] or 0)),
        before=words.say("trend_before", counts=", ".join(_series(known[:-1], words)))
        if any(entries[:-1])
        else "",
        more=words.say("trend_more", usual=words.number(round(usual(one.counts, entries), 1)))
        if one.more
        else "",
    )


def _bars(counts: tuple[int, ...], entries: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Heights by share of the reading. The scale reaches as far as the fewest stories that are ever called many, so
    that one story alone is no tower."""
    shares = [count / entry if entry else None for count, entry in zip(counts, entries, strict=True)]
    top = max(FEWEST_STORIES / (entries[-1] or 1), *(share for share in shares if share is not None))
    return tuple(
        None if share is None else max(LOWEST, round(HIGHEST * share / top)) if share else LINE
        for share in shares
    )


def _series(numbers: Iterable[int | None], words: Words) -> list[str]:
    """The numbers of weeks; those before the first that says anything fall away, unless none does."""
    found = [NOTHING if number is None else words.number(number) for number in numbers]
    while len(found) > 1 and found[0] == NOTHING:
        del found[0]
    return found


def _more(hidden: int, words: Words) -> str:
    return words.count("commitments_more", hidden) if hidden > 0 else ""


def _moved(one: Movement, taxonomy: Taxonomy, words: Words) -> FactView:
    about = words.count("stories", one.stories)
    if one.since:
        about += f" · {words.say('moved_since', date=words.day(one.since))}"
    elif one.never_since:
        about += f" · {words.say('moved_never', date=words.statement_date(one.never_since.isoformat()))}"
    return FactView(_commitment(one.commitment, taxonomy, words), about)


def _commitment(id_: str, taxonomy: Taxonomy, words: Words) -> str:
    return taxonomy.commitment_by_id[id_].name.in_(words.language)


def _new_names(names: Iterable[NewName], words: Words) -> tuple[NewNameView, ...]:
    by_article: dict[int, list[NewName]] = {}
    for new in names:
        by_article.setdefault(new.article.id, []).append(new)
    return tuple(_of_one_story(those, words) for those in by_article.values())


def _of_one_story(names: Sequence[NewName], words: Words) -> NewNameView:
    article = names[0].article
    return NewNameView(
        words.names(plain(new.name) for new in names),
        headline_of(article),
        article.language,
        plain(article.outlet),
    )
