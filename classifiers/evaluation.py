"""Scores of held-out verdicts against labels: what a model card and the gate go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
class Details:
    """What a card shows beside the scores. Intervals are 95 % bootstrap intervals over stories (Efron 1979);
    bins are (mean predicted, share relevant, weight); failures count wrong examples by kind, most first."""

    intervals: Mapping[str, tuple[float, float]]
    bins: Sequence[tuple[float, float, float]]
    missed: Sequence[tuple[str, int, int]]
    wrong: Sequence[tuple[str, int, int]]


@dataclass(frozen=True)
class Report:
    """Out-of-fold scores at the model's own thresholds. `relevance` is weighted to the ratio of a real stream;
    `spread` is the standard deviation of relevance F1 over the folds;
    `commitments` are the shares found first and among the first three."""

    relevance: Score
    spread: float
    micro: Score
    macro_f1: float
    sectors: Mapping[str, Score]
    commitments: tuple[float, float]
    calibration_error: float
    details: Details

    def figures(self) -> dict[str, float]:
        """The figures a manifest keeps, rounded to four places."""
        flat = {
            "relevance_f1": self.relevance.f1,
            "relevance_precision": self.relevance.precision,
            "relevance_recall": self.relevance.recall,
            "relevance_f1_spread": self.spread,
            "sectors_micro_f1": self.micro.f1,
            "sectors_macro_f1": self.macro_f1,
            "commitments_top1": self.commitments[0],
            "commitments_top3": self.commitments[1],
            "calibration_error": self.calibration_error,
        }
        return {name: round(value, 4) for name, value in flat.items()}


def evaluate(model: Model, held_out: OutOfFold, ratio: StreamRatio) -> Report:
    """How `model`'s thresholds and calibration do on scores of models that never saw the examples."""
    weight = stream_weights(held_out, ratio)
    weight[(held_out.label == 2) & ~held_out.japan] = 1.0  # the gate's own misses count as misses
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
    drawings = _drawings(held_out)
    details = Details(
        _intervals(model, held_out, sent, weight),
        _bins(probability[counted], truth[counted], weight[counted]),
        _by_kind(held_out, ~sent & truth, truth),
        _by_kind(held_out, sent & (held_out.label == 0), held_out.label == 0),
    )
    return Report(
        relevance=replace(
            _score(sent[counted], truth[counted], weight[counted]), support=int(truth.sum()) // drawings
        ),
        spread=float(np.std(folds)),
        micro=replace(_from_counts(*hits.sum(axis=0)), support=int(hits[:, [0, 2]].sum()) // drawings),
        macro_f1=float(np.mean([score.f1 for score in sectors[0].values() if score.support])),
        sectors=sectors[0],
        commitments=_commitment_scores(model, held_out),
        calibration_error=calibration_error(probability[counted], truth[counted], weight[counted]),
        details=details,
    )


def calibration_error(
    probability: np.ndarray, truth: np.ndarray, weight: np.ndarray, bins: int = 10
) -> float:
    """Expected calibration error (Naeini et al. 2015) in bins of equal weight."""
    found = _bins(probability, truth, weight, bins)
    return sum(share * abs(mean - actual) for mean, actual, share in found)


def _bins(
    probability: np.ndarray, truth: np.ndarray, weight: np.ndarray, bins: int = 10
) -> list[tuple[float, float, float]]:
    """(mean predicted, share true, share of all weight) in bins of equal weight."""
    order = np.argsort(probability, kind="stable")
    whole = max(float(weight.sum()), 1e-12)
    place = np.minimum((np.cumsum(weight[order]) / whole * bins).astype(int), bins - 1)
    out = []
    for number in range(bins):
        part = order[place == number]
        if (own := float(weight[part].sum())) > 0:
            mean = float(np.average(probability[part], weights=weight[part]))
            out.append((mean, float(np.average(truth[part], weights=weight[part])), own / whole))
    return out


DRAWS = 1000
"""Bootstrap samples; the ends of an interval move by less than a hundredth with more."""


def _intervals(
    model: Model, held_out: OutOfFold, sent: np.ndarray, weight: np.ndarray
) -> dict[str, tuple[float, float]]:
    """95 % intervals of F1 when stories are drawn with replacement: relevance, and each sector."""
    stories = {story: i for i, story in enumerate(sorted({e.story for e in held_out.examples}))}
    at = np.array([stories[example.story] for example in held_out.examples])
    draws = np.random.default_rng(0).multinomial(
        len(stories), np.full(len(stories), 1 / len(stories)), size=DRAWS
    )
    truth, counted = held_out.label == 2, held_out.label != 1
    chosen = {"relevance": (sent, truth, np.where(counted, weight, 0.0))}
    probability = model.sectors.probability(held_out.sectors)
    relevant = truth.astype(np.float64)
    for column, sector in enumerate(model.sector_ids):
        member = np.array([sector in example.sectors for example in held_out.examples], dtype=bool)
        chosen[sector] = (probability[:, column] >= model.thresholds.sectors[column], member, relevant)
    return {name: _interval(at, draws, *parts) for name, parts in chosen.items()}


def _interval(
    at: np.ndarray, draws: np.ndarray, chosen: np.ndarray, truth: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    hit, wrong, missed = (
        draws @ np.bincount(at, np.where(part, weight, 0.0), minlength=draws.shape[1])
        for part in (chosen & truth, chosen & ~truth, ~chosen & truth)
    )
    low, high = np.percentile(2 * hit / np.maximum(2 * hit + wrong + missed, 1e-12), (2.5, 97.5))
    return float(low), float(high)


def _by_kind(held_out: OutOfFold, bad: np.ndarray, members: np.ndarray) -> list[tuple[str, int, int]]:
    """(kind, wrong, all) of the kinds of example that go wrong most often, by count."""
    kinds = np.array([example.kind for example in held_out.examples])
    whole, failed = Counter(kinds[members]), Counter(kinds[bad])
    n = _drawings(held_out)
    rows = ((str(kind), round(bad / n), whole[kind] // n) for kind, bad in failed.most_common(12))
    return [row for row in rows if row[1]]


def _drawings(held_out: OutOfFold) -> int:
    """How many times the folds were drawn: every example stands there as often."""
    return max(1, len(held_out.examples) // max(1, len({example.id for example in held_out.examples})))


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
        scores[sector] = _from_counts(*count, support=int(truth.sum()) // _drawings(held_out))
    return scores, hits


def _commitment_scores(model: Model, held_out: OutOfFold) -> tuple[float, float]:
    """How often one of the commitments an example carries is the nearest one, and among the nearest three."""
    ids = model.commitments.ids
    first = three = count = 0
    for row, example in zip(held_out.similar, held_out.examples, strict=True):
        if example.relevance == 2 and example.commitments and row.any():
            best = [ids[i] for i in np.argsort(-row, kind="stable")[:3]]
            count += 1
            first += best[0] in example.commitments
            three += bool(set(best) & set(example.commitments))
    return first / max(1, count), three / max(1, count)
