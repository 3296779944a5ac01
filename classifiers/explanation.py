"""Why a text scored as it did: the exact parts of a linear score, in words a reader can be shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.sparse import csr_array

from classifiers.features import ACTORS, GROUPS, JAPAN_GROUPS, Features
from classifiers.signals import Hit
from classifiers.space import Floats
from classifiers.verdict import Evidence


@dataclass(frozen=True, slots=True)
class Part:
    """One column's share of the score. `words` are those of the text that raised it."""

    column: str
    words: str
    value: float
    weight: float

    @property
    def share(self) -> float:
        """What this part adds to the raw score."""
        return self.value * self.weight


@dataclass(frozen=True, slots=True)
class Explanation:
    """All parts of a raw score: `bias` + the sum of their shares is the score, to rounding of float64."""

    parts: tuple[Part, ...]
    bias: float
    japan: bool

    @property
    def score(self) -> float:
        """The raw score, before calibration."""
        return self.bias + sum(part.share for part in self.parts)

    def strongest(self, most: int) -> tuple[Evidence, ...]:
        """The words with the largest share for or against, largest first; parts of the same words added up."""
        total: dict[str, float] = defaultdict(float)
        for part in self.parts:
            total[part.words] += part.share
        ranked = sorted(total.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
        return tuple(Evidence(words, share) for words, share in ranked[:most])


def explain_row(
    features: Features, row: csr_array, columns: Sequence[str], weights: Floats, bias: float
) -> Explanation:
    """The parts of one row (shape (1, columns)) under one linear model."""
    raised = _words_by_signal(features.hits)
    parts = [
        Part(columns[column], _words(columns[column], raised), float(value), float(weights[column]))
        for column, value in zip(row.indices, row.data, strict=True)
    ]
    return Explanation(tuple(parts), bias, features.japan)


_LESSER = ("japan-owned", "japan-project", "japan-product", "japan-weak")
"""Japanese names that make no Japanese side of their own."""


def _words_by_signal(hits: Sequence[Hit]) -> Mapping[str, str]:
    """For each signal, and each family of signals, the first words that raised it."""
    raised: dict[str, str] = {}
    for hit in hits:
        raised.setdefault(hit.signal, hit.words)
    for group, members in GROUPS.items():
        first = next((hit.words for hit in hits if hit.signal in members), None)
        if first:
            raised[group] = first
    for hit in hits:
        if (actor := ACTORS.get(hit.signal)) is not None:
            raised.setdefault(actor, hit.words)
    japan = next((raised[group] for group in (*JAPAN_GROUPS, *_LESSER) if group in raised), "")
    raised["one-sided"] = japan
    raised["both"] = " + ".join(dict.fromkeys((japan, raised.get("vietnam-any", ""))))
    names = dict.fromkeys(hit.words for hit in hits if hit.signal == "other-country")
    raised["several-countries"] = " + ".join(names)
    return raised


def _words(column: str, raised: Mapping[str, str]) -> str:
    """A column in the words of the text: `<jp-firm> mở` → "AEON mở", `japan-owned×invest` → "AEON + khai trương"."""
    if "×" in column:
        one, _, two = column.partition("×")
        pair = f"{raised.get(one, one)} + {raised.get(two, two)}".split(" + ")
        return " + ".join(dict.fromkeys(words for words in pair if words))
    name, at, _ = column.partition("@")
    if at and ">" in name:
        one, _, two = name.partition(">")
        return f"{raised.get(one, one)} … {raised.get(two, two)}"
    if at:
        return raised.get(name, name)
    if column in raised:
        return raised[column]
    words = [raised.get(word[1:-1], "…") if word.startswith("<") else word for word in column.split(" ")]
    return " ".join("…" if word == "n" else word for word in words)
