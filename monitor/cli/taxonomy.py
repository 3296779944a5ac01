"""`vietnhat taxonomy …`: sectors, commitments and names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from classifiers.statements import Coverage
from classifiers.taxonomy import Commitment, Taxonomy, load_taxonomy
from monitor.cli.context import clean, json_option, print_json, print_table, say
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
@click.option(
    "--statement",
    "statements",
    multiple=True,
    metavar="ID=FILE",
    help="Also hold a statement's text against the taxonomy: every passage covered or marked as carrying none.",
)
@json_option
def check(files: tuple[Path, ...], statements: tuple[str, ...], as_json: bool) -> int:
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
    held = [_held_against(whole, given) for given in statements]
    if as_json:
        print_json([{"statement": name, **asdict(found)} for name, found in held])
    else:
        for name, found in held:
            _print_coverage(name, found)
    return int(not all(found.complete for _, found in held))


def _held_against(whole: Taxonomy, given: str) -> tuple[str, Coverage]:
    from classifiers.statements import coverage, read_statement

    statement_id, equals, file = given.partition("=")
    if not equals or statement_id not in whole.statement_by_id:
        known = ", ".join(whole.statement_by_id)
        raise Misuse(f"--statement {given}: write ID=FILE, where ID is one of {known}")
    return statement_id, coverage(whole, statement_id, read_statement(Path(file)))


def _print_coverage(name: str, found: Coverage) -> None:
    say(
        f"statement {name}: {len(found.covered)} passages with a commitment, {len(found.plain)} marked as carrying "
        f"none, {len(found.open)} open, {len(found.astray)} anchors astray"
    )
    for passage in found.open:
        click.echo(
            clean(
                f"line {passage.line}: no commitment stands on it, and it is not marked plain: {passage.text[:90]}"
            )
        )
    for commitment_id, line, anchor in found.astray:
        click.echo(f"line {line}: does not hold the anchor {anchor!r} of {commitment_id}")
    for line in found.doubtful:
        click.echo(f"line {line}: is marked plain, but a commitment stands on it or there is no such line")


@taxonomy.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "statement_id", required=True, help="Short name of the statement, as 2027.")
@click.option("--date", default="TODO", help="When it was issued, as 2027-03-01.")
@click.option("--title", default="TODO", help="Its Vietnamese title.")
@click.option("--url", default="", help="Its official page.")
@json_option
def derive(file: Path, statement_id: str, date: str, title: str, url: str, as_json: bool) -> None:
    """Read the text of a joint statement and propose, as YAML for review, what it renews and what is new in it.

    One paragraph a line. Save the output, correct it, then run 'vietnhat taxonomy apply' with it.
    """
    from classifiers.corpus import load_corpus
    from classifiers.derive import derive as find
    from classifiers.patch import as_patch
    from classifiers.statements import read_statement

    whole = load_taxonomy()
    if not re.fullmatch(r"[A-Za-z0-9-]{1,40}", statement_id):
        raise Misuse(f"--id {statement_id!r}: use letters, digits and hyphens, as 2027")
    if statement_id in whole.statement_by_id:
        raise Misuse(f"--id {statement_id}: the taxonomy holds that statement already; see 'taxonomy check'")
    background = [f"{e.text.title}. {e.text.summary}" for e in load_corpus(whole)]
    findings = find(whole, read_statement(file), background=background)
    renewed = {match.commitment for finding in findings for match in finding.matches}
    new = sum(len(finding.proposals) for finding in findings)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        click.echo(
            as_patch(statement_id, findings, whole, {"date": date, "title": title, "url": url}), nl=False
        )
    say(
        f"{len(findings)} passages: {sum(bool(f.matches) for f in findings)} renew {len(renewed)} commitments, "
        f"{new} sentences are proposed as new ones; review before 'vietnhat taxonomy apply'"
    )


@taxonomy.command("apply")
@click.argument("patch", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), help="The taxonomy (the shipped one).")
def apply_patch(patch: Path, target: Path | None) -> None:
    """Take a reviewed proposal of 'taxonomy derive' into the taxonomy."""
    from classifiers.patch import load_patch, merge
    from classifiers.shipped import shipped

    proposal = load_patch(patch)
    whole = merge(proposal, target or shipped("data", "taxonomy.yaml"))
    say(
        f"taken in: statement {proposal.statement.id}, {len(proposal.renewed)} renewals, {len(proposal.new)} new "
        f"commitments; {len(whole.commitments)} in all. Next: 'vietnhat retrain', then 'vietnhat articles rescore'"
    )
