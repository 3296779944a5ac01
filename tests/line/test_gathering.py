"""New articles get their stories, a few at a time, from what the archive holds."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.gathering import BACK, gather_stories
from monitor.store import stories
from monitor.store.database import Store, open_store
from monitor.store.polls import search_words
from monitor.store.times import to_text
from monitor.types import Article
from tests.stories.samples import NOW, article, everything

LATER = NOW + timedelta(hours=4)
ALIKE = {
    frozenset({1, 2, 3}),
    frozenset({4, 5}),
    frozenset({6}),
    frozenset({7}),
    frozenset({8}),
    frozenset({9}),
}
COMMON = "tỉnh của và từ sáng ngày có trong đã được các với cho là Nhật Bản Việt Nam"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An archive of 400 older articles that say nothing in particular, so that common words count as common."""
    chance = random.Random(1)
    words = COMMON.split()
    with open_store(tmp_path / "a.db", create=True) as store:
        keep(
            store,
            (
                article(
                    1000 + n,
                    " ".join(chance.sample(words, 6)),
                    f"chuyện thứ {n} " + " ".join(words),
                    hours=-400,
                )
                for n in range(400)
            ),
        )
        yield store


def keep(store: Store, articles: Iterable[Article]) -> None:
    """Store articles as a poll would."""
    with store.transaction():
        for one in articles:
            store.write(
                "INSERT INTO article (id, outlet, kind, section, language, link, title, summary, fingerprint, "
                "published, dated, first_seen, news) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                [
                    one.id, one.outlet, one.kind, one.section, one.language, one.link, one.title, one.summary,
                    str(one.id), to_text(one.published), 1, to_text(one.first_seen), 1,
                ],
            )  # fmt: skip
            store.write(
                "INSERT INTO article_search (rowid, words, folded) VALUES (?,?,?)",
                [one.id, *search_words(one.title, one.summary)],
            )


def told(store: Store) -> set[frozenset[int]]:
    """The stories of the articles under test."""
    rows = store.rows("SELECT id, story_id FROM article WHERE id < 1000 AND story_id IS NOT NULL")
    return {
        frozenset(row["id"] for row in rows if row["story_id"] == story)
        for story in {r["story_id"] for r in rows}
    }


def test_tellings_of_one_happening_come_together(store: Store) -> None:
    """In one go; a second time there is nothing left to do."""
    keep(store, everything())
    assert gather_stories(store, now=LATER) == 9
    assert told(store) == ALIKE
    assert gather_stories(store, now=LATER) == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_same_stories_whoever_came_first(store: Store, seed: int) -> None:
    """Polls that come in any order lead to the same stories."""
    articles = random.Random(seed).sample(everything(), 9)
    for one in articles:
        keep(store, [one])
        gather_stories(store, now=LATER)
    assert told(store) == ALIKE


def test_what_has_a_story_keeps_it(store: Store) -> None:
    """Nothing of the past is touched."""
    keep(store, everything()[:2])
    gather_stories(store, now=LATER)
    before = store.rows("SELECT id, story_id FROM article WHERE id IN (1, 2)")
    keep(store, everything()[2:])
    gather_stories(store, now=LATER)
    assert store.rows("SELECT id, story_id FROM article WHERE id IN (1, 2)") == before
    assert [one.id for one in stories.members(store, [1])[1]] == [1, 2, 3]


def test_round_ups_stand_alone(store: Store) -> None:
    """Even one that repeats a story's whole text."""
    bridge = everything()[0]
    keep(store, [bridge, article(2, f"Bản tin tối: {bridge.title}", bridge.summary)])
    gather_stories(store, now=LATER)
    assert told(store) == {frozenset({1}), frozenset({2})}


def test_old_and_foreign_articles_wait_for_nothing(store: Store) -> None:
    """What is older than two weeks, or not Vietnamese, is not compared, and costs nothing."""
    assert gather_stories(store, now=NOW + BACK) == 0


@pytest.mark.parametrize("word", ['"', "OR", "NEAR(", "*", "words:x", "a-b", "'", "1,5"])
def test_words_that_mean_something_to_the_index(store: Store, word: str) -> None:
    """They are looked for as words."""
    keep(
        store,
        [
            article(n, f"Cầu {word} Vàm Nhon {word} khởi công {word}", f"{word} tỉnh An Giang {word}")
            for n in (1, 2)
        ],
    )
    assert gather_stories(store, now=LATER) == 2
    assert told(store) == {frozenset({1, 2})}
