"""`vietnhat config show` and `vietnhat status`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.cli.context import clean, json_option, local, print_json, print_table, settings_of, store_of


@click.group()
def config() -> None:
    """Settings."""


@config.command()
@json_option
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    """Every setting in force and what it is for; secrets are never shown."""
    from pydantic import SecretStr

    from monitor.config.settings import PREFIX
    from monitor.masking import without_secrets

    settings = settings_of(ctx)
    rows = []
    for name, about in type(settings).model_fields.items():
        value = getattr(settings, name)
        shown: object = "(set)" if isinstance(value, SecretStr) else value
        if isinstance(shown, frozenset):
            shown = ",".join(sorted(shown))
        told = "" if shown is None else without_secrets(str(shown))
        rows.append((PREFIX + name.upper(), told, about.description or ""))
    if as_json:
        print_json({name: value for name, value, _ in rows})
        return
    print_table(("setting", "value", "what it is"), rows)


@click.command()
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """How feeds, articles, model and mail are doing."""
    from classifiers.models import ModelStore
    from monitor.config.feeds import load_feeds
    from monitor.health import look_at_feeds
    from monitor.store import articles, outbox, polls, subscribers, watches
    from monitor.store.backup import last_backup
    from monitor.types import Condition

    settings = settings_of(ctx)
    feeds = load_feeds(settings.feeds)
    with store_of(settings) as store:
        states = polls.feed_states(store)
        healths = look_at_feeds(store, feeds, datetime.now(UTC))
        letters = outbox.counts(store)
        stored = articles.count(store)
        readers = len(subscribers.active(store))
        watch = watches.latest(store)
        copied = last_backup(store, now=datetime.now(UTC))
    troubled = sorted(
        (each for each in healths if each.condition not in (Condition.OK, Condition.NEW)),
        key=lambda each: list(Condition).index(each.condition),
        reverse=True,
    )
    conditions = Counter(str(each.condition) for each in healths)
    polled = [s.last_polled_at for s in states.values() if s.last_polled_at]
    data = {
        "feeds": len(feeds),
        "never polled": sum(feed.id not in states for feed in feeds),
        **{f"feeds {condition}": n for condition, n in sorted(conditions.items())},
        "last poll": local(max(polled)) if polled else "never",
        "articles": stored,
        "model": ModelStore(Path(settings.models)).current() or "none yet; the first poll makes one",
        "readers": readers,
        "last backup": local(copied) if copied else "never",
        **{f"letters {state}": n for state, n in sorted(letters.items())},
    }
    notes = watch["notes"] if watch else []
    if as_json:
        told = [
            {"feed_id": h.feed.id, "condition": h.condition, "since": h.since, "detail": h.detail}
            for h in troubled
        ]
        print_json({**data, "problems": told, "notes": notes})
        return
    print_table(("what", "value"), list(data.items()))
    for note in notes:
        click.echo(clean(f"week of {watch['week'] if watch else ''}: {note['what']}; {note['todo']}"))
    for each in troubled:
        since = f" since {local(each.since)}" if each.since else ""
        click.echo(
            clean(f"{each.feed.id}: {each.condition}{since}{'; ' if each.detail else ''}{each.detail}")
        )
