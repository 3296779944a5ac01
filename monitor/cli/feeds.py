"""`vietnhat feeds …`: what is watched, how it answers, and changes to the list."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.context import (
    chosen_feeds,
    clean,
    json_option,
    local,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.cli.progress import counting, working
from monitor.config.feeds import feeds_path, load_feeds
from monitor.config.settings import Settings
from monitor.errors import Misuse
from monitor.types import Document, Feed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.cli.discovery import Found, Looked, Scout

AHEAD = timedelta(minutes=10)
"""A date further in the future is a mistake, as for the archive (design: dates)."""


@click.group()
def feeds() -> None:
    """The list of feeds."""


@feeds.command("list")
@json_option
@click.pass_context
def list_feeds(ctx: click.Context, as_json: bool) -> None:
    """All feeds, with the outcome of their last poll once there was one."""
    settings = settings_of(ctx)
    listed = load_feeds(settings.feeds)
    outcomes = _outcomes(settings)
    if as_json:
        print_json([{**asdict(feed), "last": outcomes.get(feed.id)} for feed in listed])
        return
    print_table(
        ("id", "outlet", "section", "kind", "url", "last poll"),
        [(f.id, f.outlet, f.section, f.kind, f.url, _told(outcomes.get(f.id))) for f in listed],
    )


def _outcomes(settings: Settings) -> dict[str, dict[str, Any]]:
    """What the database knows of each feed's last poll; nothing when there is no database yet."""
    from monitor.store import polls

    if not Path(settings.db).exists():
        return {}
    with store_of(settings) as store:
        states = polls.feed_states(store)
    return {
        state.feed_id: {
            "polled": state.last_polled_at,
            "failures": state.failures,
            "reason": state.reason if state.failures else "",
            "moved_to": state.moved_to,
        }
        for state in states.values()
    }


def _told(outcome: dict[str, Any] | None) -> str:
    if outcome is None or outcome["polled"] is None:
        return "never"
    if outcome["failures"]:
        return f"{local(outcome['polled'])} failed {outcome['failures']} times: {outcome['reason']}"
    moved = f"; has moved to {outcome['moved_to']}" if outcome["moved_to"] else ""
    return f"{local(outcome['polled'])} ok{moved}"


# --- check -----------------------------------------------------------------------------------


@feeds.command()
@click.argument("ids", nargs=-1, metavar="[FEED…]")
@json_option
@click.pass_context
def check(ctx: click.Context, ids: tuple[str, ...], as_json: bool) -> int:
    """Fetch all feeds (or those named) and say what each holds; nothing is stored."""
    settings = settings_of(ctx)
    chosen = chosen_feeds(load_feeds(settings.feeds), ids)
    with counting("checking", len(chosen)) as step:
        looked = asyncio.run(_look_at_all(settings, chosen, step))
    findings = [_finding(feed, each, datetime.now(UTC)) for feed, each in zip(chosen, looked, strict=True)]
    failed = sum(bool(finding["failure"]) for finding in findings)
    if as_json:
        print_json(findings)
    else:
        print_table(("feed", "found"), [(finding["id"], _words(finding)) for finding in findings])
        say(f"{len(findings)} feeds checked, {failed} failed; nothing was stored")
    return 1 if failed == len(findings) else 0


@asynccontextmanager
async def _scouting(settings: Settings) -> AsyncIterator[Scout]:
    from monitor.cli.discovery import Scout
    from monitor.ingest.fetch import Fetcher
    from monitor.ingest.pool import ReaderPool
    from monitor.wiring import fetch_policy

    async with Fetcher(fetch_policy(settings)) as fetcher:
        with ReaderPool() as pool:
            yield Scout(fetcher, pool)


async def _look_at_all(
    settings: Settings, chosen: Sequence[Feed], step: Callable[[int], None]
) -> list[Looked]:
    gate = asyncio.Semaphore(settings.concurrency)
    async with _scouting(settings) as scout:

        async def one(feed: Feed) -> Looked:
            async with gate:
                looked = await scout.look(feed)
            step(1)
            return looked

        return list(await asyncio.gather(*(one(feed) for feed in chosen)))


def _finding(feed: Feed, looked: Looked, now: datetime) -> dict[str, Any]:
    """One feed's line for other programs; `failure` is empty when it could be read."""
    finding: dict[str, Any] = {"id": feed.id, "url": feed.url, "moved_to": looked.moved_to, "failure": ""}
    match looked.result:
        case Document(entries=entries, problems=problems):
            dates = [entry.published for entry in entries if entry.published]
            past = [date for date in dates if date <= now + AHEAD]
            finding |= {
                "entries": len(entries),
                "newest": max(past, default=None),
                "undated": len(entries) - len(dates),
                "future": len(dates) - len(past),
                "problems": problems,
            }
        case failed:
            finding["failure"] = failed.reason
    return finding


