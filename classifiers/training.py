"""Fits a model to labelled examples. Needs scikit-learn.

Thresholds and calibration come from out-of-fold scores of the examples alone (`calibration`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from classifiers.calibration import OutOfFold, StreamRatio
from classifiers.commitments import Commitments
from classifiers.corpus import Example
from classifiers.features import Features, extract_all, subject
from classifiers.model import Linear, Model, Thresholds
from classifiers.signals import Lexicon
from classifiers.space import Floats, Space, fit_space
from classifiers.taxonomy import Taxonomy
from classifiers.verdict import Text

Ints = NDArray[np.int64]

LEAST_WEIGHT = 0.004
"""Smaller weights of commitments are cut, some two thirds of them: the model's files are so much smaller."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit. The defaults were chosen on folds of the corpus (docs/classifier.md)."""

    seed: int = 20230927
    folds: int = 5
    repeats: int = 3
    strength: float = 1.0
    """Inverse of the L2 penalty of the relevance model; small is stable."""
    sector_strength: float = 5.0
    min_term: int = 2
    min_signal: int = 3
    max_share: float = 0.5
    signal_scale: float = 0.3
    borderline_weight: float = 0.5
    """A borderline example is a negative of this weight."""
    negative_weight: float = 2.0
    """A clear negative counts twice: behind real feeds' gate there are many more of them than in the corpus."""
    commitment_penalty: float = 2.0
    """L2 penalty of the commitments' regression."""
    ratio: StreamRatio = field(default_factory=StreamRatio)


@dataclass(frozen=True, slots=True)
class _Material:
    """What fits are made from, read once: examples side by side with their features for relevance and for subjects,
    and what the taxonomy itself says of its commitments."""

    examples: Sequence[Example]
    features: Sequence[Features]
    about: Sequence[Features]
    lexicon: Lexicon
    taxonomy: Taxonomy
    own: Sequence[tuple[Features, str, float]]

    def part(self, rows: Iterable[int]) -> _Material:
        """The examples at `rows`."""
        chosen = list(rows)
        return replace(
            self,
            examples=[self.examples[i] for i in chosen],
            features=[self.features[i] for i in chosen],
            about=[self.about[i] for i in chosen],
        )


def _material(examples: Sequence[Example], lexicon: Lexicon, taxonomy: Taxonomy) -> _Material:
    features = extract_all([example.text for example in examples], lexicon)
    about = [subject(one) for one in features]
    return _Material(examples, features, about, lexicon, taxonomy, _own_words(taxonomy, lexicon))


def fit(
    examples: Sequence[Example], lexicon: Lexicon, taxonomy: Taxonomy, recipe: Recipe, model_id: str
) -> Model:
    """One fit without thresholds: what has even odds would be sent."""
    material = _material(examples, lexicon, taxonomy)
    with _one_thread():
        return _fit(material, recipe, model_id)


def _one_thread() -> threadpool_limits:
    """Our matrices are too small to be shared between threads: on a busy machine those of BLAS wait for each other
    and make a fit twenty times as slow."""
    return threadpool_limits(limits=1, user_api="blas")


def out_of_fold(
    examples: Sequence[Example], lexicon: Lexicon, taxonomy: Taxonomy, recipe: Recipe
) -> OutOfFold:
    """Raw scores of every example from models fitted on the other folds; stories stay on one side.

    The folds are drawn `recipe.repeats` times and pooled: a threshold from one draw is mostly that draw's luck.
    Commitments are scored in the first drawing only; they are the slowest to fit and have no threshold to pool.
    """
    material = _material(examples, lexicon, taxonomy)
    with _one_thread():
        draws = [
            _one_draw(material, replace(recipe, seed=recipe.seed + number), with_commitments=number == 0)
            for number in range(recipe.repeats)
        ]
    japan = np.array([one.japan for one in material.features], dtype=bool)
    return OutOfFold(
        tuple(examples) * recipe.repeats,
        np.tile(japan, recipe.repeats),
        np.concatenate([fold + number * recipe.folds for number, (fold, *_) in enumerate(draws)]),
        np.concatenate([relevance for _, relevance, _, _ in draws]),
        np.concatenate([sectors for _, _, sectors, _ in draws]),
        np.concatenate([similar for _, _, _, similar in draws]),
    )


