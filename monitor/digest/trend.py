"""How many stories each sector had, week by week, and which sectors have more than usual. Pure.

A story counts in the week it began, once in each of its sectors; what it is a share of is everything read that week.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import exp, lgamma, log
from statistics import median

from monitor.types import Archive, RelevantArticle, SectorTrend, Trend

WEEKS = 9
"""This week and the eight before."""

WEEK = timedelta(days=7)

FEWEST_WEEKS = 4
"""With fewer weeks before, nothing is called usual."""

FEWEST_STORIES = 5
"""Fewer than this are never called many."""

BY_CHANCE = 0.05
"""How often any sector at all is marked though nothing changed; each has its share of it (Bonferroni)."""

HARDLY = 0.1
"""A week with less than this part of the middle week's entries was hardly polled, and is left out."""


def trend(archive: Archive, sectors: Sequence[str]) -> Trend:
    """The trend of each of these sectors, in their order."""
    weeks = len(archive.entries)
    entries = _polled(archive.entries)
    compared = bool(entries[-1]) and sum(one is not None for one in entries[:-1]) >= FEWEST_WEEKS
    counts: dict[str, Counter[int]] = {sector: Counter() for sector in sectors}
    for began, those in stories_of(archive.relevant):
        back = (archive.until - began) // WEEK
        for sector in {sector for article in those for sector in article.sectors} & counts.keys():
            counts[sector][weeks - 1 - back] += 1
    return Trend(
        entries,
        tuple(
            SectorTrend(sector, series, compared and is_more(series, entries, BY_CHANCE / len(sectors)))
            for sector, found in counts.items()
            for series in [tuple(found[week] for week in range(weeks))]
        ),
        compared,
    )


def stories_of(articles: Iterable[RelevantArticle]) -> list[tuple[datetime, list[RelevantArticle]]]:
    """(when the first of its articles was seen, its articles) of every story that was news, in no order."""
    by_story: dict[int, list[RelevantArticle]] = {}
    for article in articles:
        if article.news:
            by_story.setdefault(article.story, []).append(article)
    return [(min(article.first_seen for article in those), those) for those in by_story.values()]


def is_more(counts: Sequence[int], entries: Sequence[int | None], level: float) -> bool:
    """Whether the last week has more than usual.

    It has a larger share than every week before, and if both had the same rate, a split of all stories as uneven as
    this one between it and the weeks before would come about less often than `level`: the conditional test of two
    Poisson means (Przyborowski and Wilenski 1940, Biometrika 31, 313-323). That test knows that a mean of few counts
    is unsure itself. Weeks without entries (None) are left out.
    """
    *before, (now, read) = zip(counts, entries, strict=True)
    known = [(count, entry) for count, entry in before if entry]
    if not read or not known or now < FEWEST_STORIES:
        return False
    if any(count * read >= now * entry for count, entry in known):
        return False
    total = now + sum(count for count, _ in known)
    return _at_least(now, total, read / (read + sum(entry for _, entry in known))) < level


def usual(counts: Sequence[int], entries: Sequence[int | None]) -> float:
    """How many stories this week would have had at the rate of the weeks before; 0 where there were none."""
    known = [(count, entry) for count, entry in zip(counts[:-1], entries[:-1], strict=True) if entry]
    read = sum(entry for _, entry in known)
    return (entries[-1] or 0) * sum(count for count, _ in known) / read if read else 0.0


def _at_least(least: int, total: int, share: float) -> float:
    """The chance that of `total` stories at least so many fall to a part with this share (0 to 1) of the reading."""
    return sum(
        exp(
            lgamma(total + 1)
            - lgamma(k + 1)
            - lgamma(total - k + 1)
            + k * log(share)
            + (total - k) * log(1 - share)
        )
        for k in range(least, total + 1)
    )


def _polled(entries: Sequence[int]) -> tuple[int | None, ...]:
    middle = median([count for count in entries if count] or [0])
    return tuple(count if count and count >= HARDLY * middle else None for count in entries)
