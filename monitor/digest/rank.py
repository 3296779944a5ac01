"""Which articles stand for one story, and which story comes first.

Knows nothing of readers; the answer never depends on the order of the input.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from monitor.types import Article, DigestItem, FeedKind, JudgedArticle, Stories

SOURCE_ORDER: Mapping[FeedKind, int] = {"official": 0, "agency": 1, "press": 2, "tabloid": 3}


def gather(articles: Iterable[JudgedArticle], stories: Stories) -> tuple[DigestItem, ...]:
    """The articles as stories, best first, with what else tells each story."""
    by_story: dict[int, list[JudgedArticle]] = defaultdict(list)
    for judged in articles:
        by_story[story_of(judged.article)].append(judged)
    items = [_item(those, stories.untold(story)) for story, those in by_story.items()]
    return tuple(sorted(items, key=_item_order))


def story_of(article: Article) -> int:
    """The story's number; an article that was not compared with others yet is its own."""
    return article.id if article.story_id is None else article.story_id


def _item(candidates: Iterable[JudgedArticle], others: Sequence[Article]) -> DigestItem:
    best, *also = sorted(candidates, key=_source_order)
    told = {judged.article.id for judged in (best, *also)}
    elsewhere = tuple(article for article in others if article.id not in told)
    return DigestItem(best, tuple(also), tuple(sorted(elsewhere, key=_article_order)))


def _source_order(judged: JudgedArticle) -> tuple[object, ...]:
    return _article_order(judged.article)


def _article_order(article: Article) -> tuple[object, ...]:
    return SOURCE_ORDER[article.kind], article.published, article.outlet, article.id


def _item_order(item: DigestItem) -> tuple[object, ...]:
    """Relevance counts in tenths: between 0.97 and 0.98, how many outlets carry it says more."""
    article = item.judged.article
    return (
        SOURCE_ORDER[article.kind],
        -round(item.judged.verdict.relevance, 1),
        -item.outlets,
        -article.published.timestamp(),
        article.id,
    )
