"""Fits a model to labelled examples. Needs scikit-learn.

Thresholds and calibration come from out-of-fold scores of the examples alone (`calibration`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from classifiers.calibration import OutOfFold, StreamRatio, accept
from classifiers.corpus import Example
from classifiers.features import Features, extract_all
from classifiers.model import Linear, Model, Thresholds
from classifiers.signals import Lexicon
from classifiers.space import Floats, Space, fit_space
from classifiers.taxonomy import Commitment, Taxonomy
from classifiers.verdict import Text

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit. The defaults were chosen on folds of the corpus (docs/classifier.md)."""

    seed: int = 20230927
    folds: int = 5
    repeats: int = 3
    strength: float = 2.0
    """Inverse of the L2 penalty of the relevance model; small is stable."""
    sector_strength: float = 2.0
    min_term: int = 2
    min_signal: int = 3
    max_share: float = 0.5
    signal_scale: float = 0.3
    borderline_weight: float = 0.5
    """A borderline example is a negative of this weight."""
    negative_weight: float = 2.0
    """A clear negative counts twice: behind real feeds' gate there are many more of them than in the corpus."""
    ratio: StreamRatio = field(default_factory=StreamRatio)


def train(
    examples: Sequence[Example], lexicon: Lexicon, taxonomy: Taxonomy, recipe: Recipe, model_id: str
) -> Model:
    """Folds for thresholds and calibration, then one fit on everything."""
    held_out = out_of_fold(examples, lexicon, taxonomy, recipe)
    return accept(fit(examples, lexicon, taxonomy, recipe, model_id), held_out, recipe.ratio)


def fit(
    examples: Sequence[Example], lexicon: Lexicon, taxonomy: Taxonomy, recipe: Recipe, model_id: str
) -> Model:
    """One fit without thresholds: everything behind the gate would be sent."""
    features = extract_all([example.text for example in examples], lexicon)
    return _fit(examples, features, lexicon, taxonomy, recipe, model_id)


def out_of_fold(
    examples: Sequence[Example], lexicon: Lexicon, taxonomy: Taxonomy, recipe: Recipe
) -> OutOfFold:
    """Raw scores of every example from models fitted on the other folds; stories stay on one side.

    The folds are drawn `recipe.repeats` times and pooled: a threshold from one draw is mostly that draw's luck.
    """
    features = extract_all([example.text for example in examples], lexicon)
    draws = [
        _one_draw(examples, features, lexicon, taxonomy, replace(recipe, seed=recipe.seed + number))
        for number in range(recipe.repeats)
    ]
    japan = np.array([one.japan for one in features], dtype=bool)
    return OutOfFold(
        tuple(examples) * recipe.repeats,
        np.tile(japan, recipe.repeats),
        np.concatenate([fold + number * recipe.folds for number, (fold, *_) in enumerate(draws)]),
        np.concatenate([relevance for _, relevance, _, _ in draws]),
        np.concatenate([sectors for _, _, sectors, _ in draws]),
        np.concatenate([similar for _, _, _, similar in draws]),
    )


def _one_draw(
    examples: Sequence[Example],
    features: Sequence[Features],
    lexicon: Lexicon,
    taxonomy: Taxonomy,
    recipe: Recipe,
) -> tuple[Ints, Floats, Floats, Floats]:
    """Fold numbers and raw scores (relevance, sectors, similarity to commitments) of one drawing of folds."""
    n = len(examples)
    fold, relevance = np.zeros(n, dtype=np.int64), np.zeros(n)
    sectors = np.zeros((n, len(taxonomy.sectors)))
    similar = np.zeros((n, len(taxonomy.commitments)))
    for number, (inside, outside) in enumerate(_folds(examples, recipe)):
        model = _fit(
            [examples[i] for i in inside], [features[i] for i in inside], lexicon, taxonomy, recipe, "fold"
        )
        rows = model.space.matrix([features[i] for i in outside])
        fold[outside] = number
        relevance[outside] = model.relevance.raw(rows)[:, 0]
        sectors[outside] = model.sectors.raw(rows)
        similar[outside] = rows @ model.profiles.T
    return fold, relevance, sectors, similar


