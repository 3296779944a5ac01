"""`vietnhat backup`, `vietnhat restore` and `vietnhat doctor`: what keeps it alive for years."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import click

from monitor.cli.context import json_option, present, print_json, print_table, say, settings_of
from monitor.config.settings import Settings

WRITERS = ("run", "poll", "mail")
"""Whose locks a restore holds."""


@click.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Folder (VIETNHAT_BACKUPS).")
@click.option("--keep", type=click.IntRange(1, 10_000), help="How many copies stay (VIETNHAT_BACKUP_KEEP).")
@click.pass_context
def backup(ctx: click.Context, folder: Path | None, keep: int | None) -> None:
    """Copy the database, verify the copy and let the oldest ones go; works while the daemon runs."""
    from monitor.store.backup import back_up

    settings = settings_of(ctx)
    copy, removed = back_up(
        Path(settings.db), folder or Path(settings.backups), keep=keep or settings.backup_keep, now=present()
    )
    click.echo(str(copy.path))
    say(f"{copy.size / 1e6:,.1f} MB, verified; {len(removed)} older copies removed")


@click.command()
@click.argument("copy", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def restore(ctx: click.Context, copy: Path, yes: bool) -> None:
    """Put FILE, a copy made by 'vietnhat backup', in the place of the database; the old one is kept aside.

    Digests that were mailed after the copy was made may be mailed again: the copy does not know of them.
    """
    from monitor.locks import held
    from monitor.store.restore import restore as put_back
    from monitor.wiring import lock_path

    settings = settings_of(ctx)
    say(
        "what was mailed after the copy was made may be mailed again, and later articles come back as their feeds do"
    )
    if not yes:
        click.confirm(f"Replace {settings.db} by {copy}?", abort=True, err=True)
    with ExitStack() as locks:
        for activity in WRITERS:
            locks.enter_context(held(lock_path(settings, activity)))
        done = put_back(copy, Path(settings.db), now=present())
    say(f"{settings.db} holds {done.articles:,} articles, the newest first seen {done.newest or 'never'}")
    if done.aside:
        say(f"the old database is kept as {done.aside}; remove it when it is not needed any more")


@click.command()
@json_option
@click.option(
    "--accept-loss", is_flag=True, help="Go on although the newest changes are lost; asked for by name."
)
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, accept_loss: bool) -> int:
    """Look at everything and say what is wrong and what to do; changes nothing. Exit code 1 when something is bad."""
    from monitor.doctor import look

    if accept_loss:
        _accept_loss(settings_of(ctx))
    findings = look(lambda: settings_of(ctx), now=present())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            ("what", "state", "finding", "to do"), [(f.what, f.state, f.words, f.todo) for f in findings]
        )
    return 1 if any(finding.state == "bad" for finding in findings) else 0


def _accept_loss(settings: Settings) -> None:
    from monitor.locks import held
    from monitor.store import articles, subscribers
    from monitor.store.backup import copies
    from monitor.store.database import accept_loss, open_store
    from monitor.wiring import lock_path

    database = Path(settings.db)
    with held(lock_path(settings, "run")):
        accept_loss(database)
        with open_store(database) as store:
            stored, readers = articles.count(store), len(subscribers.active(store))
    say(f"{database}: what is there counts from now on: {stored:,} articles, {readers} readers")
    there = copies(Path(settings.backups))
    if there:
        say(f"if that is too little, the newest copy is {there[0].path}: vietnhat restore {there[0].path}")
