"""The line from new articles to stories, written down once, in order.

articles without a story ─► terms ─► near ones ─► assign ─► store          (a round-up is its own story)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.store import stories
from monitor.store.database import Store
from monitor.stories.grouping import WINDOW, Told, assign
from monitor.stories.likeness import weigh
from monitor.stories.terms import Rarity, Terms, tells_one_thing, terms_of
from monitor.types import Article

BACK = timedelta(days=14)
"""What was first seen earlier and has no story gets none any more."""

AT_ONCE = 20_000
"""More than any poll of a few hundred feeds brings."""

ASKED = 16
"""So many of an article's rarest words are looked up."""


def gather_stories(store: Store, *, now: datetime) -> int:
    """Give every new article its story; how many that were."""
    waiting = stories.waiting(store, since=now - BACK, limit=AT_ONCE)
    new = [article for article in waiting if tells_one_thing(article)]
    terms = {article.id: terms_of(article) for article in new}
    rarity = Rarity(*stories.holding(store, _words(terms.values())))
    near = {article.id: _near(store, article, terms[article.id], rarity) for article in new}
    everyone = {article.id: article for found in (new, *near.values()) for article in found}
    terms |= {id_: terms_of(article) for id_, article in everyone.items() if id_ not in terms}
    rarity = Rarity(*stories.holding(store, _words(terms.values())))

    told = {
        id_: Told(id_, weigh(terms[id_], rarity), article.link, article.story_id)
        for id_, article in everyone.items()
    }
    found = assign(
        (told[article.id] for article in new),
        lambda one: (told[article.id] for article in near.get(one.id, ())),
    )
    stories.record(store, {article.id: found.get(article.id, article.id) for article in waiting})
    return len(waiting)


def _near(store: Store, article: Article, terms: Terms, rarity: Rarity) -> list[Article]:
    known = (word for word in terms.words if rarity.holding.get(word, 0) > 1)  # once is in this article alone
    rarest = sorted(known, key=lambda word: (rarity.holding[word], word))[:ASKED]
    near = stories.near(store, rarest, published=article.published, window=WINDOW)
    return [other for other in near if tells_one_thing(other)]


def _words(all_terms: Iterable[Terms]) -> set[str]:
    return {word for terms in all_terms for word in terms.words}
