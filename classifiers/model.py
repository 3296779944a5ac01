"""A trained model as plain numbers, and what it says of texts. Needs numpy and scipy, not scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from classifiers.explanation import Explanation, explain_row
from classifiers.features import Features, extract, extract_all
from classifiers.signals import Lexicon
from classifiers.space import Floats, Space
from classifiers.verdict import CommitmentScore, Decision, Evidence, SectorScore, Text, Verdict

EVIDENCE_SHOWN = 8
COMMITMENTS_SHOWN = 2


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
        scores: Floats = rows @ self.coef.T + self.bias
        return scores

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
    commitment: float


@dataclass(frozen=True)
class Model:
    """Everything a verdict depends on. `profiles` (commitments, columns) are rows of unit length."""

    id: str
    lexicon: Lexicon
    space: Space
    relevance: Linear
    sector_ids: tuple[str, ...]
    sectors: Linear
    commitment_ids: tuple[str, ...]
    profiles: Floats
    thresholds: Thresholds

    def classify(self, texts: Sequence[Text]) -> list[Verdict]:
        """One verdict per text, in order."""
        features = extract_all(texts, self.lexicon)
        rows = self.space.matrix(features)
        relevance = self._relevance(features, rows)
        sectors = self.sectors.probability(self.sectors.raw(rows))
        similar = rows @ self.profiles.T
        return [
            self._verdict(one, rows, i, float(relevance[i]), sectors[i], similar[i])
            for i, one in enumerate(features)
        ]

    def explain(self, text: Text) -> Explanation:
        """Every term of the raw relevance score of one text: they and the bias add up to it exactly."""
        features = extract(text, self.lexicon)
        return self._explain(features, self.space.matrix([features]))

    def _explain(self, features: Features, row: csr_array) -> Explanation:
        weights, bias = self.relevance.coef[0], float(self.relevance.bias[0])
        return explain_row(features, row, self.space.columns, weights, bias)

    def _relevance(self, features: Sequence[Features], rows: csr_array) -> Floats:
        """Calibrated relevance; 0 behind a closed gate (no Japan signal, nothing to go by)."""
        gate = np.array([one.japan for one in features], dtype=bool)
        out = np.zeros(len(features))
        if gate.any():
            out[gate] = self.relevance.probability(self.relevance.raw(rows[gate]))[:, 0]
        return out

    def _verdict(
        self,
        features: Features,
        rows: csr_array,
        place: int,
        relevance: float,
        sectors: Floats,
        similar: Floats,
    ) -> Verdict:
        decision = self._decide(relevance)
        evidence: tuple[Evidence, ...] = ()
        if features.japan:
            evidence = self._explain(features, rows[[place]]).strongest(EVIDENCE_SHOWN)
        chosen = self._sectors(sectors, at_least_one=decision is not Decision.DROP)
        return Verdict(relevance, decision, chosen, self._commitments(similar, chosen), evidence, self.id)

    def _decide(self, relevance: float) -> Decision:
        if relevance >= self.thresholds.send:
            return Decision.SEND
        return Decision.REVIEW if relevance >= self.thresholds.review else Decision.DROP

    def _sectors(self, probabilities: Floats, *, at_least_one: bool) -> tuple[SectorScore, ...]:
        """Sectors above their thresholds, best margin first; what is sent is filed under its best one at least."""
        margins = probabilities / np.array(self.thresholds.sectors)
        order = np.argsort(-margins, kind="stable")
        above = [i for i in order if margins[i] >= 1.0] or list(order[: int(at_least_one)])
        return tuple(SectorScore(self.sector_ids[i], float(probabilities[i])) for i in above[:3])

    def _commitments(self, similar: Floats, sectors: tuple[SectorScore, ...]) -> tuple[CommitmentScore, ...]:
        """The nearest commitments of the text's own sectors."""
        fields = {sector.id for sector in sectors}
        order = np.argsort(-similar, kind="stable")
        near = (i for i in order if similar[i] >= self.thresholds.commitment)
        own = [i for i in near if self.commitment_ids[i].partition(".")[0] in fields]
        return tuple(
            CommitmentScore(self.commitment_ids[i], float(similar[i])) for i in own[:COMMITMENTS_SHOWN]
        )
