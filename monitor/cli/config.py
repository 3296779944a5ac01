"""`vietnhat config show` and `vietnhat status`."""

from __future__ import annotations

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
    from monitor.store import articles, outbox, polls, subscribers, watches

    settings = settings_of(ctx)
    feeds = load_feeds(settings.feeds)
    with store_of(settings) as store:
        states = polls.feed_states(store)
        letters = outbox.counts(store)
        stored = articles.count(store)
        readers = len(subscribers.active(store))
        watched = {feed.id for feed in feeds}
        watch = watches.latest(store)
        problems = [problem for problem in polls.problems(store) if problem["feed_id"] in watched]
    polled = [s.last_polled_at for s in states.values() if s.last_polled_at]
    data = {
        "feeds": len(feeds),
        "never polled": sum(feed.id not in states for feed in feeds),
        "failing": len(problems),
        "last poll": local(max(polled)) if polled else "never",
        "articles": stored,
        "model": ModelStore(Path(settings.models)).current() or "none yet; the first poll makes one",
        "readers": readers,
        **{f"letters {state}": n for state, n in sorted(letters.items())},
    }
    notes = watch["notes"] if watch else []
    if as_json:
        print_json({**data, "problems": problems, "notes": notes})
        return
    print_table(("what", "value"), list(data.items()))
    for note in notes:
        click.echo(clean(f"week of {watch['week'] if watch else ''}: {note['what']}; {note['todo']}"))
    for problem in problems:
        click.echo(f"{problem['feed_id']}: failed {problem['failures']} times; {problem['reason']}")
