"""`vietnhat mail receive`: letters that come in, from a mail server's pipe, a Maildir or files."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import click

from monitor.cli.context import as_of_option, clean, say, settings_of
from monitor.errors import Misuse, VietnhatError
from monitor.mailboxes import Piece
from monitor.masking import said


@click.group()
def mail() -> None:
    """Letters that come in: bounces, complaints, answers that unsubscribe."""


@mail.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@as_of_option
@click.pass_context
def receive(ctx: click.Context, paths: tuple[Path, ...], now: datetime) -> int:
    """Handle one message from standard input, or those of PATHs: files, mbox files, Maildirs.

    Made for a mail server's pipe: exit code 0 when the message was handled or is none of ours, 75 when the server
    shall try again. Never answers. What was handled in a Maildir goes from new/ to cur/.
    """
    if paths:
        _handle(ctx, _pieces(paths), now=now)
        return 0
    return _handle_pipe(ctx, now=now)


def _handle_pipe(ctx: click.Context, *, now: datetime) -> int:
    """Any other code than these two would make the server send a bounce to whoever wrote, perhaps to a bounce."""
    from monitor.inbound.opening import MAX_OCTETS
    from monitor.mailboxes import from_stream

    if sys.stdin.isatty():
        raise Misuse("a message is read from standard input; or name a file, an mbox file or a Maildir")
    octets = from_stream(sys.stdin.buffer, limit=MAX_OCTETS)
    try:
        _handle(ctx, [Piece("", octets)], now=now)
    except (VietnhatError, OSError, sqlite3.IntegrityError) as error:  # the last: a reader erased meanwhile
        say(f"vietnhat: {error}")
        return os.EX_TEMPFAIL
    return 0


def _handle(ctx: click.Context, pieces: Iterable[Piece], *, now: datetime) -> None:
    from monitor.logs import configure
    from monitor.mailroom import receiver

    settings = settings_of(ctx)
    configure(settings.log)
    with receiver(settings, now=now) as receiving:
        for piece in pieces:
            line = receiving.receive(piece.octets, now=now)
            piece.handled()
            click.echo(clean(said(f"{piece.name}: {line}" if piece.name else line)))


def _pieces(paths: tuple[Path, ...]) -> Iterator[Piece]:
    from monitor.inbound.opening import MAX_OCTETS
    from monitor.mailboxes import messages_at

    for path in paths:
        yield from messages_at(path, limit=MAX_OCTETS)
