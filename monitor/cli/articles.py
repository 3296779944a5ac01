"""`vietnhat articles …`: reading the archive."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from monitor.cli.context import (
    ARTICLE_ID,
    checked_sectors,
    clean,
    json_option,
    local,
    parse_instant,
    present,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.cli.progress import counting
from monitor.errors import Misuse
from monitor.store import articles as stored
from monitor.types import JudgedArticle


@click.group()
def articles() -> None:
    """The archive of articles."""


def _since(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    return parse_instant(value) if value else None


@articles.command("list")
@click.option("--decision", type=click.Choice(["send", "review", "drop"]), help="Only these.")
@click.option("--sector", help="Only of this sector.")
@click.option("--since", callback=_since, metavar="TIME", help="Published since then.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@json_option
@click.pass_context
def list_articles(
    ctx: click.Context,
    decision: str | None,
    sector: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Articles by publication, newest first."""
    if sector:
        checked_sectors([sector])
    with store_of(settings_of(ctx)) as store:
        found = stored.newest(store, limit=limit, decision=decision, sector=sector, since=since)
    _print(found, as_json)


@articles.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@json_option
@click.pass_context
def search(ctx: click.Context, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Articles holding all WORDS; "dau tu" finds "đầu tư", exact spellings come first."""
    with store_of(settings_of(ctx)) as store:
        found = stored.search(store, " ".join(words), limit=limit)
    _print(found, as_json)


@articles.command()
@click.argument("article_id", type=ARTICLE_ID)
@json_option
@click.pass_context
def show(ctx: click.Context, article_id: int, as_json: bool) -> None:
    """One article with its verdict and earlier wordings."""
    with store_of(settings_of(ctx)) as store:
        found = stored.get(store, article_id)
        earlier = stored.revisions(store, article_id)
    if found is None:
        raise Misuse(f"there is no article {article_id}; see 'vietnhat articles list'")
    if as_json:
        print_json({**_as_dict(found), "revisions": earlier})
        return
    article, verdict = found.article, found.verdict
    dated = local(article.published) + (
        "" if article.dated else " (first seen; the feed gave no usable date)"
    )
    lines: list[tuple[str, object]] = [
        ("title", article.title),
        ("outlet", f"{article.outlet}, {article.section}"),
        ("published", dated),
        ("link", article.link),
        ("summary", article.summary),
        ("decision", f"{verdict.decision}, relevance {verdict.relevance:.3f}"),
        ("sectors", ", ".join(f"{s.id} {s.probability:.2f}" for s in verdict.sectors)),
        ("commitments", ", ".join(c.id for c in verdict.commitments if c.sure)),
        ("evidence", ", ".join(f"{e.term} {e.weight:+.2f}" for e in verdict.evidence)),
        ("model", verdict.model),
        *(("earlier", f"until {old['replaced_at']}: {old['title']}") for old in earlier),
    ]
    for name, value in lines:
        click.echo(f"{name + ':':<13}{clean(value)}")


@articles.command()
@click.pass_context
def export(ctx: click.Context) -> None:
    """All articles with their latest verdicts as JSON Lines."""
    with store_of(settings_of(ctx)) as store:
        for judged in stored.everything(store):
            click.echo(json.dumps(_as_dict(judged), ensure_ascii=False, default=str))


@articles.command()
@click.option("--since", callback=_since, metavar="TIME", help="Only what was first seen since then (all).")
@click.pass_context
def rescore(ctx: click.Context, since: datetime | None) -> None:
    """Give the archive verdicts of the model that serves, after a change of the taxonomy or the model.

    What was mailed keeps the verdict it was mailed with; nothing is mailed again.
    """
    from monitor.jobs import classify_stored
    from monitor.serving import serving_model
    from monitor.store import verdicts

    settings = settings_of(ctx)
    model = serving_model(settings)
    start, now = since or datetime(1970, 1, 2, tzinfo=UTC), present()
    with store_of(settings) as store:
        total = verdicts.count_unscored(store, model.id, since=start)
        with counting("judging", total) as step:
            judged = classify_stored(
                store, model, now=now, since=start, step=lambda judged: step(len(judged))
            )
    say(f"{judged} articles judged by model {model.id}; the others had its verdict already")


def _print(found: Iterable[JudgedArticle], as_json: bool) -> None:
    if as_json:
        print_json([_as_dict(judged) for judged in found])
        return
    print_table(
        ("id", "published", "outlet", "decision", "relevance", "sector", "title"),
        [
            (
                j.article.id, local(j.article.published), j.article.outlet, j.verdict.decision,
                f"{j.verdict.relevance:.2f}", j.verdict.sectors[0].id if j.verdict.sectors else "",
                j.article.title,
            )
            for j in found
        ],
    )  # fmt: skip


def _as_dict(judged: JudgedArticle) -> dict[str, Any]:
    return {**asdict(judged.article), "verdict": asdict(judged.verdict)}
