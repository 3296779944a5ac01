"""Fitting, calibration and scores on held-out folds."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.calibration import OutOfFold, StreamRatio, accept, stream_weights
from classifiers.corpus import Example, load_corpus
from classifiers.evaluation import calibration_error, evaluate
from classifiers.model import Model
from classifiers.release import shipped_lexicon
from classifiers.taxonomy import load_taxonomy
from classifiers.training import Recipe, fit, out_of_fold
from classifiers.verdict import Decision, Text


def example(number: int, relevance: int) -> Example:
    """An example that is nothing but its label."""
    sectors = ("economy",) if relevance else ()
    return Example(str(number), Text("", ""), relevance, sectors, (), "press", "x", str(number))


def held_out(scores: list[float], labels: list[int], japan: list[bool] | None = None) -> OutOfFold:
    """Held-out scores of relevance alone."""
    n = len(scores)
    return OutOfFold(
        tuple(example(i, label) for i, label in enumerate(labels)),
        np.array(japan or [True] * n),
        np.arange(n) % 2,
        np.array(scores),
        np.zeros((n, 1)),
        np.zeros((n, 1)),
    )


def test_weights_make_the_ratio_of_a_stream() -> None:
    """Nine clear negatives and three borderline texts weigh against one positive; outside the gate nothing does."""
    weight = stream_weights(held_out([0.0] * 6, [2, 2, 1, 0, 0, 0], [True] * 5 + [False]), StreamRatio(9, 3))
    assert weight.tolist() == [1.0, 1.0, 6.0, 9.0, 9.0, 0.0]


def test_calibration_error_of_honest_probabilities_is_small() -> None:
    """Probabilities drawn as they say have next to no error; constant boasting has a large one."""
    rng = np.random.default_rng(1)
    said = rng.random(20_000)
    truth = rng.random(20_000) < said
    ones = np.ones(20_000)
    assert calibration_error(said, truth, ones) < 0.02
    assert calibration_error(np.full(20_000, 0.99), truth, ones) > 0.4


@pytest.fixture(scope="module")
def small() -> tuple[Example, ...]:
    """Every sixth example of the corpus."""
    return load_corpus(load_taxonomy())[::6]


RECIPE = Recipe(repeats=1)
"""One drawing of folds is enough to see that it works."""


@pytest.fixture(scope="module")
def trained(small: tuple[Example, ...]) -> tuple[Model, OutOfFold]:
    """A model of the small corpus, and its held-out scores."""
    folds = out_of_fold(small, shipped_lexicon(), load_taxonomy(), RECIPE)
    return accept(fit(small, shipped_lexicon(), load_taxonomy(), RECIPE, "small"), folds, RECIPE.ratio), folds


def test_training_learns_and_reports(small: tuple[Example, ...], trained: tuple[Model, OutOfFold]) -> None:
    """On a sixth of the corpus held-out scores are far above chance, thresholds lie inside (0, 1), and the same
    seed gives the same model."""
    model, folds = trained
    recipe, lexicon, taxonomy = RECIPE, shipped_lexicon(), load_taxonomy()
    report = evaluate(model, folds, recipe.ratio)
    assert report.relevance.f1 > 0.5
    assert report.micro.f1 > 0.4
    assert report.calibration_error < 0.1
    assert 0 < model.thresholds.review < model.thresholds.send < 1
    again = accept(fit(small, lexicon, taxonomy, recipe, "small"), folds, recipe.ratio)
    assert np.array_equal(again.relevance.coef, model.relevance.coef)
    assert again.thresholds == model.thresholds


def test_a_sector_without_examples_is_never_predicted(small: tuple[Example, ...]) -> None:
    """No positives means no guess, not a crash."""
    taxonomy = load_taxonomy()
    lexicon, recipe = shipped_lexicon(), Recipe(repeats=1)
    without = [e for e in small if "defence" not in e.sectors]
    folds = out_of_fold(without, lexicon, taxonomy, recipe)
    model = accept(fit(without, lexicon, taxonomy, recipe, "small"), folds, recipe.ratio)
    texts = [e.text for e in small if "defence" in e.sectors]
    assert all("defence" not in [s.id for s in v.sectors] for v in model.classify(texts))


def test_folds_keep_a_story_on_one_side(small: tuple[Example, ...]) -> None:
    """Examples of one story are never split between training and holding out."""
    from dataclasses import replace

    paired = [replace(e, id=f"{e.id}-{twin}", story=e.story) for e in small[::2] for twin in "ab"]
    taxonomy = load_taxonomy()
    folds = out_of_fold(paired, shipped_lexicon(), taxonomy, Recipe(repeats=1))
    sides: dict[str, set[int]] = {}
    for e, fold in zip(folds.examples, folds.fold, strict=True):
        sides.setdefault(e.story, set()).add(int(fold))
    assert all(len(side) == 1 for side in sides.values())


def test_sending_needs_relevance(small: tuple[Example, ...], trained: tuple[Model, OutOfFold]) -> None:
    """Decisions follow the thresholds."""
    model, _ = trained
    for verdict in model.classify([e.text for e in small[:100]]):
        above = verdict.relevance >= model.thresholds.send
        assert (verdict.decision is Decision.SEND) == above
        assert bool(verdict.sectors) or verdict.decision is Decision.DROP