def _one_draw(
    material: _Material, recipe: Recipe, *, with_commitments: bool
) -> tuple[Ints, Floats, Floats, Floats]:
    """Fold numbers and raw scores (relevance, sectors, commitments) of one drawing of folds."""
    n, taxonomy = len(material.examples), material.taxonomy
    fold, relevance = np.zeros(n, dtype=np.int64), np.zeros(n)
    sectors = np.zeros((n, len(taxonomy.sectors)))
    similar = np.zeros((n, len(taxonomy.commitments)))
    for number, (inside, outside) in enumerate(_folds(material.examples, recipe)):
        model = _fit(material.part(inside), recipe, "fold", with_commitments=with_commitments)
        held = material.part(outside)
        about = model.subjects.matrix(held.about)
        fold[outside] = number
        relevance[outside] = model.relevance.raw(model.space.matrix(held.features))[:, 0]
        sectors[outside] = model.sectors.raw(about)
        if with_commitments:
            similar[outside] = model.commitments.raw(about)
    return fold, relevance, sectors, similar


def _folds(examples: Sequence[Example], recipe: Recipe) -> Iterator[tuple[Ints, Ints]]:
    wanted = [e.sectors[0] if e.relevance == 2 and e.sectors else str(e.relevance) for e in examples]
    often = {stratum for stratum, n in Counter(wanted).items() if n >= recipe.folds}
    few = sum(stratum not in often for stratum in wanted)
    rest = "rare" if few >= recipe.folds else "0"
    strata = [stratum if stratum in often else rest for stratum in wanted]
    splitter = StratifiedGroupKFold(recipe.folds, shuffle=True, random_state=recipe.seed)
    yield from splitter.split(np.zeros(len(examples)), strata, [e.story for e in examples])


def _fit(material: _Material, recipe: Recipe, model_id: str, *, with_commitments: bool = True) -> Model:
    space = fit_space(
        material.features,
        min_term=recipe.min_term,
        min_signal=recipe.min_signal,
        max_share=recipe.max_share,
        signal_scale=recipe.signal_scale,
    )
    labelled = material.part(i for i, example in enumerate(material.examples) if example.sectors)
    subjects = fit_space(
        [*labelled.about, *(one for one, _, _ in material.own)],
        min_term=recipe.min_term,
        min_signal=recipe.min_signal,
        max_share=recipe.max_share,
        signal_scale=recipe.signal_scale,
    )
    sector_ids = tuple(material.taxonomy.sector_by_id)
    return Model(
        model_id,
        material.lexicon,
        space,
        subjects,
        _fit_relevance(material.examples, material.features, space.matrix(material.features), recipe),
        sector_ids,
        _fit_sectors(labelled, subjects, sector_ids, recipe),
        _fit_commitments(labelled, subjects, recipe)
        if with_commitments
        else _no_commitments(material.taxonomy, subjects),
        Thresholds(0.5, 0.25, (0.5,) * len(sector_ids)),
    )


def _no_commitments(taxonomy: Taxonomy, subjects: Space) -> Commitments:
    ids = tuple(taxonomy.commitment_by_id)
    return Commitments(ids, csr_array((len(ids), len(subjects.columns))), np.zeros(len(ids)))


