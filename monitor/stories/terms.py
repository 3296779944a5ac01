"""An article as what two tellings of one happening have in common: words, pairs of words, names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from math import log

from classifiers.text import words
from monitor.types import Article

MAX_HEADLINE, MAX_WORDS = 40, 80
"""Words of a headline, and of a summary: the happening stands in its first sentences."""

FEWEST_WORDS = 5

_ROUND_UP = re.compile(
    r"(podcast |\[podcast\] ?)?(bản tin|điểm tin|tin nổi bật|sự kiện nổi bật|thời sự|tin (sáng|trưa|chiều|tối|mới)\b|"
    r"tin tức (sáng|trưa|chiều|tối|mới|đặc biệt|nổi bật)|chỉ đạo, điều hành của chính phủ)",
    re.IGNORECASE,
)

_MEETS = frozenset({"tiếp", "gặp", "hội đàm", "hội kiến", "điện đàm", "làm việc"})
"""What stands between a host and a guest in the headline of a meeting."""

PAIR = 0.5
"""Of what its two words say apart, a pair of words says half: each lets expect the other."""


@dataclass(frozen=True)
class Terms:
    """What is compared of one article; all in lower case but for telling names apart.

    `headline` and `lead` are words and pairs of words ("hội đàm") of title and summary, `names` what is written with
    capitals.
    """

    outlet: str
    published: datetime
    headline: frozenset[str]
    lead: frozenset[str]
    names: frozenset[str]
    host: frozenset[str] = frozenset()
    """The words before the verb of a headline that tells of a meeting."""

    @cached_property
    def whole(self) -> frozenset[str]:
        """Everything it says."""
        return self.headline | self.lead

    @cached_property
    def words(self) -> frozenset[str]:
        """The single words of it."""
        return frozenset(term for term in self.whole if " " not in term)


@dataclass(frozen=True)
class Rarity:
    """How much a term says, by how few of the articles read hold it (inverse document frequency).

    `documents` is how many articles there are, `holding` in how many of them a word stands; of a word that is not in
    it nothing is known, and it counts as the rarest.
    """

    documents: int
    holding: Mapping[str, int]

    def of(self, term: str) -> float:
        """In natural logarithms."""
        parts = term.split(" ")
        whole = sum(log((self.documents + 1) / (self.holding.get(word, 0) + 0.5)) for word in parts)
        return whole if len(parts) == 1 else PAIR * whole


def terms_of(article: Article) -> Terms:
    """What is compared of an article."""
    title, summary = words(article.title)[:MAX_HEADLINE], words(article.summary)[:MAX_WORDS]
    return Terms(
        outlet=article.outlet,
        published=article.published,
        headline=frozenset(_grams(title)),
        lead=frozenset(_grams(summary)),
        names=frozenset((*_names(title), *_names(summary))),
        host=_host(title),
    )


def _host(title: Sequence[str]) -> frozenset[str]:
    """Who receives, in a headline like "Chủ tịch Quốc hội tiếp Đại sứ Nhật Bản"; nobody where it is of another kind."""
    low = [word.casefold() for word in title]
    for place in range(2, len(low)):
        if low[place] in _MEETS or " ".join(low[place : place + 2]) in _MEETS:
            return frozenset(low[:place])
    return frozenset()


def tells_one_thing(article: Article) -> bool:
    """Whether an article is about something of its own: no round-up of news, and not a headline like "Tin tức"."""
    length = len(words(article.title)) + len(words(article.summary))
    return length >= FEWEST_WORDS and not _ROUND_UP.match(article.title.strip())


def _grams(those: Sequence[str]) -> Iterable[str]:
    low = [word.casefold() for word in those]
    yield from low
    for one, two in pairwise(low):
        yield f"{one} {two}"


def _names(those: Sequence[str]) -> Iterable[str]:
    """Capitalised words but the first, which is always so, and capitalised pairs."""
    for one, two in pairwise(those):
        if two[0].isupper():
            yield two.casefold()
            if one[0].isupper():
                yield f"{one} {two}".casefold()
