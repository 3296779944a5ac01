"""`vietnhat subscribers …`: nobody is mailed who did not agree."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace

import click

from monitor.channel import kind_of, told
from monitor.cli import rosters
from monitor.cli.choices import cadence_words, choices, chosen
from monitor.cli.context import (
    checked_consent,
    json_option,
    local,
    present,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.errors import Misuse, VietnhatError
from monitor.store import subscribers as stored
from monitor.types import NEWCOMER, Subscriber, SubscriberStatus


@click.group()
def subscribers() -> None:
    """Readers of the digest."""


@subscribers.command()
@click.argument("address")
@choices
@click.option("--consent", help="How and when this reader agreed, as 'signed list, 3 Nov 2026'.")
@click.option("--again", is_flag=True, help="Also if the address once asked for no more mail.")
@click.pass_context
def add(ctx: click.Context, /, address: str, consent: str | None, again: bool, **given: object) -> None:
    """Subscribe ADDRESS. With --consent the reader is mailed at once; without, a letter asks them first.

    ADDRESS may be a channel, which takes --consent: https://… for a webhook, slack://…, tgram://… or workflows://…
    (Teams) for a chat. It is a secret; later commands take the subscriber's number instead.
    """
    from monitor.reception import leaving
    from monitor.reception.counter import counter_of

    settings = settings_of(ctx)
    agreed = checked_consent(consent)
    if not agreed and kind_of(address) != "mail":
        raise Misuse(
            f"{told(address)} cannot be asked by letter; add --consent 'who wants it there, and since when'"
        )
    reader = replace(
        chosen(NEWCOMER, given),
        address=checked_recipient(address),
        status=SubscriberStatus.ACTIVE if agreed else SubscriberStatus.PENDING,
        consent=agreed,
        created_at=present(),
    )
    with store_of(settings, durable=True, create=True) as store:
        leaving.let_in(counter_of(settings), store, reader.address, again=again, now=reader.created_at)
        reader = stored.add(store, reader)
        if agreed:
            say(f"{told(reader.address)}: {cadence_words(reader)} ({reader.zone})")
            if kind_of(reader.address) == "webhook" and not settings.webhook_secret:
                say("nothing is posted there before VIETNHAT_WEBHOOK_SECRET is set (docs/webhook.md)")
            return
        from monitor.writing import ask_for_consent

        try:
            ask_for_consent(settings, store, reader, now=reader.created_at)
        except VietnhatError:
            stored.erase(store, reader)  # nobody waits for a letter that was never written
            raise
        say(f"{reader.address} is asked by letter and gets nothing until they agree")
        if not settings.base_url:
            say(f"when they have: vietnhat subscribers confirm {reader.address} --consent 'how and when'")


@subscribers.command()
@click.argument("address")
@click.option("--consent", required=True, help="How and when this reader agreed.")
@click.pass_context
def confirm(ctx: click.Context, address: str, consent: str) -> None:
    """Record that a pending reader agreed; digests begin."""
    agreed = checked_consent(consent)
    with store_of(settings_of(ctx), durable=True) as store:
        reader = stored.known(store, address)
        stored.set_consent(store, reader, agreed, now=present())
    say(f"{reader.address} gets the digest from now on")


@subscribers.command("set")
@click.argument("address")
@choices
@click.pass_context
def set_choices(ctx: click.Context, /, address: str, **given: object) -> None:
    """Change what ADDRESS gets; what is not named stays."""
    with store_of(settings_of(ctx), durable=True) as store:
        before = stored.known(store, address)
        after = chosen(before, given)
        if after == before:
            raise Misuse(f"nothing of {address} changes by that; see 'vietnhat subscribers set --help'")
        stored.set_choices(store, after, now=present())
    say(f"{address}: {cadence_words(after)} ({after.zone})")


@subscribers.command("list")
@json_option
@click.pass_context
def list_subscribers(ctx: click.Context, as_json: bool) -> None:
    """All readers and their choices."""
    with store_of(settings_of(ctx)) as store:
        readers = stored.everyone(store)
    if as_json:
        print_json([_shown(reader) for reader in readers])
        return
    print_table(
        ("address", "status", "language", "digests", "zone", "sectors", "since", "number"),
        [
            (
                told(r.address), r.status, r.language, cadence_words(r), r.zone,
                " ".join(r.sectors) or "all", local(r.created_at), r.id,
            )
            for r in readers
        ],
    )  # fmt: skip
    if not readers and sys.stdout.isatty():
        say("nobody yet; vietnhat subscribers add ADDRESS --consent 'how and when they agreed'")


@subscribers.command()
@click.argument("address")
@click.pass_context
def pause(ctx: click.Context, address: str) -> None:
    """Stop mailing ADDRESS until resumed."""
    with store_of(settings_of(ctx), durable=True) as store:
        reader = stored.known(store, address)
        if reader.status not in (SubscriberStatus.ACTIVE, SubscriberStatus.PAUSED):
            raise Misuse(f"{address} is {reader.status} and gets nothing anyway")
        stored.set_status(store, reader.id, SubscriberStatus.PAUSED, now=present())
    say(f"{address} is paused; 'vietnhat subscribers resume {address}' goes on")


@subscribers.command()
@click.argument("address")
@click.pass_context
def resume(ctx: click.Context, address: str) -> None:
    """Go on mailing a paused or suspended reader."""
    with store_of(settings_of(ctx), durable=True) as store:
        reader = stored.known(store, address)
        if not reader.consent or reader.status is SubscriberStatus.REMOVED:
            reason = "has unsubscribed" if reader.consent else "never agreed"
            raise Misuse(
                f"{address} {reason}; vietnhat subscribers confirm {address} --consent 'how and when'"
            )
        stored.set_status(store, reader.id, SubscriberStatus.ACTIVE, now=present())
    say(f"{address} gets the digest again")


@subscribers.command()
@click.argument("address")
@click.pass_context
def remove(ctx: click.Context, address: str) -> None:
    """Unsubscribe ADDRESS for good; its record stays until erased."""
    with store_of(settings_of(ctx), durable=True) as store:
        stored.set_status(store, stored.known(store, address).id, SubscriberStatus.REMOVED, now=present())
    say(f"{address} gets nothing any more; 'vietnhat subscribers erase {address}' forgets them altogether")


@subscribers.command()
@click.argument("address")
@click.confirmation_option(prompt="Erase this person and everything sent to them?")
@click.pass_context
def erase(ctx: click.Context, address: str) -> None:
    """Forget a person: address, choices, consent, and what was sent. A keyed hash keeps them from being added again."""
    from monitor.reception import leaving
    from monitor.reception.counter import counter_of

    settings = settings_of(ctx)
    with store_of(settings, durable=True) as store:
        reader = stored.known(store, address)
        leaving.wipe(counter_of(settings), store, reader, now=present())
    say(f"{address} is erased; copies of the database expire with 'backup'")


def checked_recipient(text: str) -> str:
    """A mail address, or a channel's: for the operator alone, since posts go wherever it says. Raises Misuse."""
    if kind_of(text) == "mail":
        from monitor.wishes import checked_address

        return checked_address(text)
    from monitor.delivery.ways import checked_channel

    return checked_channel(text)


def _shown(reader: Subscriber) -> dict[str, object]:
    """A reader but for what opens doors."""
    values = {name: value for name, value in asdict(reader).items() if name not in ("token", "lock")}
    return values | {"address": told(reader.address)}


subscribers.add_command(rosters.show)
subscribers.add_command(rosters.export)
subscribers.add_command(rosters.import_list)
