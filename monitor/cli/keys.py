"""`vietnhat keys …`: which keys sign links in letters. The keys themselves are never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.context import json_option, local, present, print_json, print_table, say, settings_of

if TYPE_CHECKING:
    from monitor.keys import Key


@click.group()
def keys() -> None:
    """The keys that sign links in letters."""


@keys.command()
@json_option
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    """Which keys there are, how old they are and until when they count."""
    from monitor.keys import read_ring

    path, now = Path(settings_of(ctx).keys), datetime.now(UTC)
    found = read_ring(path).keys
    if as_json:
        print_json([{"id": k.id, "made_at": k.made_at, "accepted_until": k.accepted_until} for k in found])
        return
    print_table(
        ("key", "made", "days", "what it does"),
        [(key.id, local(key.made_at), (now - key.made_at).days, _state(key, now)) for key in found],
    )
    if not found:
        say(f"{path}: no key yet; the first link that is signed makes one")


@keys.command()
@click.pass_context
def rotate(ctx: click.Context) -> None:
    """Let a new key sign; what older ones signed counts for another 90 days."""
    from monitor import keys as file

    path, now = Path(settings_of(ctx).keys), present()
    *older, newest = file.rotate(path, now=now)
    say(f"{path}: key {newest.id} signs from now on")
    for key in older:
        say(f"key {key.id} {_state(key, now)}")


def _state(key: Key, now: datetime) -> str:
    if key.accepted_until is None:
        return "signs"
    return f"is accepted until {local(key.accepted_until)}" if key.is_accepted(now) else "is accepted no more"
