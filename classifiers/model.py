"""A trained model as plain numbers, and what it says of texts. Needs numpy and scipy, not scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit, logit

from classifiers.commitments import Commitments
from classifiers.explanation import Explanation, explain_row
from classifiers.features import WANTED, Features, extract, extract_all, subject, with_signal
from classifiers.signals import Lexicon
from classifiers.space import Floats, Space
from classifiers.verdict import CommitmentScore, Decision, SectorScore, Text, Verdict

EVIDENCE_SHOWN = 8


@dataclass(frozen=True)
class Linear:
    """Weights of k one-against-rest models: `coef` (k, columns), `bias` (k,), and per model the Platt (1999)
    calibration p = 1 / (1 + exp(-(slope·score + offset)))."""

    coef: Floats
    bias: Floats
    slope: Floats
    offset: Floats

    def raw(self, rows: csr_array) -> Floats:
        """Uncalibrated scores (log-odds under the training ratio), shape (rows, k)."""
        scores: Floats = rows @ self._columns + self.bias
        return scores

    @cached_property
    def _columns(self) -> Floats:
        """One row per column of the space: what a sparse product wants to read."""
        return np.ascontiguousarray(self.coef.T)

    def probability(self, raw: Floats) -> Floats:
        """Calibrated probabilities of raw scores."""
        calibrated: Floats = expit(raw * self.slope + self.offset)
        return calibrated


@dataclass(frozen=True)
class Thresholds:
    """From the training corpus alone. Relevance: send at or above `send`, review at or above `review`."""

    send: float
    review: float
    sectors: tuple[float, ...]


@dataclass(frozen=True)
class Model:
    """Everything a verdict depends on. Relevance is scored in `space`, sectors and commitments in `subjects`."""

    id: str
    lexicon: Lexicon
    space: Space
    subjects: Space
    relevance: Linear
    sector_ids: tuple[str, ...]
    sectors: Linear
    commitments: Commitments
    thresholds: Thresholds

    def classify(self, texts: Sequence[Text]) -> list[Verdict]:
        """One verdict per text, in order."""
        if not texts:
            return []
        features = extract_all(texts, self.lexicon)
        about = self.subjects.matrix([subject(one) for one in features])
        sectors = self.sectors.probability(self.sectors.raw(about))
        inside = [i for i, one in enumerate(features) if one.japan]
        rows = self.space.matrix([features[i] for i in inside])
        relevance = self.relevance.probability(self.relevance.raw(rows))[:, 0]
        near = self.commitments.nearest(about[inside])
        verdicts = [self._outside(row) for row in sectors]
        for place, i in enumerate(inside):
            why = self._explain(features[i], rows[[place]])
            verdicts[i] = self._verdict(float(relevance[place]), sectors[i], near[place], why)
        return verdicts

    @cached_property
    def _least(self) -> Floats:
        return np.array(self.thresholds.sectors)

    def explain(self, text: Text) -> Explanation:
        """Every term of the raw relevance score of one text: they and the bias add up to it exactly."""
        features = extract(text, self.lexicon)
        return self._explain(features, self.space.matrix([features]))

    def missing(self, text: Text) -> tuple[float, tuple[tuple[str, float], ...]]:
        """What an unsent text lacks: the log-odds to the send threshold (0 when it is reached), and what each
        absent act or side would add to its raw score if the summary told of it, most first."""
        features = extract(text, self.lexicon)
        raw = float(self.relevance.raw(self.space.matrix([features]))[0, 0])
        slope, offset = float(self.relevance.slope[0]), float(self.relevance.offset[0])
        lacking = max(0.0, (float(logit(self.thresholds.send)) - offset) / slope - raw)
        gains = []
        present = {name.partition("@")[0] for name in features.signals}
        for signal, shown_by in WANTED.items():
            if present.isdisjoint(shown_by):
                imagined = replace(features, signals=with_signal(features, signal))
                gain = float(self.relevance.raw(self.space.matrix([imagined]))[0, 0]) - raw
                if gain > 0:
                    gains.append((signal, gain))
        return lacking, tuple(sorted(gains, key=lambda pair: (-pair[1], pair[0])))

    def _explain(self, features: Features, row: csr_array) -> Explanation:
        weights, bias = self.relevance.coef[0], float(self.relevance.bias[0])
        return explain_row(features, row, self.space.columns, weights, bias)

    def _outside(self, sectors: Floats) -> Verdict:
        """Behind a closed gate (no Japan signal, nothing to go by) there is no relevance and no evidence."""
        chosen = self._sectors(sectors, at_least_one=False)
        return Verdict(0.0, Decision.DROP, chosen, (), (), self.id)

    def _verdict(
        self, relevance: float, sectors: Floats, near: tuple[CommitmentScore, ...], why: Explanation
    ) -> Verdict:
        decision = self._decide(relevance)
        chosen = self._sectors(sectors, at_least_one=decision is not Decision.DROP)
        return Verdict(relevance, decision, chosen, near, why.strongest(EVIDENCE_SHOWN), self.id)

    def _decide(self, relevance: float) -> Decision:
        if relevance >= self.thresholds.send:
            return Decision.SEND
        return Decision.REVIEW if relevance >= self.thresholds.review else Decision.DROP

    def _sectors(self, probabilities: Floats, *, at_least_one: bool) -> tuple[SectorScore, ...]:
        """Sectors above their thresholds, best margin first; what is sent is filed under its best one at least."""
        margins = probabilities / self._least
        order = np.argsort(-margins, kind="stable")[:3]
        above = [i for i in order if margins[i] >= 1.0] or list(order[: int(at_least_one)])
        return tuple(SectorScore(self.sector_ids[i], float(probabilities[i])) for i in above)
