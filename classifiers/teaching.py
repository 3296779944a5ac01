"""Which articles it pays most to label: near the threshold, models or readers at odds, rare sectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt

from classifiers.corrections import story_key
from classifiers.verdict import Decision, Text, Verdict

REACH = 3.0
"""Log-odds from the threshold at which a verdict counts as certain."""

SAME_STORY = 0.6
"""Share of common headline words (Jaccard) from which two articles count as one story."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article nobody has settled. `earlier` are decisions of other models, `at_odds` that votes on it are even."""

    article_id: int
    text: Text
    verdict: Verdict
    earlier: tuple[Decision, ...] = ()
    at_odds: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """A candidate, how much its label would teach (0–4), and why in words."""

    candidate: Candidate
    value: float
    reasons: tuple[str, ...]


def most_telling(
    candidates: Iterable[Candidate], *, send: float, labelled: Mapping[str, int], limit: int
) -> list[Lesson]:
    """The candidates worth most, best first, one per story. `labelled` counts known examples per sector."""
    middle = sorted(labelled.values())[len(labelled) // 2] if labelled else 1
    lessons = [_weigh(candidate, send, labelled, max(1, middle)) for candidate in candidates]
    chosen: list[Lesson] = []
    words: list[set[str]] = []
    for lesson in sorted(lessons, key=lambda one: (-one.value, one.candidate.article_id)):
        own = set(story_key(lesson.candidate.text).split())
        if lesson.value > 0 and not any(_same(own, other) for other in words):
            chosen.append(lesson)
            words.append(own)
        if len(chosen) == limit:
            break
    return chosen


def _weigh(candidate: Candidate, send: float, labelled: Mapping[str, int], middle: int) -> Lesson:
    verdict = candidate.verdict
    reasons = []
    near = 0.0
    if 0.0 < verdict.relevance < 1.0:
        near = max(0.0, 1.0 - abs(_logit(verdict.relevance) - _logit(send)) / REACH)
    if near > 0.5:
        reasons.append("near the threshold")
    odds = 0.0
    if candidate.at_odds:
        odds, reasons = 1.0, [*reasons, "readers disagree"]
    elif any(decision is not verdict.decision for decision in candidate.earlier):
        odds, reasons = 0.7, [*reasons, "models disagree"]
    rare = 0.0
    if verdict.sectors and verdict.relevance >= send / 4:
        first = verdict.sectors[0]
        rare = min(1.0, sqrt(middle / (1 + labelled.get(first.id, 0)))) * verdict.relevance
        if labelled.get(first.id, 0) < middle:
            reasons.append(f"few examples of {first.id}")
    return Lesson(candidate, 2 * near + odds + 0.5 * rare if near or odds else 0.0, tuple(reasons))


def _logit(probability: float) -> float:
    held = min(max(probability, 1e-6), 1 - 1e-6)
    return log(held / (1 - held))


def _same(one: set[str], other: set[str]) -> bool:
    return bool(one | other) and len(one & other) / len(one | other) >= SAME_STORY
