"""Whether the news still look like those a model is used to: shares, scores, vocabulary and outlets of two periods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from classifiers.features import extract
from classifiers.model import Model
from classifiers.verdict import Decision, Text, Verdict

STRONG, SOME = 0.25, 0.10
"""Population stability index: above 0.25 a distribution has changed, above 0.10 it is changing (Siddiqi 2006)."""

CERTAIN = 3.3
"""Standard errors between two shares before they count as different: once in a thousand comparisons by chance."""

TWICE = 1.8
"""How many times a share must have grown or shrunk as well; a certain but small change matters to nobody."""

ENOUGH = 300
"""With fewer texts in either period nothing is compared; of one outlet half as many."""

ENOUGH_BEHIND = 60
"""Texts behind the gate in either period below which score and signal distributions are not compared."""

FEWEST = 10
"""Cases in the period with the larger share below which two shares are not told apart."""

SCORE_EDGES = (0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)


@dataclass(frozen=True, slots=True)
class Period:
    """What a model saw and said in a time. `scores` counts texts behind the gate by calibrated relevance,
    `signals` how often each signal was found there; `words` and `strange` count their words, and those the
    model does not know; `outlets` is (texts, behind the gate) by outlet."""

    texts: int
    japan: int
    sent: int
    review: int
    scores: tuple[int, ...]
    signals: Mapping[str, int]
    words: int
    strange: Mapping[str, int]
    outlets: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Note:
    """Something the operator should know: what changed, and what to do."""

    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class Drift:
    """One period against an earlier one. `figures` are named numbers; no notes means nothing to do."""

    figures: Mapping[str, float]
    notes: tuple[Note, ...]


def summarise(model: Model, judged: Iterable[tuple[str, Text, Verdict]]) -> Period:
    """Count (outlet, text, verdict of `model`)."""
    known = set(model.space.terms)
    decisions: Counter[Decision] = Counter()
    scores = [0] * (len(SCORE_EDGES) + 1)
    signals: Counter[str] = Counter()
    strange: Counter[str] = Counter()
    outlets: Counter[str] = Counter()
    behind: Counter[str] = Counter()
    words = 0
    for outlet, text, verdict in judged:
        outlets[outlet] += 1
        decisions[verdict.decision] += 1
        if not verdict.relevance:
            continue
        behind[outlet] += 1
        scores[sum(verdict.relevance >= edge for edge in SCORE_EDGES)] += 1
        features = extract(text, model.lexicon)
        signals.update(hit.signal for hit in features.hits)
        single = [term for term in features.terms if " " not in term and term[0] != "<"]
        words += len(single)
        strange.update({term for term in single if term not in known})
    return Period(
        outlets.total(),
        behind.total(),
        decisions[Decision.SEND],
        decisions[Decision.REVIEW],
        tuple(scores),
        dict(signals),
        words,
        dict(strange),
        {outlet: (n, behind[outlet]) for outlet, n in sorted(outlets.items())},
    )


def compare(before: Period, now: Period) -> Drift:
    """What changed from one period to the next."""
    if min(before.texts, now.texts) < ENOUGH:
        silent = Note("no article at all came in", "run 'vietnhat feeds check' and see 'vietnhat status'")
        stopped = before.texts > 0 and now.texts == 0
        return Drift({"texts": now.texts, "texts before": before.texts}, (silent,) if stopped else ())
    figures = {
        "texts": now.texts,
        "texts before": before.texts,
        "naming Japan, per 1,000": 1000 * now.japan / now.texts,
        "naming Japan before": 1000 * before.japan / before.texts,
        "sent, per 1,000": 1000 * now.sent / now.texts,
        "sent before": 1000 * before.sent / before.texts,
        "in review, per 1,000": 1000 * now.review / now.texts,
        "in review before": 1000 * before.review / before.texts,
        "scores, PSI": psi(before.scores, now.scores),
        "signals, PSI": _psi_of(before.signals, now.signals),
        "unknown words, per 100": 100 * sum(now.strange.values()) / max(1, now.words),
        "unknown words before": 100 * sum(before.strange.values()) / max(1, before.words),
    }
    notes = [*_share_notes(before, now), *_outlet_notes(before, now)]
    if min(before.japan, now.japan) >= ENOUGH_BEHIND:
        notes += _distribution_notes(figures, now)
    return Drift({name: round(value, 4) for name, value in figures.items()}, tuple(notes))


def psi(before: Sequence[int], now: Sequence[int]) -> float:
    """Population stability index of two histograms, less what chance alone makes of two samples of one population:
    (bins − 1)·(1/n + 1/m). Half a count is added to each bin."""
    if not before or not sum(before) or not sum(now):
        return 0.0
    chance = (len(before) - 1) * (1 / sum(before) + 1 / sum(now))
    whole_before, whole_now = sum(before) + len(before) / 2, sum(now) + len(now) / 2
    shares = [((b + 0.5) / whole_before, (n + 0.5) / whole_now) for b, n in zip(before, now, strict=True)]
    return max(0.0, sum((n - b) * log(n / b) for b, n in shares) - chance)


def _psi_of(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    names = sorted(set(before) | set(now))
    return psi([before.get(name, 0) for name in names], [now.get(name, 0) for name in names])


def _moved(hit: int, of: int, hit_before: int, of_before: int) -> bool:
    """Whether a share is certainly and considerably another one (two-proportion z-test)."""
    share, was = hit / of, hit_before / of_before
    if (hit if share > was else hit_before) < FEWEST:
        return False
    pooled = (hit + hit_before) / (of + of_before)
    error = sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_before))
    if not error or abs(share - was) < CERTAIN * error:
        return False
    return max(share, was) >= TWICE * max(min(share, was), 1e-9)


def _share_notes(before: Period, now: Period) -> Iterable[Note]:
    for name, hit, was, todo in (
        (
            "naming Japan",
            now.japan,
            before.japan,
            "see which outlets changed, and run 'vietnhat feeds check'",
        ),
        (
            "sent",
            now.sent,
            before.sent,
            "read what was sent, 'vietnhat label session', then 'vietnhat retrain'",
        ),
        ("in review", now.review, before.review, "'vietnhat label session', then 'vietnhat retrain'"),
    ):
        if _moved(hit, now.texts, was, before.texts):
            yield Note(
                f"of 1,000 articles {1000 * hit / now.texts:.1f} are {name}, before it were "
                f"{1000 * was / before.texts:.1f}",
                todo,
            )


def _distribution_notes(figures: Mapping[str, float], now: Period) -> Iterable[Note]:
    if figures["scores, PSI"] > STRONG:
        yield Note(
            f"scores are spread otherwise than before (PSI {figures['scores, PSI']:.2f})",
            "label what is near the threshold with 'vietnhat label session', then 'vietnhat retrain'",
        )
    if figures["signals, PSI"] > STRONG:
        yield Note(
            f"names and acts in the news are others than before (PSI {figures['signals, PSI']:.2f})",
            "look for new leaders, firms and projects, and add them to data/gazetteer.yaml",
        )
    if figures["unknown words, per 100"] > 2 * figures["unknown words before"] + 1:
        often = ", ".join(word for word, _ in Counter(now.strange).most_common(8))
        yield Note(
            f"{figures['unknown words, per 100']:.1f} of 100 words are unknown to the model, before it were "
            f"{figures['unknown words before']:.1f}; most often: {often}",
            "label articles with these words, then 'vietnhat retrain'",
        )


def _outlet_notes(before: Period, now: Period) -> Iterable[Note]:
    for outlet, (texts, japan) in now.outlets.items():
        texts_before, japan_before = before.outlets.get(outlet, (0, 0))
        if min(texts, texts_before) >= ENOUGH // 2 and _moved(japan, texts, japan_before, texts_before):
            yield Note(
                f"{outlet}: of 1,000 articles {1000 * japan / texts:.0f} name Japan, before it were "
                f"{1000 * japan_before / texts_before:.0f}",
                "its feeds may carry other sections or cut summaries; run 'vietnhat feeds check'",
            )
