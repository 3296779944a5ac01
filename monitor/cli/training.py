"""`vietnhat retrain`: collect, train, evaluate, replay, pass the gate, promote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.context import json_option, present, print_json, print_table, say, settings_of, store_of
from monitor.cli.progress import counting, working
from monitor.config.settings import Settings

if TYPE_CHECKING:
    from classifiers.gate import Floors
    from classifiers.model import Model
    from classifiers.models import Manifest, ModelStore
    from classifiers.replay import Replay

FLIPS_SHOWN = 20


@click.command()
@click.option(
    "--accept",
    is_flag=True,
    help="Write the result as the release's own (accepted.json, manifest.json in data/corpus).",
)
@click.option("--allow-lower", is_flag=True, help="Let it serve although a score is below its floor.")
@click.option(
    "--share-because", metavar="REASON", default="", help="Let it serve although it sends many more or fewer."
)
@json_option
@click.pass_context
def retrain(ctx: click.Context, accept: bool, allow_lower: bool, share_because: str, as_json: bool) -> int:
    """Train on the corpus and readers' corrections; the new model serves if it passes the gate.

    The gate: no score below the floor pinned at release, and on the archive of the last season between 0.7 and
    1.5 times as many articles sent as now. Every mailed article that it would not send is listed.
    """
    from classifiers.models import ModelStore
    from classifiers.release import accepted_floors
    from monitor.learning import training_alone

    settings = settings_of(ctx)
    root = Path(settings.models)
    now = present()
    with training_alone(root):
        store = ModelStore(root)
        before, floors = (
            _serving(store),
            accepted_floors(),
        )  # what is broken is told before the work, not after
        model, manifest = _train(settings, now, with_lessons=not accept)
        archived = Path(settings.db).exists()  # a release is made without one
        found = replayed(settings, before, model, now) if before and archived else None
        low, share = _low(floors, manifest, accept=accept), found.refusal if found else ""
        refusals = [*(() if allow_lower else low), *([share] if share and not share_because else [])]
        let_through = [*(low if allow_lower else ()), *([f"{share}: {share_because}"] if share else [])]
        manifest = replace(manifest, note="" if refusals else "; ".join(let_through))
        store.save(model, manifest)
        if not refusals:
            store.promote(model.id)
            if accept:
                _accept(model, manifest)
        store.tidy()
    if as_json:
        print_json({
            "model": model.id, "serves": not refusals, "refusals": refusals, "scores": manifest.scores,
            "lessons": manifest.lessons, "fingerprint": store.fingerprint(model.id),
            "replay": asdict(found) if found else None,
        })  # fmt: skip
    else:
        _show(manifest, found)
    if refusals:
        say(f"model {model.id} was trained but does not serve: {'; '.join(refusals)}")
        say("see 'vietnhat model card' of it; --allow-lower or --share-because let it serve all the same")
        return 1
    say(f"model {model.id} serves now; 'vietnhat model rollback' brings the one before back")
    return 0


def _serving(store: ModelStore) -> Model | None:
    """The model to compare with; None where none serves that can be loaded."""
    from classifiers.errors import BadModel

    if store.current() is None:
        return None
    try:
        return store.load()
    except BadModel as error:
        say(f"the serving model cannot be compared with: {error}")
        return None


def _train(settings: Settings, now: datetime, *, with_lessons: bool) -> tuple[Model, Manifest]:
    """The new model; a release's own is made from the corpus alone."""
    from classifiers.corpus import load_corpus
    from classifiers.release import train_with_folds
    from classifiers.taxonomy import load_taxonomy
    from classifiers.training import Recipe
    from monitor.learning import lessons_of
    from monitor.store import corrections

    learnt, given = [], 0
    if with_lessons and not Path(settings.db).exists():
        say(f"there is no database at {settings.db}: no corrections to learn from, no archive to replay")
    elif with_lessons:
        with store_of(settings) as store:
            given = corrections.count(store)
            learnt = lessons_of(store, trusted=settings.trusted, corpus=len(load_corpus(load_taxonomy())))
    if learnt:
        say(f"{len(learnt)} texts corrected by readers are learnt from, of {given} corrections in all")
    with working("training in folds"):
        model, _, manifest = train_with_folds(now, Recipe(), learnt)
    return model, manifest


def replayed(settings: Settings, before: Model, after: Model, now: datetime) -> Replay:
    """The archive of the last season under two models, with a bar."""
    from monitor.learning import REPLAYED_DAYS, replay_archive
    from monitor.store import verdicts

    with store_of(settings) as store:
        total = verdicts.stored(store, since=now - timedelta(days=REPLAYED_DAYS))
        with counting("replaying the archive", total) as step:
            return replay_archive(store, before, after, now=now, step=step)


def _low(floors: Floors | None, manifest: Manifest, *, accept: bool) -> tuple[str, ...]:
    """The floors that are not reached. A release made from other examples is held to the figures all the same."""
    from classifiers.gate import failures

    if floors is None:
        return ()
    evaluation = floors.evaluation if accept else manifest.evaluation
    return failures(floors, evaluation, manifest.scores)


def _accept(model: Model, manifest: Manifest) -> None:
    from classifiers.corpus import counts, load_corpus
    from classifiers.release import acceptance
    from classifiers.shipped import shipped
    from classifiers.taxonomy import load_taxonomy

    contents = {
        "accepted.json": acceptance(model, manifest),
        "manifest.json": counts(load_corpus(load_taxonomy())),
    }
    for name, content in contents.items():
        path = shipped("data", "corpus", name)
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        say(f"wrote {path}")


def _show(manifest: Manifest, found: Replay | None) -> None:
    show_scores(list(manifest.scores.items()))
    if found is None or not found.articles:
        say("the archive is empty: nothing was replayed")
        return
    say(
        f"on {found.articles} articles of the archive it would send {found.sent_after} where the serving model sends "
        f"{found.sent_before}; {len(found.flips)} would be sent or not sent otherwise, "
        f"{sum(flip.mailed for flip in found.flips)} of them were mailed"
    )
    mailed = [flip for flip in found.flips if flip.mailed]
    others = [flip for flip in found.flips if not flip.mailed]
    print_table(
        ("article", "mailed", "before", "after", "title"),
        [
            (flip.article_id, "yes" if flip.mailed else "", f"{flip.before} {flip.relevance_before:.2f}",
             f"{flip.after} {flip.relevance_after:.2f}", flip.title)
            for flip in (*mailed, *others[:FLIPS_SHOWN])
        ],
    )  # fmt: skip
    if len(others) > FLIPS_SHOWN:
        say(
            f"and {len(others) - FLIPS_SHOWN} more that were not mailed; --json or 'vietnhat model diff' lists all"
        )


def show_scores(scores: Sequence[tuple[str, float]]) -> None:
    """Scores as a table."""
    print_table(("score", "value"), [(name.replace("_", " "), f"{value:.3f}") for name, value in scores])