def _fit_relevance(
    examples: Sequence[Example], features: Sequence[Features], rows: csr_array, recipe: Recipe
) -> Linear:
    """2 against 0 and 1, behind the gate only: a text without any Japan signal teaches nothing there."""
    inside = np.array([one.japan for one in features], dtype=bool)
    label = np.array([example.relevance for example in examples])
    weight = np.array([recipe.negative_weight, recipe.borderline_weight, 1.0])[label]
    solver = _logistic(recipe.strength, recipe)
    solver.fit(rows[inside], label[inside] == 2, sample_weight=weight[inside])
    return _linear(solver.coef_, solver.intercept_)


def _fit_sectors(labelled: _Material, subjects: Space, sector_ids: Sequence[str], recipe: Recipe) -> Linear:
    """One model per sector over everything that carries sectors (relevance 1 and 2)."""
    rows = subjects.matrix(labelled.about)
    coefs, biases = [], []
    for sector in sector_ids:
        wanted = np.array([sector in example.sectors for example in labelled.examples])
        if not wanted.any():  # a sector nobody has labelled yet is never predicted
            coefs.append(np.zeros(rows.shape[1]))
            biases.append(-20.0)
            continue
        solver = _logistic(recipe.sector_strength, recipe, class_weight="balanced")
        solver.fit(rows, wanted)
        coefs.append(solver.coef_[0])
        biases.append(float(solver.intercept_[0]))
    return _linear(_short(np.array(coefs)), np.array(biases))


def _logistic(strength: float, recipe: Recipe, class_weight: str | None = None) -> LogisticRegression:
    """L2-regularised logistic regression by liblinear (Fan et al. 2008): the fastest of equals on sparse text."""
    return LogisticRegression(
        C=strength, solver="liblinear", max_iter=1000, class_weight=class_weight, random_state=recipe.seed
    )


def _linear(coef: Floats, bias: Floats) -> Linear:
    return Linear(coef.astype(np.float64), bias.astype(np.float64), np.ones(len(bias)), np.zeros(len(bias)))


def _fit_commitments(labelled: _Material, subjects: Space, recipe: Recipe) -> Commitments:
    """Ridge regression of ±1 per commitment on the relevant examples that carry one, and on what the taxonomy
    itself says of each."""
    ids = tuple(labelled.taxonomy.commitment_by_id)
    carrying = labelled.part(i for i, example in enumerate(labelled.examples) if example.commitments)
    rows = subjects.matrix([*carrying.about, *(one for one, _, _ in labelled.own)])
    wanted = [
        *(set(example.commitments) for example in carrying.examples),
        *({one} for _, one, _ in labelled.own),
    ]
    weight = np.array([1.0] * len(carrying.examples) + [weight for _, _, weight in labelled.own])
    truth = np.array([[1.0 if one in given else -1.0 for one in ids] for given in wanted])
    solver = Ridge(alpha=recipe.commitment_penalty, solver="sparse_cg", tol=1e-4)
    solver.fit(rows, truth, sample_weight=weight)
    coef = np.where(np.abs(solver.coef_) >= LEAST_WEIGHT, solver.coef_, 0.0)
    return Commitments(ids, csr_array(_short(coef)), solver.intercept_.astype(np.float64))


def _short(weights: Floats) -> Floats:
    """Weights that single precision holds exactly, so that a model serves with the numbers it was tried with."""
    rounded: Floats = weights.astype(np.float32).astype(np.float64)
    return rounded


def _own_words(taxonomy: Taxonomy, lexicon: Lexicon) -> list[tuple[Features, str, float]]:
    """What the taxonomy says of each commitment, as texts with a weight: its name, its sentence, its terms."""
    told = [
        (text, commitment.id, weight)
        for commitment in taxonomy.commitments
        for text, weight in (
            (commitment.name.vi, 2.0),
            (commitment.statement.vi, 3.0),
            *((term, 1.0) for term in commitment.terms),
        )
    ]
    found = extract_all([Text(text, "") for text, _, _ in told], lexicon)
    return [
        (subject(one), commitment, weight) for one, (_, commitment, weight) in zip(found, told, strict=True)
    ]
