"""Which words of an article a reader is shown as the reason for sending it."""

from __future__ import annotations

from collections.abc import Iterable

from classifiers.verdict import Evidence
from monitor.digest.plain import plain, shorten

MAX_TERMS = 4
_MAX_TERM = 60


def why(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """The strongest terms that speak for the article, strongest first; none that only repeats another."""
    chosen: list[str] = []
    for part in sorted(evidence, key=lambda part: (-part.weight, part.term)):
        term = shorten(plain(part.term).strip(" …+"), _MAX_TERM)
        if part.weight <= 0 or len(chosen) == MAX_TERMS:
            break
        if any(letter.isalpha() for letter in term) and not any(_repeats(term, other) for other in chosen):
            chosen.append(term)
    return tuple(chosen)


def _repeats(one: str, other: str) -> bool:
    """Whether one of the two is a run of words within the other."""
    first, second = f" {one.casefold()} ", f" {other.casefold()} "
    return first in second or second in first
