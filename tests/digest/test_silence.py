"""Commitments that moved, and those silent for unusually long."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from monitor.digest.silence import FEWEST, moved, silent
from monitor.types import Movement, RelevantArticle, Silence
from tests.digest.weeks import DAY, NOW, archive_of, told

LOANS, FRUIT = "oda.yen-loans", "agriculture.fruit"


def at(*back: float, commitment: str = LOANS, first: int = 1) -> list[RelevantArticle]:
    """A story so many days ago, each."""
    return [
        told(first + place, NOW - days * DAY, commitments=[commitment]) for place, days in enumerate(back)
    ]


def every(gap: int, *, until: int, times: int) -> Iterable[int]:
    """Days ago: so many stories, `gap` days apart, the newest `until` days ago."""
    return [until + gap * place for place in range(times)]


def test_commitments_with_stories_this_week() -> None:
    """Most stories first; stories, not articles; those of the weeks before do not count."""
    articles = [
        *at(1, 2, 12),
        *at(3, 9, commitment=FRUIT, first=50),
        told(90, NOW - 2 * DAY, commitments=[LOANS], story=2),
        told(91, NOW - 2 * DAY, commitments=["x.old"], news=False),
    ]
    assert moved(archive_of(articles)) == (Movement(LOANS, 2), Movement(FRUIT, 1))


def test_first_since() -> None:
    """Told where the one before is four weeks away; of one never seen, only in an archive of ninety days."""
    (back,) = moved(archive_of(at(1, 29, 100)))
    assert back.since == NOW - 29 * DAY
    (soon,) = moved(archive_of(at(1, 28.9, 100)))
    assert (soon.since, soon.never_since) == (None, None)
    (never,) = moved(archive_of(at(1, 2)))
    assert (never.since, never.never_since) == (None, (NOW - 182 * DAY).date())
    (young,) = moved(archive_of(at(1), weeks=12))
    assert young.never_since is None


def test_among_equals_those_that_were_away_come_first() -> None:
    """One story each: the surprising one leads."""
    articles = [*at(1, 9, commitment="a.often"), *at(2, 60, commitment="z.seldom", first=50)]
    assert [one.commitment for one in moved(archive_of(articles))] == ["z.seldom", "a.often"]


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (every(9, until=62, times=8), (61, 9)),
        (every(9, until=27, times=8), None),  # not four weeks yet
        (every(15, until=40, times=6), None),  # not three times the usual gap
        (every(9, until=62, times=FEWEST - 1), None),  # too few to call anything usual
        ([62, 63, 64, 65, 66, 140], None),  # it was silent for longer before
        ([40, 40.1, 40.2, 40.3, 40.4, 40.5], None),  # one day's flood is one appearance
    ],
)
def test_unusual_silence(back: Iterable[float], expected: tuple[int, int] | None) -> None:
    """Over three usual gaps, four weeks and the longest gap so far, of at least five days with a story."""
    found = silent(archive_of(at(*back)))
    assert found == ((Silence(LOANS, *expected),) if expected else ())


def test_what_nobody_read_is_no_silence() -> None:
    """Days without polling do not count."""
    archive = archive_of(at(*every(9, until=62, times=8)))
    assert silent(archive)
    gone = frozenset((NOW - back * DAY).date() for back in range(5, 45))
    assert not silent(replace(archive, days=tuple(day for day in archive.days if day not in gone)))


def test_the_most_unusual_silence_comes_first() -> None:
    """By how many usual gaps it lasts, whatever the order of the archive."""
    articles = [
        *at(*every(12, until=80, times=8)),
        *at(*every(3, until=50, times=8), commitment=FRUIT, first=50),
    ]
    found = silent(archive_of(articles))
    assert [one.commitment for one in found] == [FRUIT, LOANS]
    before = moved(archive_of(articles))
    for seed in range(5):
        random.Random(seed).shuffle(articles)
        assert (silent(archive_of(articles)), moved(archive_of(articles))) == (found, before)


def test_an_empty_archive_is_silent_about_silence() -> None:
    """Nothing to learn from, nothing to say."""
    empty = replace(archive_of([]), days=())
    assert (moved(empty), silent(empty)) == ((), ())