def _folds(examples: Sequence[Example], recipe: Recipe) -> Iterator[tuple[Ints, Ints]]:
    wanted = [e.sectors[0] if e.relevance == 2 else str(e.relevance) for e in examples]
    often = {stratum for stratum, n in Counter(wanted).items() if n >= recipe.folds}
    strata = [stratum if stratum in often else "rare" for stratum in wanted]
    splitter = StratifiedGroupKFold(recipe.folds, shuffle=True, random_state=recipe.seed)
    yield from splitter.split(np.zeros(len(examples)), strata, [e.story for e in examples])


def _fit(
    examples: Sequence[Example],
    features: Sequence[Features],
    lexicon: Lexicon,
    taxonomy: Taxonomy,
    recipe: Recipe,
    model_id: str,
) -> Model:
    space = fit_space(
        features,
        min_term=recipe.min_term,
        min_signal=recipe.min_signal,
        max_share=recipe.max_share,
        signal_scale=recipe.signal_scale,
    )
    rows = space.matrix(features)
    sector_ids = tuple(taxonomy.sector_by_id)
    return Model(
        model_id,
        lexicon,
        space,
        _fit_relevance(examples, features, rows, recipe),
        sector_ids,
        _fit_sectors(examples, rows, sector_ids, recipe),
        tuple(taxonomy.commitment_by_id),
        _profiles(examples, rows, space, lexicon, taxonomy),
        Thresholds(0.5, 0.25, (0.5,) * len(sector_ids), 1.0),
    )


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


def _fit_sectors(
    examples: Sequence[Example], rows: csr_array, sector_ids: Sequence[str], recipe: Recipe
) -> Linear:
    """One model per sector over everything that carries sectors (relevance 1 and 2)."""
    labelled = np.array([bool(example.sectors) for example in examples])
    coefs, biases = [], []
    for sector in sector_ids:
        wanted = np.array([sector in example.sectors for example in examples])[labelled]
        if not wanted.any():  # a sector nobody has labelled yet is never predicted
            coefs.append(np.zeros(rows.shape[1]))
            biases.append(-20.0)
            continue
        solver = _logistic(recipe.sector_strength, recipe, class_weight="balanced")
        solver.fit(rows[labelled], wanted)
        coefs.append(solver.coef_[0])
        biases.append(float(solver.intercept_[0]))
    return _linear(np.array(coefs), np.array(biases))


def _logistic(strength: float, recipe: Recipe, class_weight: str | None = None) -> LogisticRegression:
    """L2-regularised logistic regression by liblinear (Fan et al. 2008): the fastest of equals on sparse text."""
    return LogisticRegression(
        C=strength, solver="liblinear", max_iter=1000, class_weight=class_weight, random_state=recipe.seed
    )


def _linear(coef: Floats, bias: Floats) -> Linear:
    return Linear(coef.astype(np.float64), bias.astype(np.float64), np.ones(len(bias)), np.zeros(len(bias)))


def _profiles(
    examples: Sequence[Example], rows: csr_array, space: Space, lexicon: Lexicon, taxonomy: Taxonomy
) -> Floats:
    """A commitment's profile: its names, sentence and terms, and the examples labelled with it, half and half."""
    own = space.matrix(extract_all([_as_text(c) for c in taxonomy.commitments], lexicon))
    words = len(space.terms)
    profiles = np.zeros((len(taxonomy.commitments), len(space.columns)))
    for i, commitment in enumerate(taxonomy.commitments):
        members = [row for row, example in enumerate(examples) if commitment.id in example.commitments]
        text = own[[i]].toarray()[0, :words]
        centre = rows[members].toarray()[:, :words].mean(axis=0) if members else text
        profile = _unit(text) + _unit(centre)
        profiles[i, :words] = _unit(profile)
    return profiles


def _as_text(commitment: Commitment) -> Text:
    return Text(commitment.name.vi, ". ".join((commitment.statement.vi, *commitment.terms)))


def _unit(vector: Floats) -> Floats:
    length = float(np.sqrt(vector @ vector))
    return vector / length if length else vector
