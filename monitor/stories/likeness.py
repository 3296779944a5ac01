"""How likely two articles tell one story: six figures, weighed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, sqrt

from monitor.stories.terms import Rarity, Terms

HEADLINE = 2.0
"""A term of the headline counts so much more than one of the summary alone."""

FAR = 72.0
"""Hours; what lies further apart is not compared."""

TELLING_NAME = 3.0
"""So rare must a name be to tell two happenings apart: in one of twenty articles or fewer."""

BIAS = -4.85
WEIGHTS: Mapping[str, float] = {
    "telling": 7.51,
    "contained": 4.30,
    "headlines": -2.28,
    "names": 1.38,
    "days": -2.51,
    "same_outlet": -1.52,
}
"""Fitted to pairs judged by hand (docs/stories.md). Headlines alike beyond what they tell speak against: columns repeat
theirs from day to day."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two articles have in common; all but `days` between 0 and 1.

    `telling` is the cosine of all terms, `contained` how much of each headline the other article holds, `headlines`
    the cosine of the headlines, `names` how much of the names of the one with fewer the other holds.
    """

    telling: float
    contained: float
    headlines: float
    names: float
    days: float
    same_outlet: float

    @property
    def odds(self) -> float:
        """The logarithm of the odds that both tell one story."""
        return BIAS + sum(weight * float(getattr(self, name)) for name, weight in WEIGHTS.items())

    @property
    def probability(self) -> float:
        """The same, between 0 and 1."""
        return 1 / (1 + exp(-self.odds))


@dataclass(frozen=True, slots=True)
class Weighed:
    """An article's terms with what each says, and what they say together."""

    outlet: str
    published: datetime
    whole: Mapping[str, float]
    headline: Mapping[str, float]
    names: Mapping[str, float]
    vector: Mapping[str, float]
    norm: float
    headline_norm: float
    host: frozenset[str] = frozenset()


def weigh(terms: Terms, rarity: Rarity) -> Weighed:
    """Prepare an article for comparisons."""
    whole = {term: rarity.of(term) for term in terms.headline | terms.lead}
    headline = {term: whole[term] for term in terms.headline}
    vector = {
        term: weight * (HEADLINE * (term in terms.headline) + (term in terms.lead))
        for term, weight in whole.items()
    }
    names = {name: rarity.of(name) for name in terms.names}
    return Weighed(
        terms.outlet,
        terms.published,
        whole,
        headline,
        names,
        vector,
        _norm(vector.values()),
        _norm(headline.values()),
        terms.host,
    )


def likeness(one: Weighed, other: Weighed) -> Likeness:
    """Compare two articles."""
    hours = abs((one.published - other.published).total_seconds()) / 3600
    return Likeness(
        telling=_cosine(one.vector, other.vector, one.norm * other.norm),
        contained=(_share(one.headline, other.whole) + _share(other.headline, one.whole)) / 2,
        headlines=_cosine(one.headline, other.headline, one.headline_norm * other.headline_norm),
        names=_share(one.names, other.names),
        days=min(hours, FAR) / 24,
        same_outlet=float(one.outlet == other.outlet),
    )


def differ_in_names(one: Weighed, other: Weighed) -> bool:
    """Whether each headline names somebody or something the other article does not know at all.

    Two agreements in the same words between other provinces are two happenings, however alike they are.
    """
    return _names_alone(one, other) and _names_alone(other, one)


def differ_in_hosts(one: Weighed, other: Weighed) -> bool:
    """Whether each headline tells of a meeting whose host the other headline does not know: a guest's two meetings."""
    return _host_alone(one, other) and _host_alone(other, one)


def _host_alone(one: Weighed, other: Weighed) -> bool:
    return bool(one.host) and sum(word in other.headline for word in one.host) < len(one.host) / 2


def _names_alone(one: Weighed, other: Weighed) -> bool:
    return any(
        weight >= TELLING_NAME and name in one.headline and " " not in name and name not in other.whole
        for name, weight in one.names.items()
    )


def _norm(weights: Iterable[float]) -> float:
    return sqrt(sum(weight * weight for weight in weights))


def _cosine(one: Mapping[str, float], other: Mapping[str, float], norms: float) -> float:
    return sum(one[term] * other[term] for term in one.keys() & other.keys()) / norms if norms else 0.0


def _share(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How much of what the one that says less says is in both."""
    least = min(sum(one.values()), sum(other.values()))
    return sum(one[term] for term in one.keys() & other.keys()) / least if least else 0.0
