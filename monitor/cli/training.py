"""`vietnhat retrain`: collect, train, evaluate, replay, pass the gate, promote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.context import json_option, print_json, print_table, say, settings_of, store_of
from monitor.cli.progress import counting, working
from monitor.config.settings import Settings

if TYPE_CHECKING:
    from classifiers.model import Model
    from classifiers.models import Manifest, ModelStore
    from classifiers.replay import Replay

FLIPS_SHOWN = 20


@click.command()
@click.option(
    "--accept", is_flag=True, help="Write the result as the release's own (data/corpus/accepted.json)."
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
    1.5 times as many articles sent as now. Every article that would be decided otherwise is listed.
    """
    from classifiers.models import ModelStore
    from monitor.locks import held

    settings = settings_of(ctx)
    root = Path(settings.models)
    now = datetime.now(UTC).replace(microsecond=0)
    root.mkdir(parents=True, exist_ok=True)
    with held(root / "training.lock"):
        store = ModelStore(root)
        model, manifest = _train(settings, now)
        found = _replay(settings, store, model, now)
        refusals = _refusals(manifest, found, allow_lower=allow_lower, share_because=share_because)
        store.save(model, replace(manifest, note=share_because))
        if not refusals:
            store.promote(model.id)
            if accept:
                _accept(model, manifest)
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


def _train(settings: Settings, now: datetime) -> tuple[Model, Manifest]:
    from classifiers.corpus import load_corpus
    from classifiers.release import train_with_folds
    from classifiers.taxonomy import load_taxonomy
    from classifiers.training import Recipe
    from monitor.learning import lessons_of

    with store_of(settings) as store:
        learnt = lessons_of(store, trusted=settings.trusted, corpus=len(load_corpus(load_taxonomy())))
    if learnt:
        say(f"{len(learnt)} texts corrected by readers are learnt from")
    with working("training in folds"):
        model, _, manifest = train_with_folds(now, Recipe(), learnt)
    return model, manifest


def _replay(settings: Settings, models: ModelStore, model: Model, now: datetime) -> Replay | None:
    """The archive under the serving and the new model; None where none serves that this version can load."""
    from monitor.learning import REPLAYED_DAYS, replay_archive
    from monitor.store import verdicts

    current = models.current()
    if current is None or not models.usable():
        return None
    with store_of(settings) as store:
        total = verdicts.waiting(store, since=now - timedelta(days=REPLAYED_DAYS))
        with counting("replaying the archive", total) as step:
            return replay_archive(store, models.load(current), model, now=now, step=step)


def _refusals(
    manifest: Manifest, found: Replay | None, *, allow_lower: bool, share_because: str
) -> tuple[str, ...]:
    from classifiers.gate import failures
    from classifiers.release import accepted_floors

    floors = accepted_floors()
    low = failures(floors, manifest.evaluation, manifest.scores) if floors and not allow_lower else ()
    share = found.refusal if found and not share_because else ""
    return (*low, *([share] if share else []))


def _accept(model: Model, manifest: Manifest) -> None:
    from classifiers.release import acceptance
    from classifiers.shipped import shipped

    path = shipped("data", "corpus", "accepted.json")
    path.write_text(json.dumps(acceptance(model, manifest), indent=1) + "\n", encoding="utf-8")
    say(f"wrote {path}")


def _show(manifest: Manifest, found: Replay | None) -> None:
    show_scores(list(manifest.scores.items()))
    if found is None or not found.articles:
        say("the archive is empty: nothing was replayed")
        return
    say(
        f"on {found.articles} articles of the archive it would send {found.sent_after} where the serving model sends "
        f"{found.sent_before}; {len(found.flips)} would be decided otherwise, "
        f"{sum(flip.mailed for flip in found.flips)} of them were mailed"
    )
    mailed = [flip for flip in found.flips if flip.mailed]
    others = [flip for flip in found.flips if not flip.mailed][:FLIPS_SHOWN]
    print_table(
        ("article", "mailed", "before", "after", "title"),
        [
            (flip.article_id, "yes" if flip.mailed else "", f"{flip.before} {flip.relevance_before:.2f}",
             f"{flip.after} {flip.relevance_after:.2f}", flip.title)
            for flip in (*mailed, *others)
        ],
    )  # fmt: skip


def show_scores(scores: Sequence[tuple[str, float]]) -> None:
    """Scores as a table."""
    print_table(("score", "value"), [(name.replace("_", " "), f"{value:.3f}") for name, value in scores])
