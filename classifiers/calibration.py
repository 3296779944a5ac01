"""Turns raw scores of held-out examples into probabilities and thresholds, at the ratio of a real stream.

An own-written corpus holds about as many positives as negatives; behind the gate of real feeds stand some eleven
clear negatives and three borderline texts for each positive, more than half of them told apart by their subject alone
(a car's price, a match). Ours are the other kind: three or four of them stand for eleven. Weighting held-out texts to
that ratio is what makes a threshold chosen here usable there. Needs scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifiers.commitments import Commitments
from classifiers.corpus import Example
from classifiers.model import Linear, Model, Thresholds
from classifiers.space import Floats

REVIEW_AT = 0.02
"""A text with at least one chance in fifty is shown to the operator: some five of a thousand articles."""

BORDERLINE_COST = 0.3
"""A borderline text that is sent hurts this much of a clear mistake when the threshold is chosen."""

GRID = np.linspace(0.02, 0.98, 193)


@dataclass(frozen=True, slots=True)
class StreamRatio:
    """How many texts as hard as the corpus's stand behind the gate of real feeds for one positive."""

    negatives: float = 3.5
    borderlines: float = 3.0


@dataclass(frozen=True)
class OutOfFold:
    """What models that never saw an example say of it. Rows follow `examples`; scores are raw."""

    examples: tuple[Example, ...]
    japan: NDArray[np.bool_]
    fold: NDArray[np.int64]
    relevance: Floats
    sectors: Floats
    similar: Floats

    def only(self, wanted: NDArray[np.bool_]) -> OutOfFold:
        """The rows for which `wanted` is true."""
        return OutOfFold(
            tuple(example for example, keep in zip(self.examples, wanted, strict=True) if keep),
            self.japan[wanted],
            self.fold[wanted],
            self.relevance[wanted],
            self.sectors[wanted],
            self.similar[wanted],
        )

    @property
    def label(self) -> NDArray[np.int64]:
        """Relevance labels, 0–2."""
        return np.array([example.relevance for example in self.examples], dtype=np.int64)


def accept(model: Model, held_out: OutOfFold, ratio: StreamRatio) -> Model:
    """`model` with the calibration and thresholds that the held-out scores support."""
    weight = stream_weights(held_out, ratio)
    slope, offset = _platt(
        held_out.relevance, held_out.label == 2, np.where(held_out.label == 1, 0.0, weight)
    )
    relevance = replace(model.relevance, slope=np.array([slope]), offset=np.array([offset]))
    probability = relevance.probability(held_out.relevance[:, None])[:, 0]
    send = _send_threshold(probability, held_out.label, weight)
    sectors = _sector_calibration(model.sectors, held_out, model.sector_ids)
    thresholds = Thresholds(
        send=send,
        review=min(REVIEW_AT, send / 2),
        sectors=_sector_thresholds(sectors, held_out, model.sector_ids),
    )
    commitments = _commitment_calibration(model.commitments, held_out)
    return replace(
        model, relevance=relevance, sectors=sectors, commitments=commitments, thresholds=thresholds
    )


def stream_weights(held_out: OutOfFold, ratio: StreamRatio) -> Floats:
    """A weight per example, so that the weighted mix behind the gate is that of a stream; 0 outside the gate."""
    label = held_out.label
    positives = float((held_out.japan & (label == 2)).sum())
    weight = np.zeros(len(label))
    for value, share in ((2, 1.0), (1, ratio.borderlines), (0, ratio.negatives)):
        members = held_out.japan & (label == value)
        if members.any():
            weight[members] = share * positives / members.sum()
    return weight


def _platt(score: Floats, truth: NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    """Slope and offset of p = 1 / (1 + exp(-(slope·score + offset))) (Platt 1999), by weighted likelihood."""
    used = weight > 0
    if not truth[used].any() or truth[used].all():
        return 1.0, 0.0
    solver = LogisticRegression(C=100.0, max_iter=1000)
    solver.fit(score[used, None], truth[used], sample_weight=weight[used])
    return float(solver.coef_[0, 0]), float(solver.intercept_[0])


def _send_threshold(probability: Floats, label: NDArray[np.int64], weight: Floats) -> float:
    """Half of the best F1 at the stream's ratio: for calibrated probabilities that is the best threshold (Lipton,
    Elkan and Naryanaswamy 2014), and it moves far less from draw to draw than the empirical optimum does."""
    cost = np.where(label == 1, BORDERLINE_COST * weight, weight)
    return max(_f1(probability >= t, label == 2, cost) for t in GRID) / 2


def _f1(chosen: NDArray[np.bool_], truth: NDArray[np.bool_], weight: Floats) -> float:
    hit = float(weight[chosen & truth].sum())
    wrong = float(weight[chosen & ~truth].sum())
    missed = float(weight[~chosen & truth].sum())
    return 2 * hit / (2 * hit + wrong + missed) if hit else 0.0


def _truth(examples: Sequence[Example], sector: str) -> NDArray[np.bool_]:
    return np.array([sector in example.sectors for example in examples], dtype=bool)


def _sector_calibration(sectors: Linear, held_out: OutOfFold, ids: Sequence[str]) -> Linear:
    weight = (held_out.label > 0).astype(np.float64)
    pairs = [_platt(held_out.sectors[:, k], _truth(held_out.examples, i), weight) for k, i in enumerate(ids)]
    return replace(sectors, slope=np.array([a for a, _ in pairs]), offset=np.array([b for _, b in pairs]))


def _sector_thresholds(sectors: Linear, held_out: OutOfFold, ids: Sequence[str]) -> tuple[float, ...]:
    """Per sector where F1 over the relevant examples is best, drawn half-way to the common best one:
    a rare sector's own optimum is mostly chance."""
    probability = sectors.probability(held_out.sectors)
    weight = (held_out.label == 2).astype(np.float64)
    truth = np.stack([_truth(held_out.examples, sector) for sector in ids], axis=1)
    common = float(
        GRID[np.argmax([_f1(probability >= t, truth, weight[:, None] * np.ones(len(ids))) for t in GRID])]
    )
    own = [float(GRID[np.argmax([_f1(probability[:, k] >= t, truth[:, k], weight) for t in GRID])])
           for k in range(len(ids))]  # fmt: skip
    return tuple((one + common) / 2 for one in own)


def _commitment_calibration(commitments: Commitments, held_out: OutOfFold) -> Commitments:
    """Probabilities from the nearest three of each relevant example, and the threshold from which the F1 of "it is
    the nearest one, and near enough" is best. Rows that were not scored are all zero and do not count."""
    scored = (held_out.label == 2) & held_out.similar.any(axis=1)
    scored &= np.array([bool(example.commitments) for example in held_out.examples], dtype=bool)
    if not scored.any():
        return commitments
    wanted = [e.commitments for e, keep in zip(held_out.examples, scored, strict=True) if keep]
    truth = np.array([[i in given for i in commitments.ids] for given in wanted], dtype=bool)
    raw = held_out.similar[scored]
    near = raw >= np.sort(raw, axis=1)[:, [-3]]
    slope, offset = _platt(raw[near], truth[near], np.ones(int(near.sum())))
    fitted = replace(commitments, slope=slope, offset=offset)
    probability = fitted.probability(raw)
    nearest = raw >= raw.max(axis=1, keepdims=True)
    weight = np.ones_like(raw)
    scores = [_f1(nearest & (probability >= t), truth, weight) for t in GRID]
    return replace(fitted, threshold=float(GRID[int(np.argmax(scores))]))
