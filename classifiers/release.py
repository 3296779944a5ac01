"""The model a fresh installation starts with: the shipped corpus, fitted with what was accepted at release.

`data/corpus/accepted.json` keeps recipe, calibration, thresholds and scores of the release, so that the first start
needs one fit and no folds. It holds for exactly one state of the shipped data; after an edit folds are needed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.calibration import StreamRatio, accept
from classifiers.corpus import Example, fingerprint, load_corpus
from classifiers.corrections import text_key
from classifiers.errors import BadFile
from classifiers.evaluation import Report, evaluate
from classifiers.gate import Floors, floors_of, raised, read_floors
from classifiers.gazetteer import load_gazetteer, load_word_lists
from classifiers.model import Linear, Model, Thresholds
from classifiers.models import Manifest, ModelStore, new_id
from classifiers.shipped import shipped
from classifiers.signals import Lexicon, build_lexicon
from classifiers.taxonomy import load_taxonomy
from classifiers.training import Recipe, fit, out_of_fold


@cache
def shipped_lexicon() -> Lexicon:
    """The lexicon of the shipped data files, read once a process."""
    return build_lexicon(load_gazetteer(), load_word_lists(), load_taxonomy())


def data_fingerprint(examples: Sequence[Example]) -> str:
    """SHA-256 over everything a model is made from: examples, taxonomy, names and word lists."""
    digest = hashlib.sha256(fingerprint(examples).encode())
    for name in ("taxonomy.yaml", "gazetteer.yaml", "signals.yaml"):
        digest.update(shipped("data", name).read_bytes())
    return digest.hexdigest()


def train_with_folds(
    now: datetime, recipe: Recipe, lessons: Sequence[Example] = ()
) -> tuple[Model, Report, Manifest]:
    """Folds, thresholds, final fit and report on the shipped corpus, with readers' `lessons` to learn from.

    Thresholds, calibration and scores are measured on the corpus alone. What corrections do to the models of the
    folds shows in them, which is the point of the gate; a correction of a text that stands in the corpus stays on
    its side of the folds.
    """
    taxonomy = load_taxonomy()
    corpus = load_corpus(taxonomy)
    stories = {text_key(example.text): example.story for example in corpus}
    lessons = [replace(one, story=stories.get(text_key(one.text), one.story)) for one in lessons]
    examples = (*corpus, *lessons)
    lexicon = shipped_lexicon()
    data = data_fingerprint(examples)
    held_out = out_of_fold(examples, lexicon, taxonomy, recipe)
    own = np.tile(np.arange(len(examples)) < len(corpus), recipe.repeats)
    held_out = held_out.only(own)
    model = accept(fit(examples, lexicon, taxonomy, recipe, new_id(now, data)), held_out, recipe.ratio)
    report = evaluate(model, held_out, recipe.ratio)
    manifest = replace(
        _manifest(model, now, data, len(examples), recipe, report.figures()),
        evaluation=fingerprint(corpus),
        lessons=len(lessons),
        card=asdict(report),
    )
    return model, report, manifest


def accepted_floors() -> Floors | None:
    """The floors pinned at release; None when the file is missing or older than floors."""
    path = shipped("data", "corpus", "accepted.json")
    if not path.exists():
        return None
    floors = _read(path).get("floors")
    return read_floors(floors) if floors else None


def first_model(store: ModelStore, now: datetime) -> str:
    """The id of the model that serves, fitting and promoting the release's one where there is none that this
    version can load."""
    current = store.current()
    if current and store.usable():
        return current
    model, manifest = fit_accepted(now)
    store.save(model, manifest)
    store.promote(model.id)
    return model.id


def fit_accepted(now: datetime) -> tuple[Model, Manifest]:
    """The release's model. Raises BadFile when the shipped data were edited since."""
    path = shipped("data", "corpus", "accepted.json")
    accepted = _read(path)
    taxonomy = load_taxonomy()
    examples = load_corpus(taxonomy)
    data = data_fingerprint(examples)
    if accepted["data"] != data:
        raise BadFile(
            path, "the data files were changed since this was accepted", todo="run 'vietnhat retrain'"
        )
    recipe = Recipe(**{**accepted["recipe"], "ratio": StreamRatio(**accepted["recipe"]["ratio"])})
    model = fit(examples, shipped_lexicon(), taxonomy, recipe, new_id(now, data))
    model = replace(
        model,
        relevance=_calibrated(model.relevance, accepted["relevance"]),
        sectors=_calibrated(model.sectors, accepted["sectors"]),
        commitments=replace(model.commitments, **accepted["commitments"]),
        thresholds=Thresholds(
            **{**accepted["thresholds"], "sectors": tuple(accepted["thresholds"]["sectors"])}
        ),
    )
    manifest = _manifest(model, now, data, len(examples), recipe, accepted["scores"])
    return model, replace(manifest, evaluation=fingerprint(examples))


def acceptance(model: Model, manifest: Manifest) -> dict[str, Any]:
    """What `accepted.json` holds for a model trained with folds."""
    return {
        "data": manifest.corpus,
        "recipe": manifest.recipe,
        "scores": manifest.scores,
        "floors": asdict(raised(accepted_floors(), floors_of(manifest.evaluation, manifest.scores))),
        "thresholds": asdict(model.thresholds),
        "relevance": _calibration(model.relevance),
        "sectors": _calibration(model.sectors),
        "commitments": {name: getattr(model.commitments, name) for name in ("slope", "offset", "threshold")},
    }


def _calibration(linear: Linear) -> dict[str, list[float]]:
    return {"slope": linear.slope.tolist(), "offset": linear.offset.tolist()}


def _calibrated(linear: Linear, given: Mapping[str, list[float]]) -> Linear:
    return replace(linear, slope=np.array(given["slope"]), offset=np.array(given["offset"]))


def _read(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile(path, "cannot be read", todo="restore it, or run 'vietnhat retrain'") from error
    return data


def _manifest(
    model: Model, now: datetime, data: str, examples: int, recipe: Recipe, scores: Mapping[str, float]
) -> Manifest:
    libraries = ("scikit-learn", "numpy", "scipy")
    return Manifest(
        id=model.id,
        created=now.isoformat(timespec="seconds"),
        corpus=data,
        examples=examples,
        recipe=asdict(recipe),
        versions={name: version(name) for name in libraries},
        scores=dict(scores),
    )
