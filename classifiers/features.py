"""One way to turn a text into model input, for training and serving alike.

Four blocks side by side: masked word 1–2-grams (TF-IDF), signal counts, products of signals, and who stands before
what (a Japanese firm, then an investment, in one sentence). Title and summary are kept apart but for words and
products. Every column has a name a reader can be shown.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from classifiers.signals import JAPAN_KINDS, JAPAN_WORDS, NUMBER, TOPIC, Hit, Lexicon, Scan
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
    "japan-firm": frozenset({"jp-firm"}),
    "japan-venture": frozenset({"jp-joint-venture"}),
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

JAPAN_GROUPS = ("japan-word", "japan-firm", "japan-public", "japan-place")
"""What makes a Japanese side. Works built with Japanese money and joint ventures stand in Vietnam anyway: that they
are named together with a Vietnamese place says nothing."""

WANTED = {"japan": JAPAN_GROUPS, "vietnam": ("vietnam-any",), **{act: (act,) for act in _ACTS}}
"""What a development between the two countries is made of, and the signals that show it is there; what of it a text
lacks is part of its explanation."""

PRODUCTS: tuple[tuple[str, str], ...] = (
    *(("both", other) for other in (*_ACTS, *_NOISE, "other-any")),
    *(("one-sided", other) for other in ("act", "noise", *JAPAN_GROUPS, "japan-project", "japan-owned")),
    *(("japan-owned", other) for other in (*_ACTS, "launch", "price", "market", "crime", "disaster", "vietnam-any")),
    *(("japan-venture", other) for other in (*_ACTS, "launch", "price", "vietnam-public")),
    *(("japan-public", other) for other in ("vietnam-any", "vietnam-public", "act", "noise", "other-any")),
    *(("japan-place", other) for other in ("vietnam-any", "vietnam-public", "act", "noise", "travel", "sport")),
    *(("japan-product", other) for other in ("launch", "price", "act", "vietnam-public", "invest")),
    *(("japan-project", other) for other in ("japan-word", "act", "meet", "vietnam-public")),
    ("japan-word", "aid"), ("japan-public", "aid"),
    ("japan-word", "other-any"), ("japan-word", "vietnam-public"), ("japan-word", "japan-owned"),
    ("japan-word", "japan-public"), ("other-any", "act"), ("bilateral", "act"), ("bilateral", "noise"),
)  # fmt: skip
"""Pairs whose meeting says more than each alone: a Japanese-owned firm *and* an investment."""


ACTORS = {
    signal: actor
    for actor, groups in (
        ("japan", ("japan-word", "japan-place")),
        ("firm", ("japan-firm", "japan-venture")),
        ("public", ("japan-public",)),
        ("project", ("japan-project",)),
        ("product", ("japan-product",)),
        ("weak", ("japan-weak",)),
        ("vietnam", ("vietnam-any",)),
        ("other", ("other-any",)),
    )
    for group in groups
    for signal in GROUPS[group]
}
"""Who may stand before or after an act, by signal."""

_JAPANESE = frozenset({"japan", "firm", "public", "project", "product", "weak"})

REACH = 8
"""Tokens between an actor and an act that still belong together; half a line of a headline."""

_ENDS = frozenset(".!?;:")


@dataclass(frozen=True, slots=True)
class Features:
    """One text ready for the models. `terms` repeat as often as they occur; `japan` is the gate, and outside it
    `signals` counts only the sectors' terms. The first `in_title` hits are the title's. `plain` are the tokens of
    title and summary with the names left in."""

    terms: tuple[str, ...]
    signals: dict[str, float]
    hits: tuple[Hit, ...]
    in_title: int
    japan: bool
    plain: tuple[tuple[str, ...], tuple[str, ...]]


def extract(text: Text, lexicon: Lexicon) -> Features:
    """The features of one text (raw or normalised)."""
    title = lexicon.scan(normalise(text.title))
    summary = lexicon.scan(normalise(text.summary))
    hits = title.hits + summary.hits
    japan = any(hit.signal in JAPAN_KINDS or hit.signal in JAPAN_WORDS for hit in hits)
    return Features(
        terms=(*_grams(title.masked), *_grams(summary.masked)),
        signals=_all_signals(title, summary) if japan else _topics(title.hits, summary.hits),
        hits=hits,
        in_title=len(title.hits),
        japan=japan,
        plain=(title.plain, summary.plain),
    )


def _all_signals(title: Scan, summary: Scan) -> dict[str, float]:
    counts = _signals(title.hits, summary.hits)
    return {**counts, **_relations(title, "title"), **_relations(summary, "summary")}


def _topics(title: Sequence[Hit], summary: Sequence[Hit]) -> dict[str, float]:
    """What most texts need: they name nothing Japanese, and are given sectors alone."""
    counted = Counter((hit.signal, "title") for hit in title if hit.signal.startswith(TOPIC))
    counted.update((hit.signal, "summary") for hit in summary if hit.signal.startswith(TOPIC))
    return {f"{signal}@{where}": _damped(n) for (signal, where), n in counted.items()}


def with_signal(features: Features, signal: str) -> dict[str, float]:
    """The signals of a text if its summary held one more hit of `signal`."""
    title, summary = features.hits[: features.in_title], features.hits[features.in_title :]
    order = {name: value for name, value in features.signals.items() if ">" in name}
    return {**_signals(title, (*summary, Hit(signal, "", 0))), **order}


def subject(features: Features) -> Features:
    """The same text for the models of what it is about: names left in, and of the signals only those that count
    a sector's terms. Who acts with whom is the business of relevance."""
    words = (gram for part in features.plain for gram in _grams(part))
    kinds = (term for term in features.terms if "<" in term and "<" in term.replace(NUMBER, ""))
    topics = {name: value for name, value in features.signals.items() if name.startswith(TOPIC)}
    return replace(features, terms=(*words, *kinds), signals=topics)


def extract_all(texts: Iterable[Text], lexicon: Lexicon) -> list[Features]:
    """`extract` for many."""
    return list(map(partial(extract, lexicon=lexicon), texts))


def _grams(tokens: Sequence[str]) -> list[str]:
    """Words, and pairs of words that follow each other without a mark between them."""
    words = [token if token[0].isalnum() or token[0] == "<" else "" for token in tokens]
    pairs = [f"{one} {two}" for one, two in pairwise(words) if one and two]
    return [*filter(None, words), *pairs]


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


def _relations(scan: Scan, where: str) -> dict[str, float]:
    """Pairs `one>other@where` of actors and acts that follow each other closely in a sentence, one of them Japanese."""
    sentence, in_sentence = 0, []
    for token in scan.plain:
        in_sentence.append(sentence)
        sentence += token in _ENDS
    found = {(hit.at, role) for hit in scan.hits if (role := _role(hit.signal))}
    roles = sorted(found)
    out = {}
    for place, (at, one) in enumerate(roles):
        for later, other in roles[place + 1 :]:
            if later - at > REACH or in_sentence[at] != in_sentence[later]:
                break
            if later > at and one != other and (one in _JAPANESE or other in _JAPANESE):
                out[f"{one}>{other}@{where}"] = 1.0
    return out


def _role(signal: str) -> str | None:
    return ACTORS.get(signal) or (signal if signal in GROUPS["act"] or signal in GROUPS["noise"] else None)


def _damped(count: int) -> float:
    return math.log2(1 + min(count, CAP)) / 2
