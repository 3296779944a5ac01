"""Which commitments of the statements a text comes near to: one linear score each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from classifiers.space import Floats
from classifiers.verdict import CommitmentScore

SHOWN = 3


@dataclass(frozen=True)
class Commitments:
    """`coef` (commitments, columns) and `bias` give raw scores, `slope` and `offset` make probabilities of them
    (Platt 1999). From `threshold` on the nearest commitment is shown to readers."""

    ids: tuple[str, ...]
    coef: csr_array
    bias: Floats
    slope: float = 1.0
    offset: float = 0.0
    threshold: float = 0.5

    def raw(self, rows: csr_array) -> Floats:
        """Raw scores, shape (texts, commitments)."""
        scores: Floats = (rows @ self._columns).toarray() + self.bias
        return scores

    @cached_property
    def _columns(self) -> csr_array:
        return csr_array(self.coef.T)

    def probability(self, raw: Floats) -> Floats:
        """Calibrated probabilities of raw scores."""
        calibrated: Floats = expit(raw * self.slope + self.offset)
        return calibrated

    def nearest(self, rows: csr_array) -> list[tuple[CommitmentScore, ...]]:
        """The three nearest of each text, nearest first."""
        probability = self.probability(self.raw(rows))
        order = np.argsort(-probability, axis=1, kind="stable")[:, :SHOWN]
        return [
            tuple(
                CommitmentScore(self.ids[i], float(row[i]), sure=bool(row[i] >= self.threshold))
                for i in places
            )
            for row, places in zip(probability, order, strict=True)
        ]
