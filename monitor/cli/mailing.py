"""`vietnhat digest …` and `vietnhat deliver …`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.context import (
    as_of_option,
    clean,
    json_option,
    local,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.errors import Misuse

if TYPE_CHECKING:  # the program starts faster without what a command may not need
    from monitor.types import Digest


@dataclass(frozen=True, slots=True)
class _Issued:
    """What is told of a digest that was made."""

    reader: int
    digest: str
    slot: datetime
    items: int
    more: int
    omitted: int


@click.group()
def digest() -> None:
    """Digests: what a reader would get, and making those that are due."""


@digest.command()
@click.argument("address")
@click.option(
    "--html", "html_file", type=click.Path(path_type=Path), help="Write the HTML part to this file."
)
@as_of_option
@click.pass_context
def preview(ctx: click.Context, address: str, html_file: Path | None, now: datetime) -> None:
    """Show what ADDRESS would get now; nothing is recorded or sent."""
    from classifiers.models import ModelStore
    from classifiers.taxonomy import load_taxonomy
    from monitor.store import subscribers
    from monitor.wiring import judge_stored, press

    settings = settings_of(ctx)
    judge_stored(settings, now=now)
    model = ModelStore(Path(settings.models)).current() or ""
    with store_of(settings) as store:
        reader = subscribers.known(store, address)
        _, rendered = press(settings, store, load_taxonomy(), model).compose(reader, now=now)
    if html_file:
        html_file.write_text(rendered.html, encoding="utf-8")
        say(f"wrote {html_file}")
        return
    click.echo(f"{rendered.subject}\n\n{rendered.text}")


@digest.command()
@as_of_option
@click.option("--queue-only", is_flag=True, help="Leave the letters in the outbox.")
@json_option
@click.pass_context
def send(ctx: click.Context, now: datetime, queue_only: bool, as_json: bool) -> int:
    """Make every digest that is due and send its letter."""
    from monitor.logs import configure
    from monitor.wiring import issue_digests, mail_digests

    settings = settings_of(ctx)
    configure(settings.log)
    issued, broken = list[_Issued](), frozenset[str]()

    def made(one: Digest) -> None:
        """Not the digest itself: those of ten thousand readers fill a gigabyte."""
        figures = len(one.items), one.more, len(one.omitted)
        issued.append(_Issued(one.subscriber.id, one.id, one.slot, *figures))

    if queue_only:
        issue_digests(settings, now=now, made=made)
    else:
        broken = mail_digests(settings, now=now, made=made)
    if as_json:
        print_json(
            [{name: value for name, value in asdict(one).items() if name != "reader"} for one in issued]
        )
    else:
        print_table(
            ("reader", "slot", "items", "more", "left out"),
            # the number, for what a timer prints ends in a log; 'subscribers list' says whose it is
            [(one.reader, local(one.slot), one.items, one.more, one.omitted) for one in issued],
        )
        if not issued:
            say("nothing is due")
    return 1 if broken else 0


@digest.command()
@click.argument("address")
@click.argument("article")
@as_of_option
@json_option
@click.pass_context
def why(ctx: click.Context, address: str, article: str, now: datetime, as_json: bool) -> int:
    """Say why ADDRESS got ARTICLE (its web address or number), or did not."""
    from monitor.ingest.identity import canonical_url
    from monitor.store import articles, subscribers
    from monitor.tracing import trace

    with store_of(settings_of(ctx)) as store:
        reader = subscribers.known(store, address)
        canonical = canonical_url(article)
        if not canonical and not article.isdecimal():
            raise Misuse(f"{article!r} is neither a web address nor the number of an article")
        ids = articles.by_address(store, canonical) if canonical else [int(article)]
        found = [judged for id_ in ids if (judged := articles.get(store, id_))]
        traces = [(judged, list(trace(store, reader, judged, now=now))) for judged in found]
    if as_json:
        print_json([{"article": asdict(judged.article), "trace": lines} for judged, lines in traces])
    for judged, lines in () if as_json else traces:
        one = judged.article
        click.echo(
            f"{one.id}\t{one.outlet}\t{clean(one.title)}\t{judged.verdict.decision} {judged.verdict.relevance:.2f}"
        )
        for line in lines:
            click.echo(f"  {clean(line)}")
    if not traces:
        say(
            "no such article is stored: no watched feed has carried it, or it was let go (VIETNHAT_ARCHIVE_DAYS)"
        )
    return 0 if traces else 1


@click.group(invoke_without_command=True)
@as_of_option
@click.pass_context
def deliver(ctx: click.Context, now: datetime) -> int:
    """Send what waits in the outbox."""
    if ctx.invoked_subcommand:
        return 0
    from monitor.logs import configure
    from monitor.wiring import deliver_letters

    settings = settings_of(ctx)
    configure(settings.log)
    return 1 if deliver_letters(settings, now=now) else 0


@deliver.command("test")
@click.argument("address")
@as_of_option
@click.pass_context
def deliver_test(ctx: click.Context, address: str, now: datetime) -> int:
    """Send a short test letter to ADDRESS, or to a channel, and say what the server answered."""
    from monitor.channel import kind_of, told
    from monitor.cli.readers import checked_recipient
    from monitor.types import Sent
    from monitor.wiring import send_test

    settings = settings_of(ctx)
    outcome = send_test(settings, checked_recipient(address), now=now)
    where = f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else str(settings.outbox)
    where = where if kind_of(address) == "mail" else told(address)
    say(f"{where}: {outcome.reply}")
    return 0 if isinstance(outcome, Sent) else 1
