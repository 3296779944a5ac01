"""The trend by sector: stories as a share of what was read, and when that is more than usual."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from scipy.stats import binom

from classifiers.taxonomy import load_taxonomy
from monitor.digest.trend import BY_CHANCE, FEWEST_STORIES, FEWEST_WEEKS, _at_least, is_more, trend, usual
from monitor.types import RelevantArticle, Trend
from tests.digest.weeks import DAY, NOW, WEEK, archive_of, told

LEVEL = BY_CHANCE / 14
FOURTEEN = list(load_taxonomy().sector_by_id)
SECTORS = ("economy", "oda")


def weekly(counts: Sequence[int], sector: str = "economy", first: int = 1) -> list[RelevantArticle]:
    """So many stories in each week, oldest first."""
    return [
        told(first + 1000 * back + number, NOW - back * WEEK - DAY, sectors=[sector])
        for back, count in enumerate(reversed(counts))
        for number in range(count)
    ]


def series(found: Trend) -> dict[str, tuple[int, ...]]:
    """The counts of each sector."""
    return {one.sector: one.counts for one in found.sectors}


def test_stories_are_counted_in_the_week_they_began() -> None:
    """Not articles: a story of many articles over two weeks is one, in each of its sectors."""
    articles = [
        told(1, NOW - WEEK - DAY, sectors=["oda"], story=1),
        told(2, NOW - DAY, sectors=["economy"], story=1),
        told(3, NOW - DAY, sectors=["economy"], story=1),
        told(4, NOW - DAY, sectors=["economy"]),
        told(5, NOW - DAY, sectors=["economy"], news=False),
        told(6, NOW - 9 * WEEK, sectors=["economy"]),
        told(7, NOW - 9 * WEEK + timedelta(seconds=1), sectors=["economy", "gone"]),
    ]
    found = series(trend(archive_of(articles), SECTORS))
    assert found == {"economy": (1, 0, 0, 0, 0, 0, 0, 1, 1), "oda": (0, 0, 0, 0, 0, 0, 0, 1, 0)}


def test_the_order_of_the_archive_says_nothing() -> None:
    """Shuffled, it is the same trend."""
    articles = weekly([2, 1, 3, 0, 2, 2, 1, 2, 9]) + weekly([1] * 9, "oda", 500)
    found = trend(archive_of(articles), SECTORS)
    for seed in range(5):
        random.Random(seed).shuffle(articles)
        assert trend(archive_of(articles), SECTORS) == found


@pytest.mark.parametrize(
    ("counts", "marked"),
    [
        ([2, 1, 3, 2, 1, 2, 2, 1, 9], True),
        ([2, 1, 3, 2, 1, 2, 2, 1, 4], False),  # too few to be called many
        ([0, 0, 0, 0, 0, 0, 0, 0, 4], False),
        ([0, 0, 0, 0, 0, 0, 0, 0, 5], True),
        ([2, 1, 9, 2, 1, 2, 2, 1, 9], False),  # there was a week like that
        ([6, 7, 5, 6, 8, 7, 6, 7, 9], False),  # a little more is chance
        ([30, 31, 29, 30, 28, 31, 30, 29, 60], True),
    ],
)
def test_more_than_usual(counts: list[int], marked: bool) -> None:
    """A share above every week before, unlikely by chance, of at least five stories."""
    assert is_more(counts, (12_000,) * 9, LEVEL) is marked
    assert {one.sector for one in trend(archive_of(weekly(counts)), FOURTEEN).sectors if one.more} == (
        {"economy"} if marked else set()
    )


def test_more_reading_is_no_trend() -> None:
    """Twice the feeds bring twice the stories: the same share, no mark; with the same feeds they would have one."""
    counts = [10, 11, 9, 10, 10, 9, 11, 10, 22]
    assert is_more(counts, (6_000,) * 9, LEVEL)
    assert not is_more(counts, (*(6_000,) * 8, 13_000), LEVEL)
    assert usual(counts, (*(6_000,) * 8, 12_000)) == pytest.approx(20)


def test_weeks_without_polling_are_left_out() -> None:
    """Neither a week of nothing nor one of hardly anything makes the others look large, nor counts as history."""
    counts = [2, 0, 2, 0, 2, 2, 2, 2, 4]
    whole = trend(archive_of(weekly(counts), entries=(9_000, 0, 9_000, 200, *(9_000,) * 5)), SECTORS)
    assert whole.entries == (9_000, None, 9_000, None, *(9_000,) * 5)
    assert usual(counts, whole.entries) == 2
    few = (0, 0, 0, 0, 0, *(9_000,) * FEWEST_WEEKS)
    short = trend(archive_of(weekly([0] * 8 + [40]), entries=few), SECTORS)
    assert (short.compared, short.sectors[0].more) == (False, False)
    enough = trend(archive_of(weekly([0] * 8 + [40]), entries=(0, 0, 0, 0, *(9_000,) * 5)), SECTORS)
    assert (enough.compared, enough.sectors[0].more) == (True, True)


def test_a_week_in_which_nothing_was_read_says_nothing() -> None:
    """This week too; and an empty archive is no error."""
    silent = trend(archive_of(weekly([2] * 8 + [9]), entries=(*(9_000,) * 8, 0)), SECTORS)
    assert (silent.entries[-1], silent.compared, silent.sectors[0].more) == (None, False, False)
    assert not is_more([9], (9_000,), LEVEL)
    assert usual([3], (9_000,)) == 0
    assert trend(archive_of([], entries=(0,) * 9), SECTORS).entries == (None,) * 9


@pytest.mark.parametrize(
    ("least", "total", "share"), [(5, 5, 1 / 9), (9, 23, 0.11), (60, 298, 0.2), (900, 2000, 0.4)]
)
def test_the_tail_is_that_of_the_binomial_distribution(least: int, total: int, share: float) -> None:
    """Held to scipy's."""
    assert _at_least(least, total, share) == pytest.approx(float(binom.sf(least - 1, total, share)), rel=1e-6)


def test_marks_by_chance_are_rare() -> None:
    """With nothing changed, a letter of 14 sectors has a false mark in at most one week of twenty."""
    dice = random.Random(7)

    def poisson(mean: float) -> int:
        count, left = 0, dice.expovariate(1)
        while left < mean:
            count, left = count + 1, left + dice.expovariate(1)
        return count

    letters = 400
    marked = sum(
        any(
            is_more([poisson(mean) for _ in range(9)], (9_000,) * 9, LEVEL)
            for mean in (0.2, 1, 2, 3, 5, 8, 12) * 2
        )
        for _ in range(letters)
    )
    assert marked <= BY_CHANCE * letters
    assert FEWEST_STORIES == 5
