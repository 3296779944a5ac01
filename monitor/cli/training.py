"""`vietnhat retrain` and `vietnhat model …`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.cli.context import json_option, print_json, print_table, say, settings_of
from monitor.errors import Misuse


@click.command()
@click.option(
    "--accept", is_flag=True, help="Write the result as the release's own (data/corpus/accepted.json)."
)
@click.option(
    "--allow-lower", is_flag=True, help="Promote although a score is lower than the serving model's."
)
@json_option
@click.pass_context
def retrain(ctx: click.Context, accept: bool, allow_lower: bool, as_json: bool) -> int:
    """Train on the corpus in folds, and let the new model serve unless it is clearly worse."""
    from classifiers.models import ModelStore
    from classifiers.release import acceptance, train_with_folds
    from classifiers.shipped import shipped
    from classifiers.training import Recipe
    from monitor.cli.progress import working

    settings = settings_of(ctx)
    with working("training in folds"):
        model, report, _, manifest = train_with_folds(datetime.now(UTC), Recipe())
    store = ModelStore(Path(settings.models))
    store.save(model, manifest)
    worse = _worse(store, report.figures())
    if worse and not allow_lower:
        say(
            f"model {model.id} was trained but does not serve: {worse}; --allow-lower lets it serve all the same"
        )
        return 1
    store.promote(model.id)
    if accept:
        path = shipped("data", "corpus", "accepted.json")
        path.write_text(json.dumps(acceptance(model, manifest), indent=1) + "\n", encoding="utf-8")
        say(f"wrote {path}")
    if as_json:
        print_json({"model": model.id, "scores": report.figures()})
    else:
        _show(report.figures())
        say(f"model {model.id} serves now; 'vietnhat model rollback' brings the one before back")
    return 0


MARGIN = 0.02
"""A fall within this much is chance: about one standard deviation of F1 between folds."""


def _worse(store: object, figures: dict[str, float]) -> str:
    """In which score the new model is clearly below the serving one; empty when in none."""
    from classifiers.models import ModelStore

    assert isinstance(store, ModelStore)
    current = store.current()
    if not current:
        return ""
    before = store.manifest(current).scores
    for name in ("relevance_f1", "sectors_micro_f1", "sectors_macro_f1"):
        if figures[name] < before.get(name, 0.0) - MARGIN:
            return f"{name} fell from {before[name]:.3f} to {figures[name]:.3f}"
    return ""


def _show(figures: dict[str, float]) -> None:
    print_table(
        ("score", "value"), [(name.replace("_", " "), f"{value:.3f}") for name, value in figures.items()]
    )


@click.group()
def model() -> None:
    """The models: which exist, which serves, how good they are."""


@model.command("list")
@json_option
@click.pass_context
def list_models(ctx: click.Context, as_json: bool) -> None:
    """All models, newest last; * marks the one that serves."""
    from classifiers.models import ModelStore

    store = ModelStore(Path(settings_of(ctx).models))
    current = store.current()
    manifests = [store.manifest(model_id) for model_id in store.ids()]
    if as_json:
        print_json(
            [
                {"id": m.id, "serves": m.id == current, "created": m.created, "scores": m.scores}
                for m in manifests
            ]
        )
        return
    print_table(
        ("", "model", "created", "examples", "relevance F1", "sectors F1"),
        [
            ("*" if m.id == current else "", m.id, m.created, m.examples,
             f"{m.scores.get('relevance_f1', 0):.3f}", f"{m.scores.get('sectors_micro_f1', 0):.3f}")
            for m in manifests
        ],
    )  # fmt: skip


@model.command("evaluate")
@json_option
def evaluate_model(as_json: bool) -> None:
    """Score the way of training on held-out folds of the corpus, sector by sector."""
    from classifiers.release import train_with_folds
    from classifiers.training import Recipe
    from monitor.cli.progress import working

    with working("training in folds"):
        _, report, _, _ = train_with_folds(datetime.now(UTC), Recipe())
    sectors = {
        name: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "support": s.support}
        for name, s in report.sectors.items()
    }
    if as_json:
        print_json({"scores": report.figures(), "sectors": sectors})
        return
    _show(report.figures())
    click.echo()
    print_table(
        ("sector", "precision", "recall", "F1", "examples"),
        [(name, *(f"{s[key]:.2f}" for key in ("precision", "recall", "f1")), s["support"])
         for name, s in sectors.items()],
    )  # fmt: skip


@model.command()
@click.argument("model_id")
@click.pass_context
def promote(ctx: click.Context, model_id: str) -> None:
    """Let MODEL_ID serve from now on."""
    from classifiers.models import ModelStore

    store = ModelStore(Path(settings_of(ctx).models))
    if model_id not in store.ids():
        raise Misuse(f"there is no model {model_id!r}; see 'vietnhat model list'")
    store.promote(model_id)
    say(f"model {model_id} serves now")


@model.command()
@click.pass_context
def rollback(ctx: click.Context) -> None:
    """Let the model before serve again."""
    from classifiers.models import ModelStore

    say(f"model {ModelStore(Path(settings_of(ctx).models)).rollback()} serves again")