def _words(finding: dict[str, Any]) -> str:
    if finding["failure"]:
        return f"failed: {finding['failure']}"
    parts = ["no entries" if not finding["entries"] else f"{finding['entries']} entries"]
    if finding["newest"]:
        parts.append(f"newest {local(finding['newest'])}")
    if finding["undated"]:
        parts.append(f"{finding['undated']} without a date")
    if finding["future"]:
        parts.append(f"{finding['future']} dated in the future (is its zone right?)")
    if finding["moved_to"]:
        parts.append(f"has moved to {finding['moved_to']}")
    return "; ".join([*parts, *finding["problems"]])


# --- add, remove -----------------------------------------------------------------------------


@feeds.command()
@click.argument("url")
@click.option("--id", "feed_id", help="Short name; made from host and section when left out.")
@click.option("--outlet", help="Name of the newspaper; that of other feeds of this host, or from the title.")
@click.option("--section", help="What the feed holds; from the title.")
@click.option("--kind", type=click.Choice(["official", "agency", "press", "tabloid"]))
@click.option("--zone", help="IANA zone of dates that name none; Asia/Ho_Chi_Minh.")
@click.option("--language", help="ISO 639-1 code of its text; vi.")
@click.option("--notes", help="A word for the operator.")
@click.option("--dry-run", is_flag=True, help="Only show what would be added.")
@click.pass_context
def add(ctx: click.Context, /, url: str, feed_id: str | None, dry_run: bool, **given: str | None) -> None:
    """Add the feed at URL, or the one the page at URL names, after reading it."""
    from monitor.cli.discovery import proposal
    from monitor.config.feeds import add_feed, new_feed

    settings = settings_of(ctx)
    path = feeds_path(settings.feeds)
    listed = load_feeds(path)
    if not dry_run:
        _refuse_shipped(path)
    new_feed(**_example(url, feed_id, given))  # options are checked before the network is asked
    _refuse_listed(listed, url, feed_id)
    with working(f"reading {clean(url)}"):
        found = asyncio.run(_find(settings, url))
    _refuse_listed(listed, found.url, feed_id)
    feed = new_feed(**proposal(found, {"id": feed_id, **given}, listed))
    for other in found.others:
        say(f"the page also names {clean(other)}")
    if not dry_run:
        add_feed(path, feed)
    say(f"{'would add' if dry_run else 'added'} to {path} ({len(found.document.entries)} entries now):")
    print_table(("key", "value"), [(key, value) for key, value in asdict(feed).items() if value])


def _example(url: str, feed_id: str | None, given: dict[str, str | None]) -> dict[str, Any]:
    """A line with everything that was given, and anything for the rest."""
    rest = {"id": "x", "outlet": "x", "section": "x", "language": "vi", "zone": "UTC", "kind": "press"}
    return {**rest, **{key: value for key, value in {"id": feed_id, **given}.items() if value}, "url": url}


async def _find(settings: Settings, url: str) -> Found:
    async with _scouting(settings) as scout:
        return await scout.find(url)


def _refuse_listed(listed: Sequence[Feed], url: str, feed_id: str | None) -> None:
    from monitor.cli.discovery import same_address

    for feed in listed:
        if same_address(feed.url, url):
            raise Misuse(f"{url} is listed already, as {feed.id!r}")
        if feed.id == feed_id:
            raise Misuse(
                f"there is a feed {feed_id!r} already ({feed.outlet}, {feed.section}); choose another --id"
            )


def _refuse_shipped(path: Path) -> None:
    """The list inside an installed package is replaced by the next version: changes belong into a copy."""
    shipped = "_shipped" in path.resolve().parts
    if shipped or not os.access(path, os.W_OK):
        reason = "came with the program" if shipped else "may not be written"
        raise Misuse(
            f"{path}: this list {reason}; change a copy of it: cp {path} my-feeds.yaml, "
            "then vietnhat --feeds my-feeds.yaml …"
        )


@feeds.command()
@click.argument("ids", nargs=-1, required=True, metavar="FEED…")
@click.pass_context
def remove(ctx: click.Context, ids: tuple[str, ...]) -> None:
    """Take feeds out of the list; what they brought stays in the archive."""
    from monitor.config.feeds import remove_feeds

    path = feeds_path(settings_of(ctx).feeds)
    _refuse_shipped(path)
    remove_feeds(path, tuple(dict.fromkeys(ids)))
    say(f"removed from {path}: {', '.join(dict.fromkeys(ids))}; their articles stay")


@feeds.command()
def schema() -> None:
    """Print the JSON Schema of the file, for editors."""
    from monitor.config.feeds import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
