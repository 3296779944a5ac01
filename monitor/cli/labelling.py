"""`vietnhat label …`: readers' corrections, and what is best labelled next."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.context import (
    ARTICLE_ID,
    checked_sectors,
    json_option,
    local,
    present,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.cli.sitting import Sitting, in_words
from monitor.config.settings import Settings
from monitor.errors import Misuse

if TYPE_CHECKING:
    from classifiers.corrections import Correction
    from classifiers.teaching import Candidate, Lesson
    from classifiers.verdict import Decision
    from monitor.store.database import Store
    from monitor.types import JudgedArticle

WITHIN_DAYS = 60
"""How far back articles are offered for labelling."""

MOST_SECTORS = 3

OFFERED_FROM = 0.01
"""Calibrated relevance below which an article teaches nothing near the threshold."""


def _name(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (value.strip() and len(value) <= 200 and value.isprintable()):
        raise Misuse("--person must be a name or an address of at most 200 characters")
    return value


PERSON = click.option(
    "--person",
    metavar="NAME",
    default=None,
    callback=_name,
    help="Whose word it is (the name you are logged in by).",
)


@click.group()
def label() -> None:
    """Correct verdicts, and label what teaches the model most."""


@label.command("next")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
@click.pass_context
def next_articles(ctx: click.Context, limit: int, as_json: bool) -> None:
    """The articles whose labels would teach most: near the threshold, disputed, of rare sectors; one per story."""
    settings = settings_of(ctx)
    with store_of(settings) as store:
        lessons = _queue(settings, store, limit)
    if as_json:
        print_json(
            [
                {"id": lesson.candidate.article_id, "title": lesson.candidate.text.title,
                 "relevance": lesson.candidate.verdict.relevance, "decision": lesson.candidate.verdict.decision,
                 "value": round(lesson.value, 3), "reasons": lesson.reasons}
                for lesson in lessons
            ]
        )  # fmt: skip
        return
    print_table(
        ("id", "decision", "relevance", "why", "title"),
        [(lesson.candidate.article_id, lesson.candidate.verdict.decision,
          f"{lesson.candidate.verdict.relevance:.2f}", ", ".join(lesson.reasons), lesson.candidate.text.title)
         for lesson in lessons],
    )  # fmt: skip
    if not lessons:
        say("nothing is open: no article of the last weeks comes near the threshold")


@label.command()
@click.argument("article_id", type=ARTICLE_ID)
@click.argument("relevance", type=click.IntRange(0, 2))
@click.option(
    "--sector", "sectors", multiple=True, help="A sector it belongs to, main one first; repeatable."
)
@PERSON
@click.pass_context
def add(
    ctx: click.Context, article_id: int, relevance: int, sectors: tuple[str, ...], person: str | None
) -> None:
    """Say of article ARTICLE_ID what it is: RELEVANCE 2 relevant, 1 borderline, 0 not."""
    from classifiers.corrections import Correction
    from classifiers.verdict import Text
    from monitor.store import articles, corrections

    chosen = checked_sectors(sectors)
    if len(chosen) > MOST_SECTORS:
        raise Misuse(f"an article has at most {MOST_SECTORS} sectors; name the main ones")
    if chosen and not relevance:
        raise Misuse("an article that is not relevant has no sectors; leave --sector out")
    with store_of(settings_of(ctx)) as store:
        found = articles.get(store, article_id)
        if found is None:
            raise Misuse(f"there is no article {article_id}; see 'vietnhat articles list'")
        text = Text(found.article.title, found.article.summary)
        vote = Correction(text, relevance, chosen or None, person or _me(), "command", present())
        before = corrections.record(store, vote, article_id)
    say(f"noted: {in_words(vote)}" + (f" (before: {in_words(before)})" if before else ""))


@label.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@json_option
@click.pass_context
def list_corrections(ctx: click.Context, limit: int, as_json: bool) -> None:
    """What was corrected, newest first."""
    from monitor.labelfiles import as_row
    from monitor.store import corrections

    with store_of(settings_of(ctx)) as store:
        found = corrections.listed(store, limit=limit)
    if as_json:
        print_json([{"article": article_id, **as_row(vote)} for article_id, vote in found])
        return
    print_table(
        ("made", "person", "from", "article", "relevance", "sectors", "title"),
        [(local(vote.made_at), vote.person, vote.origin, article_id or "", vote.relevance,
          " ".join(vote.sectors or ()), vote.text.title) for article_id, vote in found],
    )  # fmt: skip


@label.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.pass_context
def export_corrections(ctx: click.Context, form: str) -> None:
    """All corrections, as JSON Lines or CSV."""
    from monitor.labelfiles import write_csv, write_jsonl
    from monitor.store import corrections

    with store_of(settings_of(ctx)) as store:
        votes = corrections.everything(store)
    click.echo(write_csv(votes) if form == "csv" else write_jsonl(votes), nl=False)


@label.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@PERSON
@click.pass_context
def import_corrections(ctx: click.Context, file: Path, person: str | None) -> None:
    """Take in corrections from FILE (.jsonl or .csv, as 'label export' writes them).

    A row without a person is --person's. A row replaces only what is older and was not said on this machine.
    """
    from classifiers.taxonomy import load_taxonomy
    from monitor.labelfiles import read_file
    from monitor.serving import cleaned
    from monitor.store import corrections

    found = read_file(file, person=person or _me(), now=present(), sectors=load_taxonomy().sector_by_id)
    votes = [replace(vote, text=cleaned(vote.text.title, vote.text.summary)) for vote in found]
    with store_of(settings_of(ctx)) as store:
        stored = corrections.record_all(store, votes)
    say(f"{stored} corrections stored of {len(votes)} in the file; 'vietnhat retrain' learns from them")


@label.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@PERSON
@click.pass_context
def session(ctx: click.Context, limit: int, person: str | None) -> None:
    """Label one article after the other with single keys."""
    settings = settings_of(ctx)
    with store_of(settings) as store:
        lessons = _queue(settings, store, limit)
        if not lessons:
            say("nothing is open: no article of the last weeks comes near the threshold")
            return
        done = Sitting(store, person or _me()).run(lessons)
    say(f"{done} labelled; 'vietnhat retrain' learns from them")


# --- shared ------------------------------------------------------------------------------------


def _queue(settings: Settings, store: Store, limit: int) -> list[Lesson]:
    """What to label next with the model that serves."""
    from classifiers.corpus import load_corpus
    from classifiers.corrections import even, text_key
    from classifiers.taxonomy import load_taxonomy
    from classifiers.teaching import most_telling
    from monitor.serving import serving_model
    from monitor.store import corrections

    model = serving_model(settings)
    votes: dict[str, list[Correction]] = {}
    for vote in corrections.everything(store):
        votes.setdefault(text_key(vote.text), []).append(vote)
    known = Counter(sector for example in load_corpus(load_taxonomy()) for sector in example.sectors)
    known.update(sector for given in votes.values() for vote in given for sector in vote.sectors or ())
    open_ones = corrections.unsettled(store, model.id, now=present(), days=WITHIN_DAYS, floor=OFFERED_FROM)
    settled = {key: even(given, settings.trusted) for key, given in votes.items() if _counts(given, settings)}
    candidates = _candidates(open_ones, settled)
    return most_telling(candidates, send=model.thresholds.send, labelled=known, limit=limit)


def _counts(given: Sequence[Correction], settings: Settings) -> bool:
    """Whether votes settle a text, or leave it in dispute: one that is trusted, or those of two people."""
    from classifiers.corrections import trusts

    return len({vote.person for vote in given}) > 1 or any(trusts(vote, settings.trusted) for vote in given)


def _candidates(
    found: Iterable[tuple[JudgedArticle, tuple[Decision, ...]]], at_odds: Mapping[str, bool]
) -> Iterator[Candidate]:
    """Articles nobody has voted on, and those whose votes are even."""
    from classifiers.corrections import text_key
    from classifiers.teaching import Candidate
    from classifiers.verdict import Text

    for judged, earlier in found:
        text = Text(judged.article.title, judged.article.summary)
        disputed = at_odds.get(text_key(text))
        if disputed is not False:
            yield Candidate(judged.article.id, text, judged.verdict, earlier, at_odds=bool(disputed))


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a service user without a name
        return "operator"
