"""`vietnhat subscribers show`, `export` and `import`: one person's data, and lists of readers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.context import (
    checked_consent,
    json_option,
    present,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.errors import Misuse
from monitor.store import subscribers as stored
from monitor.types import SubscriberStatus

if TYPE_CHECKING:
    from monitor.config.settings import Settings
    from monitor.readerfiles import Row
    from monitor.store.database import Store


@click.command()
@click.argument("address")
@json_option
@click.pass_context
def show(ctx: click.Context, address: str, as_json: bool) -> None:
    """What is on record of ADDRESS: choices, consent, letters, corrections. With --json everything there is."""
    from monitor.store import dossier

    with store_of(settings_of(ctx)) as store:
        found = dossier.of(store, stored.known(store, address))
    if as_json:
        print_json(found)
        return
    print_table(("choice", "value"), [(name, value) for name, value in found["subscriber"].items()])
    print_table(
        ("when", "what", "from", "detail"),
        [(event["at"], event["event"], event["origin"], event["detail"]) for event in found["history"]],
    )
    counted = {name: len(found[name]) for name in ("digests", "items", "letters", "corrections")}
    say(", ".join(f"{n} {name}" for name, n in counted.items()))


@click.command()
@click.option(
    "--status",
    type=click.Choice([each.value for each in SubscriberStatus]),
    default="active",
    help="Of these readers.",
)
@click.pass_context
def export(ctx: click.Context, status: str) -> None:
    """All active readers with their choices as CSV, for `import`; one person's data: show ADDRESS --json."""
    from monitor.channel import kind_of
    from monitor.readerfiles import written

    with store_of(settings_of(ctx)) as store:
        readers = [reader for reader in stored.everyone(store) if reader.status == status]
    people = [reader for reader in readers if kind_of(reader.address) == "mail"]
    click.echo(written(people), nl=False)
    if len(people) < len(readers):
        say(f"{len(readers) - len(people)} channels are left out: their addresses are keys; add them by hand")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--consent", help="How and when those agreed for whom the file does not say.")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would be done.")
@click.pass_context
def import_list(ctx: click.Context, file: Path, consent: str | None, dry_run: bool) -> None:
    """Subscribe everybody in a CSV FILE with a heading (address, consent, language, …; as `export` writes).

    Nobody is added unless the whole file is right. Who has no consent on record is asked by letter. Known readers and
    addresses that want no mail are left as they are.
    """
    from classifiers.taxonomy import load_taxonomy
    from monitor.readerfiles import read

    settings = settings_of(ctx)
    rows = read(file, load_taxonomy())
    given = checked_consent(consent)
    done = {"added": 0, "asked": 0, "known": 0, "refused": 0}
    with store_of(settings, durable=not dry_run, create=not dry_run) as store:
        for row in rows:
            agreed = row.reader.consent or given
            done[
                _take(settings, store, replace(row, reader=replace(row.reader, consent=agreed)), dry_run)
            ] += 1
    say(
        f"{len(rows)} readers: {done['added']} added, {done['asked']} asked by letter, {done['known']} known already, "
        f"{done['refused']} want no mail" + (" (nothing was done)" if dry_run else "")
    )


def _take(settings: Settings, store: Store, row: Row, dry_run: bool) -> str:
    """Add one reader; what became of it."""
    from monitor.reception import leaving
    from monitor.reception.counter import counter_of
    from monitor.writing import ask_for_consent

    now, reader = present(), row.reader
    if stored.find(store, reader.address):
        return "known"
    try:
        leaving.let_in(counter_of(settings), store, reader.address, again=False, now=now)
    except Misuse:
        return "refused"
    if not dry_run:
        status = SubscriberStatus.ACTIVE if reader.consent else SubscriberStatus.PENDING
        added = stored.add(store, replace(reader, status=status, created_at=now))
        if not reader.consent:
            ask_for_consent(settings, store, added, now=now)
    return "added" if reader.consent else "asked"
