"""Articles into stories, a few at a time: what is a story stays one, new articles join or begin one. Pure.

The answer does not depend on the order in which articles came in: they are taken in the order of their publication.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.stories.likeness import FAR, Weighed, differ_in_hosts, differ_in_names, likeness

WINDOW = timedelta(hours=FAR)

COMPARED = 60
"""So many of a story, the nearest in time: a flood of the same text is one story, and no reason to compare for ever."""

JOIN = 0.85
"""Least mean of the log-odds between an article and the nearer half of a story."""


@dataclass(frozen=True, slots=True)
class Told:
    """An article with what is compared of it, and its story if it has one."""

    id: int
    terms: Weighed
    link: str
    story: int | None = None


def assign(
    new: Iterable[Told], near: Callable[[Told], Iterable[Told]], *, join: float = JOIN
) -> Mapping[int, int]:
    """The story of each new article, by the number of the article that began it.

    `near` gives the articles worth comparing with one, with all others of their stories; new ones may be among them.
    """
    stories: dict[int, int] = {}
    members: dict[int, dict[int, Told]] = defaultdict(dict)
    for told in sorted(new, key=_order):
        open_to_it: dict[int, dict[int, Told]] = defaultdict(dict)
        for other in near(told):
            story = stories.get(other.id, other.story)
            if story is not None and other.id != told.id:
                open_to_it[story][other.id] = other
        best = max(
            (
                (_nearness(told, {**those, **members[story]}.values()), -story)
                for story, those in open_to_it.items()
            ),
            default=None,
        )
        chosen = -best[1] if best is not None and best[0] >= join else told.id
        stories[told.id] = chosen
        members[chosen][told.id] = told
    return stories


def _nearness(told: Told, story: Iterable[Told]) -> float:
    """The mean log-odds with the nearer half: a story that goes on for days moves away from its beginning."""
    apart = sorted((abs(other.terms.published - told.terms.published), other.id, other) for other in story)
    within = [other for distance, _, other in apart[:COMPARED] if distance <= WINDOW]
    if any(
        differ_in_names(told.terms, other.terms) or differ_in_hosts(told.terms, other.terms)
        for other in within
    ):
        return float("-inf")
    odds = sorted((likeness(told.terms, other.terms).odds for other in within), reverse=True)
    return _mean(odds[: (len(odds) + 1) // 2]) if odds else float("-inf")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _order(told: Told) -> tuple[object, ...]:
    return told.terms.published, told.terms.outlet, told.link, told.id
