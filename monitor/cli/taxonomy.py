"""`vietnhat taxonomy …`: sectors, commitments and names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from classifiers.taxonomy import Commitment, Taxonomy, load_taxonomy
from monitor.cli.context import json_option, print_json, print_table, say
from monitor.errors import Misuse

LANGUAGE = click.option("--language", type=click.Choice(["vi", "en", "ja"]), default="en", show_default=True)


@click.group()
def taxonomy() -> None:
    """Sectors and commitments of the joint statements, and the names that speak for them."""


@taxonomy.command()
@click.argument("item", required=False, metavar="[SECTOR|COMMITMENT]")
@LANGUAGE
@json_option
def show(item: str | None, language: str, as_json: bool) -> None:
    """All sectors, the commitments of one, or one commitment with its sources."""
    whole = load_taxonomy()
    if item is None:
        counts = Counter(commitment.sector for commitment in whole.commitments)
        if as_json:
            print_json([{**s.model_dump(), "commitments": counts[s.id]} for s in whole.sectors])
            return
        print_table(
            ("sector", "name", "commitments"),
            [(s.id, s.name.in_(language), counts[s.id]) for s in whole.sectors],
        )
    elif item in whole.sector_by_id:
        members = [c for c in whole.commitments if c.sector == item]
        if as_json:
            print_json([c.model_dump() for c in members])
            return
        print_table(("commitment", "name"), [(c.id, c.name.in_(language)) for c in members])
    elif item in whole.commitment_by_id:
        commitment = whole.commitment_by_id[item]
        if as_json:
            print_json(commitment.model_dump())
            return
        _print_commitment(whole, commitment, language)
    else:
        raise Misuse(f"there is no sector or commitment {item!r}; see 'vietnhat taxonomy show'")


def _print_commitment(whole: Taxonomy, commitment: Commitment, language: str) -> None:
    click.echo(f"{commitment.id}: {commitment.name.in_(language)}")
    click.echo(commitment.statement.in_(language))
    for source in commitment.sources:
        statement = whole.statement_by_id[source.statement]
        section = whole.section(source).title.in_(language)
        click.echo(f"  {statement.title.in_(language)} ({statement.date}), {section}")
    click.echo("terms: " + ", ".join(commitment.terms))
    if commitment.confusables:
        click.echo("not: " + "; ".join(commitment.confusables))


@taxonomy.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Check the data files: taxonomy, gazetteer and word lists (the shipped ones, or FILES by their names)."""
    from classifiers.corpus import load_corpus
    from classifiers.gazetteer import load_gazetteer, load_word_lists

    by_name = {file.name: file for file in files}
    unknown = set(by_name) - {"taxonomy.yaml", "gazetteer.yaml", "signals.yaml"}
    if unknown:
        raise Misuse(f"{unknown.pop()}: is none of taxonomy.yaml, gazetteer.yaml, signals.yaml")
    whole = load_taxonomy(by_name.get("taxonomy.yaml"))
    names = load_gazetteer(by_name.get("gazetteer.yaml"))
    lists = load_word_lists(by_name.get("signals.yaml"))
    examples = load_corpus(whole)
    say(
        f"in order: {len(whole.sectors)} sectors, {len(whole.commitments)} commitments, {len(names.names)} names, "
        f"{len(lists.signals)} word lists, {len(examples)} examples"
    )
