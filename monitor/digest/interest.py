"""What makes a story weigh: who acts in it, and whether a reader watches for it. Alone knows actors.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from pydantic import Field

from classifiers.text import normalise
from classifiers.yamlfile import Record, load
from monitor.types import Article, DigestItem, Subscriber

IN_SUMMARY = 0.5
"""An actor of the summary alone weighs half."""


class _Level(Record):
    """Words of one level."""

    level: int = Field(ge=1, le=3)
    words: list[str]


class _Actors(Record):
    """actors.yaml."""

    levels: list[_Level]
    below: dict[str, list[str]]


def level(article: Article) -> float:
    """From 0 to 3: the highest actor of the headline, or half of the summary's."""
    return max(_level_of(article.title), IN_SUMMARY * _level_of(article.summary))


def watched_in(item: DigestItem, reader: Subscriber) -> tuple[str, ...]:
    """What of a reader's watch-list the story touches, in the order of the list."""
    sure = {
        score.id for judged in (item.judged, *item.also) for score in judged.verdict.commitments if score.sure
    }
    text = " ".join(_plain(f"{article.title}. {article.summary}") for article in item.articles)
    return tuple(one for one in reader.watched if one in sure or _has(text, one))


def _has(text: str, name: str) -> bool:
    """Whether the name stands in the text, as whole words; letter case aside."""
    return re.search(rf"(?<!\w){re.escape(_plain(name))}(?!\w)", text) is not None


def _plain(text: str) -> str:
    return normalise(text).casefold()


@lru_cache(maxsize=4096)  # the same stories are weighed for every reader
def _level_of(text: str) -> int:
    found = normalise(text)
    return next((weight for weight, pattern in _patterns() if pattern.search(found)), 0)


@cache
def _patterns() -> Sequence[tuple[int, re.Pattern[str]]]:
    """Highest first."""
    actors = load(Path(__file__).with_name("actors.yaml"), _Actors)
    return [
        (one.level, re.compile("|".join(_pattern(word, actors.below) for word in one.words)))
        for one in sorted(actors.levels, key=lambda one: -one.level)
    ]


def _pattern(word: str, below: Mapping[str, Sequence[str]]) -> str:
    before = "".join(rf"(?<!{re.escape(normalise(lower))} )" for lower in below.get(word, ()))
    return rf"(?<!\w){before}{re.escape(normalise(word))}(?!\w)"
