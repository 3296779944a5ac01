"""Names that a week's headlines hold and no relevant article held before. Pure; the order of the input says nothing.

A name is told by its shape: words written large in a row, two at least where they are Vietnamese, for a single one
begins many a common noun ("Đại sứ", "Chính phủ"); one is enough where it cannot be a Vietnamese syllable ("Sojitz").
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from classifiers.text import fold, normalise
from classifiers.yamlfile import Record, load
from monitor.digest.trend import WEEK
from monitor.types import Archive, NewName, RelevantArticle

YOUNGEST = timedelta(days=28)
"""Of a younger archive everything is new."""

OF_ONE_STORY = 2
"""Names of one story that are told; more are one piece of news, not several."""

LONGEST = 6
"""Words of a name; longer runs are headlines in capitals."""

_Word = re.Match[str]

_WORD = re.compile(r"\w+")
_JOINT = re.compile(r" (- |& )?")
"""What may stand between two words of one name."""

_SYLLABLE = re.compile(
    r"(b|ch?|d|gh?|gi|h|kh?|l|m|n|nh|ngh?|ph?|qu?|r|s|th?|tr|v|x)?"
    r"(a[iouy]?|e[ou]?|i[aeu]?|ieu|o[aeio]?|oa[ioy]|oeo|u[aeiouy]?|ua[iuy]|uo[iu]|uy[aeu]|ye?|yeu)"
    r"(ch?|m|n|ng|nh|p|t)?"
)
"""Every syllable Vietnamese can spell, tone marks folded away, and a few that it does not."""

_LANDS = (("việt", "nam"), ("nhật", "bản"), ("nhật",))
"""The two countries are no news: "Acecook Việt Nam" is Acecook."""


class _NoNames(Record):
    """names.yaml."""

    heads: list[str]
    common: list[str]


def new_names(archive: Archive) -> tuple[NewName, ...]:
    """Names first seen this week, those of most stories first, then the newest; nothing from a young archive."""
    if not archive.days or archive.until.date() - archive.days[0] < YOUNGEST:
        return ()
    start = archive.until - WEEK
    fresh = sorted((one for one in archive.relevant if one.news and one.first_seen > start), key=_order)
    before = _plain(
        " | ".join(
            f"{one.title}. {one.summary}"
            for one in archive.relevant
            if one.first_seen <= start or not one.news
        )
    )
    found: dict[str, list[tuple[str, RelevantArticle]]] = defaultdict(list)
    for article in fresh:
        for name in names_in(article.title, article.summary):
            found[name.casefold()].append((name, article))
    unknown = {
        key: those
        for key, those in found.items()
        if not all(_stands_in(part, before) for part in key.split(" - "))
    }
    ranked = sorted(
        unknown.items(),
        key=lambda one: (-len({a.story for _, a in one[1]}), _order(one[1][0][1]), -len(one[0]), one[0]),
    )
    return tuple(_few_of_each(NewName(*those[0]) for _, those in ranked))


def names_in(title: str, summary: str) -> list[str]:
    """The names of a headline. A run that begins a sentence is believed where the summary repeats it within one."""
    text, rest = normalise(title), normalise(summary)
    words = list(_WORD.finditer(text))
    if sum(word[0].isupper() for word in words) * 2 > len(words):
        return []  # a headline all in capitals tells no name from a noun
    runs = (_core(text, _believed(text, run, rest)) for run in _runs(text, words))
    return [_span(text, run) for run in runs if _is_name(run)]


def _believed(text: str, run: Sequence[_Word], rest: str) -> Sequence[_Word]:
    """The run without a first word that may be large for beginning a sentence."""
    if not _begins(text, run[0].start()) or _within(rest, _span(text, run)) or not _is_syllable(run[0][0]):
        return run
    return run[1:]


def _core(text: str, run: Sequence[_Word]) -> Sequence[_Word]:
    """The run without what a body is, without the two countries, and without a lone syllable beyond a dash."""
    low = [word[0].casefold() for word in run]
    start, end = 0, len(run)
    while skip := _skipped(low[start:end]):
        start += skip
    while land := next((land for land in _LANDS if tuple(low[start:end][-len(land) :]) == land), None):
        end -= len(land)
    if (
        end - start > 2
        and "-" in text[run[end - 2].end() : run[end - 1].start()]
        and _is_syllable(low[end - 1])
    ):
        end -= 1
    return run[start:end]


def _skipped(low: Sequence[str]) -> int:
    """How many words at the start are a country's name, or what a body is."""
    land = next((land for land in _LANDS if tuple(low[: len(land)]) == land), ())
    return len(land) or (1 if low and low[0] in _no_names().heads else 0)


def _runs(text: str, words: Sequence[_Word]) -> Iterator[list[_Word]]:
    """Words written large that follow each other; a number may end one."""
    run: list[_Word] = []
    for word in words:
        joined = run and _JOINT.fullmatch(text, run[-1].end(), word.start())
        if run and not (joined and (word[0][0].isupper() or word[0].isdigit())):
            yield run
            run = []
        if word[0][0].isupper() or run:
            run.append(word)
    if run:
        yield run


def _is_name(run: Sequence[_Word]) -> bool:
    words = [word[0] for word in run if not word[0].isdigit()]
    if not words or len(words) > LONGEST or all(word.casefold() in _no_names().common for word in words):
        return False
    strange = [word for word in words if not _is_syllable(word) and word.casefold() not in _no_names().common]
    return len(words) > 1 or any(len(word) > 2 and word.isalpha() for word in strange)


def _is_syllable(word: str) -> bool:
    return _SYLLABLE.fullmatch(fold(word)) is not None


def _begins(text: str, at: int) -> bool:
    """Whether a sentence begins there, where every word is written large."""
    return not text[:at].rstrip(" \"'(") or text[:at].rstrip(" \"'(")[-1] in ".:!?;|-"


def _within(text: str, name: str) -> bool:
    """Whether the name stands inside a sentence."""
    return any(not _begins(text, found.start()) for found in re.finditer(rf"{re.escape(name)}(?!\w)", text))


def _span(text: str, run: Sequence[_Word]) -> str:
    return text[run[0].start() : run[-1].end()]


def _stands_in(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


@cache
def _no_names() -> _NoNames:
    return load(Path(__file__).with_name("names.yaml"), _NoNames)


def _plain(text: str) -> str:
    return normalise(text).casefold()


def _few_of_each(names: Iterable[NewName]) -> Iterator[NewName]:
    """No more than a few of one story, and none that is part of another one told."""
    told: dict[int, int] = defaultdict(int)
    keys: list[str] = []
    for new in names:
        key = new.name.casefold()
        if told[new.article.story] == OF_ONE_STORY or any(
            _stands_in(key, other) or _stands_in(other, key) for other in keys
        ):
            continue
        told[new.article.story] += 1
        keys.append(key)
        yield new


def _order(article: RelevantArticle) -> tuple[float, int]:
    return -article.first_seen.timestamp(), article.id
