"""Scores of held-out verdicts against labels: what a model card and the gate go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.calibration import OutOfFold, StreamRatio, stream_weights
from classifiers.model import Model


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean, and how many examples carry the label."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Report:
    """Out-of-fold scores at the model's own thresholds. `relevance` is weighted to the ratio of a real stream;
    `spread` is the standard deviation of relevance F1 over the folds."""

    relevance: Score
    spread: float
    micro: Score
    macro_f1: float
    sectors: Mapping[str, Score]
    commitments: Score
    calibration_error: float

    def figures(self) -> dict[str, float]:
        """The figures a manifest keeps, rounded to four places."""
        flat = {
            "relevance_f1": self.relevance.f1,
            "relevance_precision": self.relevance.precision,
            "relevance_recall": self.relevance.recall,
            "relevance_f1_spread": self.spread,
            "sectors_micro_f1": self.micro.f1,
            "sectors_macro_f1": self.macro_f1,
            "commitments_f1": self.commitments.f1,
            "calibration_error": self.calibration_error,
        }
        return {name: round(value, 4) for name, value in flat.items()}


def evaluate(model: Model, held_out: OutOfFold, ratio: StreamRatio) -> Report:
    """How `model`'s thresholds and calibration do on scores of models that never saw the examples."""
    weight = stream_weights(held_out, ratio)
    probability = model.relevance.probability(held_out.relevance[:, None])[:, 0] * held_out.japan
    sent = probability >= model.thresholds.send
    truth = held_out.label == 2
    counted = held_out.label != 1
    folds = [
        _score(sent[part], truth[part], weight[part]).f1
        for fold in np.unique(held_out.fold)
        if (part := counted & (held_out.fold == fold)).any()
    ]
    sectors = _sector_scores(model, held_out)
    hits = np.array(list(sectors[1]))
    return Report(
        relevance=_score(sent[counted], truth[counted], weight[counted]),
        spread=float(np.std(folds)),
        micro=_from_counts(*hits.sum(axis=0)),
        macro_f1=float(np.mean([score.f1 for score in sectors[0].values() if score.support])),
        sectors=sectors[0],
        commitments=_commitment_score(model, held_out),
        calibration_error=calibration_error(probability[counted], truth[counted], weight[counted]),
    )


def calibration_error(
    probability: np.ndarray, truth: np.ndarray, weight: np.ndarray, bins: int = 10
) -> float:
    """Expected calibration error (Naeini et al. 2015) in bins of equal weight."""
    order = np.argsort(probability, kind="stable")
    edges = np.cumsum(weight[order]) / max(float(weight.sum()), 1e-12) * bins
    place = np.minimum(edges.astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        part = order[place == number]
        if (share := float(weight[part].sum())) > 0:
            mean = float(np.average(probability[part], weights=weight[part]))
            error += share * abs(mean - float(np.average(truth[part], weights=weight[part])))
    return error / max(float(weight.sum()), 1e-12)


def _score(chosen: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> Score:
    return _from_counts(
        float(weight[chosen & truth].sum()),
        float(weight[chosen & ~truth].sum()),
        float(weight[~chosen & truth].sum()),
        int(truth.sum()),
    )


def _from_counts(hit: float, wrong: float, missed: float, support: int | None = None) -> Score:
    precision = hit / (hit + wrong) if hit else 0.0
    recall = hit / (hit + missed) if hit else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
    return Score(precision, recall, f1, round(hit + missed) if support is None else support)


def _sector_scores(
    model: Model, held_out: OutOfFold
) -> tuple[dict[str, Score], Sequence[tuple[float, float, float]]]:
    """Scores and (hit, wrong, missed) per sector, over the relevant examples."""
    relevant = held_out.label == 2
    probability = model.sectors.probability(held_out.sectors[relevant])
    examples = [example for example, keep in zip(held_out.examples, relevant, strict=True) if keep]
    chosen = probability >= np.array(model.thresholds.sectors)
    scores, hits = {}, []
    for column, sector in enumerate(model.sector_ids):
        truth = np.array([sector in example.sectors for example in examples], dtype=bool)
        one = chosen[:, column]
        count = (float((one & truth).sum()), float((one & ~truth).sum()), float((~one & truth).sum()))
        hits.append(count)
        scores[sector] = _from_counts(*count)
    return scores, hits


def _commitment_score(model: Model, held_out: OutOfFold) -> Score:
    hit = wrong = missed = 0
    for row, example in zip(held_out.similar, held_out.examples, strict=True):
        if example.relevance == 2:
            best = int(np.argmax(row))
            given = {model.commitment_ids[best]} if row[best] >= model.thresholds.commitment else set()
            wanted = set(example.commitments)
            hit, wrong, missed = (
                hit + len(given & wanted),
                wrong + len(given - wanted),
                missed + len(wanted - given),
            )
    return _from_counts(hit, wrong, missed)
