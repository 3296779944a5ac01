"""Which articles tell one piece of news under the same headline, and which comes first.

Knows nothing of readers; the answer never depends on the order of the input.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from classifiers.text import normalise
from monitor.types import DigestItem, FeedKind, JudgedArticle

SOURCE_ORDER: Mapping[FeedKind, int] = {"official": 0, "agency": 1, "press": 2, "tabloid": 3}

_NOT_A_WORD = re.compile(r"[\W_]+")


def rank(articles: Iterable[JudgedArticle]) -> tuple[DigestItem, ...]:
    """The articles as items, best first."""
    by_headline: dict[str, list[JudgedArticle]] = defaultdict(list)
    for judged in articles:
        by_headline[headline_key(judged)].append(judged)
    items = [item for same in by_headline.values() for item in _merge(same)]
    return tuple(sorted(items, key=_item_order))


def headline_key(judged: JudgedArticle) -> str:
    """The headline without letter case, punctuation and spacing. One without any word is like no other."""
    words = _NOT_A_WORD.sub(" ", normalise(judged.article.title).casefold()).strip()
    return words or f"\0{judged.article.id}"


def _merge(same: Iterable[JudgedArticle]) -> list[DigestItem]:
    """Items of different outlets each: an outlet that runs a headline twice has two pieces of news."""
    groups: list[list[JudgedArticle]] = []
    for judged in sorted(same, key=_source_order):
        outlet = judged.article.outlet
        open_to_it = (group for group in groups if all(other.article.outlet != outlet for other in group))
        group = next(open_to_it, None)
        if group is None:
            groups.append([judged])
        else:
            group.append(judged)
    return [DigestItem(best, tuple(others)) for best, *others in groups]


def _source_order(judged: JudgedArticle) -> tuple[object, ...]:
    article = judged.article
    return SOURCE_ORDER[article.kind], article.published, article.outlet, article.id


def _item_order(item: DigestItem) -> tuple[object, ...]:
    """Relevance counts in tenths: between 0.97 and 0.98, how many outlets carry it says more."""
    article = item.judged.article
    return (
        SOURCE_ORDER[article.kind],
        -round(item.judged.verdict.relevance, 1),
        -len(item.also),
        -article.published.timestamp(),
        article.id,
    )
