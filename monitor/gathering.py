"""The line from new articles to stories, written down once, in order.

articles without a story ─► terms ─► near ones ─► assign ─► store          (a round-up is its own story)
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.store import stories
from monitor.store.database import Store
from monitor.stories.grouping import WINDOW, Told, assign
from monitor.stories.likeness import weigh
from monitor.stories.terms import Rarity, Terms, tells_one_thing, terms_of
from monitor.types import Article

BACK = timedelta(days=14)
"""What was first seen earlier and has no story gets none any more."""

AT_ONCE = 500

LONGEST = 10.0
"""Seconds of one gathering: what a flood leaves waits for the next."""

ASKED = 16
"""So many of an article's rarest words are looked up,"""
HELD = 20_000
"""as long as not more articles hold them together."""


def gather_stories(store: Store, *, now: datetime, seconds: float = LONGEST) -> int:
    """Give new articles their story; how many that were."""
    until, done = time.monotonic() + seconds, 0
    while waiting := stories.waiting(store, since=now - BACK, limit=AT_ONCE):
        stories.record(store, _assigned(store, waiting))
        done += len(waiting)
        if time.monotonic() > until:
            break
    return done


def _assigned(store: Store, waiting: Sequence[Article]) -> Mapping[int, int]:
    """The story of each of them."""
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
    return {article.id: found.get(article.id, article.id) for article in waiting}


def _near(store: Store, article: Article, terms: Terms, rarity: Rarity) -> list[Article]:
    known = [word for word in terms.words if rarity.holding.get(word, 0) > 1]  # once is in this article alone
    asked, held = list[str](), 0
    for word in sorted(known, key=lambda word: (rarity.holding[word], word))[:ASKED]:
        held += rarity.holding[word]
        if asked and held > HELD:
            break
        asked.append(word)
    near = stories.near(store, asked, published=article.published, window=WINDOW)
    return [other for other in near if tells_one_thing(other)]


def _words(all_terms: Iterable[Terms]) -> set[str]:
    return {word for terms in all_terms for word in terms.words}
