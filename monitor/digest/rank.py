"""Which articles stand for one story, and how much each story weighs for a reader.

The answer never depends on the order of the input.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import log2

from monitor.digest.interest import level, watched_in
from monitor.types import Article, DigestItem, FeedKind, JudgedArticle, Stories, Subscriber

SOURCES: Mapping[FeedKind, float] = {"official": 1.5, "agency": 1.0, "press": 0.5, "tabloid": 0.0}

PER_DOUBLING = 1.5
"""What twice as many outlets add."""
WATCHED = 4.0
SURE_COMMITMENT = 0.5
KNOWN = -1.5
"""A story the reader was told of before."""


def gather(articles: Iterable[JudgedArticle], stories: Stories) -> list[DigestItem]:
    """The articles as stories, with what else tells each, and what of it was sent before; in no order."""
    by_story: dict[int, list[JudgedArticle]] = defaultdict(list)
    for judged in articles:
        by_story[story_of(judged.article)].append(judged)
    return [_item(those, stories.untold(story), stories.told(story)) for story, those in by_story.items()]


def rank(items: Iterable[DigestItem], reader: Subscriber) -> list[DigestItem]:
    """The stories, weightiest first, each with what it touches of the reader's watch-list."""
    marked = (replace(item, watched=watched_in(item, reader)) if reader.watched else item for item in items)
    return sorted(marked, key=_order)


def weight(item: DigestItem) -> float:
    """How much a story weighs: who tells it and how many, who acts, how sure it is, what the reader watches for."""
    verdict = item.judged.verdict
    return (
        SOURCES[item.judged.article.kind]
        + PER_DOUBLING * log2(item.outlets)
        + max(map(level, item.articles))
        + round(verdict.relevance, 1)  # in tenths: between 0.97 and 0.98 there is nothing to choose
        + SURE_COMMITMENT * any(score.sure for score in verdict.commitments)
        + WATCHED * bool(item.watched)
        + KNOWN * (item.update_of is not None)
    )


def story_of(article: Article) -> int:
    """The story's number; an article that was not compared with others yet is its own."""
    return article.id if article.story_id is None else article.story_id


def _item(
    candidates: Iterable[JudgedArticle], untold: Sequence[Article], told: Sequence[Article]
) -> DigestItem:
    best, *also = sorted(candidates, key=lambda judged: _article_order(judged.article))
    own = {judged.article.id for judged in (best, *also)}
    elsewhere = sorted((article for article in untold if article.id not in own), key=_article_order)
    before = max(told, key=lambda article: (article.published, article.id), default=None)
    return DigestItem(best, tuple(also), tuple(elsewhere), before)


def _article_order(article: Article) -> tuple[object, ...]:
    """Best source first, then who told it first."""
    return -SOURCES[article.kind], article.published, article.outlet, article.id


def _order(item: DigestItem) -> tuple[object, ...]:
    article = item.judged.article
    return -round(weight(item), 6), -article.published.timestamp(), article.id
