"""`vietnhat model …`: which models exist, which serves, how good they are, and going back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.context import (
    as_of_option,
    clean,
    json_option,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.cli.progress import working
from monitor.cli.training import replayed, show_scores
from monitor.errors import Misuse

if TYPE_CHECKING:
    from classifiers.models import ModelStore


@click.group()
def model() -> None:
    """The models: which exist, which serves, how good they are."""


@model.command("list")
@json_option
@click.pass_context
def list_models(ctx: click.Context, as_json: bool) -> None:
    """All models, newest last; * marks the one that serves."""
    store = _models(ctx)
    current = store.current()
    manifests = list(store.manifests())
    unreadable = set(store.ids()) - {manifest.id for manifest in manifests}
    if unreadable:
        say(f"damaged, or of an earlier version: {', '.join(sorted(unreadable))}")
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

    with working("training in folds"):
        _, report, _ = train_with_folds(datetime.now(UTC), Recipe())
    sectors = {name: asdict(score) for name, score in report.sectors.items()}
    if as_json:
        print_json({"scores": report.figures(), "sectors": sectors})
        return
    show_scores(list(report.figures().items()))
    click.echo()
    print_table(
        ("sector", "precision", "recall", "F1", "examples"),
        [(name, *(f"{s[key]:.2f}" for key in ("precision", "recall", "f1")), s["support"])
         for name, s in sectors.items()],
    )  # fmt: skip


@model.command()
@click.argument("model_id", required=False)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with plots there."
)
@click.pass_context
def card(ctx: click.Context, model_id: str | None, html: Path | None) -> None:
    """What a model (the serving one) was made from, its scores with intervals, and where it fails."""
    from monitor.card.figures import card_of
    from monitor.card.render import as_html, as_markdown

    store = _models(ctx)
    chosen = _known(store, model_id) if model_id else store.current()
    if chosen is None:
        raise Misuse("no model serves yet; 'vietnhat retrain' makes one")
    found = card_of(store.manifest(chosen), store.fingerprint(chosen))
    if html:
        html.write_text(as_html(found), encoding="utf-8")
        say(f"wrote {html}")
        return
    click.echo(as_markdown(found), nl=False)


@model.command()
@click.argument("model_id")
@click.argument("other_id", required=False)
@json_option
@click.pass_context
def diff(ctx: click.Context, model_id: str, other_id: str | None, as_json: bool) -> None:
    """Every article of the last season that MODEL_ID would decide otherwise than OTHER_ID (the serving one)."""
    store = _models(ctx)
    after = store.load(_known(store, model_id))
    before = store.load(_known(store, other_id) if other_id else None)
    found = replayed(settings_of(ctx), before, after, datetime.now(UTC))
    if as_json:
        print_json(asdict(found))
        return
    print_table(
        ("article", "mailed", before.id, after.id, "title"),
        [(f.article_id, "yes" if f.mailed else "", f"{f.before} {f.relevance_before:.2f}",
          f"{f.after} {f.relevance_after:.2f}", clean(f.title)) for f in found.flips],
    )  # fmt: skip
    say(
        f"{found.articles} articles: {found.sent_before} sent by {before.id}, {found.sent_after} by {after.id}"
    )


@model.command()
@as_of_option
@json_option
@click.pass_context
def watch(ctx: click.Context, now: datetime, as_json: bool) -> None:
    """Whether last week's news and verdicts look like those of the eight weeks before."""
    from monitor.serving import serving_model
    from monitor.watch import last_week, look

    settings = settings_of(ctx)
    week = last_week(now)
    with working("looking at nine weeks of articles"), store_of(settings) as store:
        drift = look(store, serving_model(settings), week)
    if as_json:
        print_json({"week": week.isoformat(), **asdict(drift)})
        return
    print_table(("figure", "value"), [(name, f"{value:g}") for name, value in drift.figures.items()])
    for note in drift.notes:
        click.echo(clean(f"{note.what}: {note.todo}"))
    if not drift.notes:
        say(f"the week of {week:%d.%m.%Y}: nothing to do")


@model.command()
@click.argument("model_id")
@click.pass_context
def promote(ctx: click.Context, model_id: str) -> None:
    """Let MODEL_ID serve from now on."""
    from monitor.learning import training_alone

    store = _models(ctx)
    with training_alone(store.root):
        store.promote(_known(store, model_id))
    say(f"model {model_id} serves now")


@model.command()
@click.pass_context
def rollback(ctx: click.Context) -> None:
    """Let the model before serve again."""
    from monitor.learning import training_alone

    store = _models(ctx)
    with training_alone(store.root):
        before = store.rollback()
    say(f"model {before} serves again")


def _models(ctx: click.Context) -> ModelStore:
    from classifiers.models import ModelStore

    return ModelStore(Path(settings_of(ctx).models))


def _known(store: ModelStore, model_id: str) -> str:
    if model_id not in store.ids():
        raise Misuse(f"there is no model {model_id!r}; see 'vietnhat model list'")
    return model_id
