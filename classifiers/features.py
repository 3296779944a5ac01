"""One way to turn a text into model input, for training and serving alike.

Three blocks side by side: masked word 1–2-grams (TF-IDF), signal counts, products of signals. Title and summary
are kept apart for signals. Every column has a name a reader can be shown.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from classifiers.signals import JAPAN_KINDS, JAPAN_WORDS, Hit, Lexicon
from classifiers.text import normalise
from classifiers.verdict import Text

CAP = 3
"""A signal found more often counts no more: the fourth mention of Japan says nothing new."""

_ACTS = (
    "meet",
    "sign",
    "cooperate",
    "aid",
    "fund",
    "invest",
    "deal",
    "trade",
    "people",
    "exchange",
    "research",
    "travel",
)
_NOISE = (
    "launch",
    "price",
    "sport",
    "crime",
    "disaster",
    "market",
    "entertainment",
    "lifestyle",
    "japan-domestic",
)

GROUPS: dict[str, frozenset[str]] = {
    "japan-word": JAPAN_WORDS,
    "japan-owned": frozenset({"jp-firm", "jp-joint-venture"}),
    "japan-public": frozenset({"jp-agency", "jp-ministry", "jp-organisation", "jp-person"}),
    "japan-project": frozenset({"jp-project"}),
    "japan-place": frozenset({"jp-place"}),
    "japan-product": frozenset({"jp-model", "jp-brand", "weak-firm", "weak-brand", "weak-model"}),
    "japan-weak": frozenset({"weak-owned", "weak-project", "weak-joint-venture", "weak-agency", "weak-ministry",
                             "weak-organisation", "weak-person", "weak-place", "weak-bilateral"}),
    "vietnam-any": frozenset({"vietnam", "vn-place", "vn-ministry", "vn-person", "vn-firm", "vietnam-authority",
                              "bilateral"}),
    "vietnam-public": frozenset({"vn-ministry", "vn-person", "vietnam-authority"}),
    "other-any": frozenset({"other-country", "other-org"}),
    "act": frozenset(_ACTS),
    "noise": frozenset(_NOISE),
}  # fmt: skip
"""Families of signals, counted as one beside their members."""

JAPAN_GROUPS = ("japan-word", "japan-owned", "japan-public", "japan-place", "japan-project")
PRODUCTS: tuple[tuple[str, str], ...] = (
    *(("both", other) for other in (*_ACTS, *_NOISE, "other-any")),
    *(("one-sided", other) for other in ("act", "noise", *JAPAN_GROUPS)),
    *(("japan-owned", other) for other in (*_ACTS, "launch", "price", "market", "crime", "disaster", "vietnam-any")),
    *(("japan-public", other) for other in ("vietnam-any", "vietnam-public", "act", "noise", "other-any")),
    *(("japan-place", other) for other in ("vietnam-any", "vietnam-public", "act", "noise", "travel", "sport")),
    *(("japan-product", other) for other in ("launch", "price", "act", "vietnam-public", "invest")),
    *(("japan-project", other) for other in ("japan-word", "act", "meet", "vietnam-public")),
    ("japan-word", "aid"), ("japan-public", "aid"),
    ("japan-word", "other-any"), ("japan-word", "vietnam-public"), ("japan-word", "japan-owned"),
    ("japan-word", "japan-public"), ("other-any", "act"), ("bilateral", "act"), ("bilateral", "noise"),
)  # fmt: skip
"""Pairs whose meeting says more than each alone: a Japanese-owned firm *and* an investment."""


@dataclass(frozen=True, slots=True)
class Features:
    """One text ready for the models. `terms` repeat as often as they occur; `japan` is the gate."""

    terms: tuple[str, ...]
    signals: dict[str, float]
    hits: tuple[Hit, ...]
    japan: bool


def extract(text: Text, lexicon: Lexicon) -> Features:
    """The features of one text (raw or normalised)."""
    title = lexicon.scan(normalise(text.title))
    summary = lexicon.scan(normalise(text.summary))
    hits = title.hits + summary.hits
    return Features(
        terms=(*_grams(title.masked), *_grams(summary.masked)),
        signals=_signals(title.hits, summary.hits),
        hits=hits,
        japan=any(hit.signal in JAPAN_KINDS or hit.signal in JAPAN_WORDS for hit in hits),
    )


def extract_all(texts: Iterable[Text], lexicon: Lexicon) -> list[Features]:
    """`extract` for many."""
    return list(map(partial(extract, lexicon=lexicon), texts))


def _grams(masked: Sequence[str]) -> Iterable[str]:
    words = [word for word in masked if word[0].isalnum() or word[0] == "<"]
    yield from words
    for one, two in pairwise(masked):
        if (one[0].isalnum() or one[0] == "<") and (two[0].isalnum() or two[0] == "<"):
            yield f"{one} {two}"


def _signals(title: Sequence[Hit], summary: Sequence[Hit]) -> dict[str, float]:
    in_title = Counter(hit.signal for hit in title)
    in_summary = Counter(hit.signal for hit in summary)
    for name, members in GROUPS.items():
        in_title[name] = sum(in_title[member] for member in members)
        in_summary[name] = sum(in_summary[member] for member in members)
    values = {}
    for where, counts in (("title", in_title), ("summary", in_summary)):
        values.update({f"{name}@{where}": _damped(n) for name, n in counts.items() if n})
    both = in_title + in_summary
    named = any(both[group] for group in JAPAN_GROUPS)
    both["both" if named and both["vietnam-any"] else "one-sided"] = 1
    values["both" if both["both"] else "one-sided"] = 1.0
    if in_title["vietnam-any"] and any(in_title[group] for group in JAPAN_GROUPS):
        values["both@title"] = 1.0
    values.update({f"{one}×{two}": 1.0 for one, two in PRODUCTS if both[one] and both[two]})
    countries = {hit.words for hit in (*title, *summary) if hit.signal == "other-country"}
    if len(countries) > 1:
        values["several-countries"] = _damped(len(countries) - 1)
    return values


def _damped(count: int) -> float:
    return math.log2(1 + min(count, CAP)) / 2
