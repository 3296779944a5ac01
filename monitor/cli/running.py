"""`vietnhat run` and `vietnhat poll`."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from monitor.cli.context import (
    as_of_option,
    chosen_feeds,
    json_option,
    print_json,
    print_table,
    say,
    settings_of,
)
from monitor.cli.progress import counting


@click.command()
@as_of_option
@click.option("--due", is_flag=True, help="Only feeds whose time has come.")
@json_option
@click.argument("ids", nargs=-1, metavar="[FEED…]")
@click.pass_context
def poll(ctx: click.Context, now: datetime, due: bool, as_json: bool, ids: tuple[str, ...]) -> int:
    """Poll all feeds (or those named) once, store what is new and judge it."""
    from dataclasses import asdict

    from monitor.config.feeds import load_feeds
    from monitor.logs import configure
    from monitor.types import PollReport
    from monitor.wiring import poll_once

    settings = settings_of(ctx)
    configure(settings.log)
    chosen = chosen_feeds(load_feeds(settings.feeds), ids)
    with counting("polling", len(chosen)) as step:

        def report(_: PollReport) -> None:
            step(1)

        reports, judged = asyncio.run(poll_once(settings, chosen, now=now, only_due=due, report=report))
    failed = [r for r in reports if r.outcome == "failed"]
    if as_json:
        print_json({"feeds": [asdict(r) for r in reports], "judged": judged})
        return 1 if reports and len(failed) == len(reports) else 0
    for r in failed:
        say(f"{r.feed_id}: {r.reason}")
    print_table(
        ("feed", "outcome", "entries", "new", "revised"),
        [(r.feed_id, r.outcome, r.entries, r.new, r.revised) for r in reports],
    )
    new, revised = sum(r.new for r in reports), sum(r.revised for r in reports)
    say(f"{len(reports)} feeds, {len(failed)} failed; {new} new articles, {revised} revised, {judged} judged")
    return 1 if reports and len(failed) == len(reports) else 0


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Watch the feeds and mail the digests until stopped (SIGTERM, Ctrl-C)."""
    from monitor.config.feeds import load_feeds
    from monitor.config.settings import NO_CONTACT
    from monitor.daemon import Work, serve
    from monitor.locks import held
    from monitor.logs import configure, log
    from monitor.serving import serving_model
    from monitor.store import subscribers
    from monitor.store.database import open_store
    from monitor.wiring import lock_path, mail_round, poll_once, watch_round

    signal.signal(signal.SIGTERM, _stop_at_once)  # until `serve` listens, and nothing is under way yet
    settings = settings_of(ctx)
    configure(settings.log)
    feeds = load_feeds(settings.feeds)
    with held(lock_path(settings, "run")):
        with open_store(Path(settings.db), durable=True, create=True) as store:
            readers = len(subscribers.active(store))
        outlets = len({feed.outlet for feed in feeds})
        say(f"watching {len(feeds)} feeds of {outlets} outlets; database {settings.db}; {readers} readers")
        if settings.smtp_host is None:
            say(f"no SMTP host is set: letters become .eml files in {settings.outbox}")
        if settings.contact == NO_CONTACT:
            say("publishers cannot reach you: set VIETNHAT_CONTACT to a web page or address of yours")
        if not readers:
            say(
                "nobody is subscribed yet: vietnhat subscribers add ADDRESS --consent 'how and when they agreed'"
            )
        model = serving_model(settings)
        log("start", feeds=len(feeds), readers=readers, model=model.id)
        polled = False

        async def poll_round(now: datetime) -> None:
            nonlocal polled
            reports, judged = await poll_once(settings, feeds, now=now, only_due=True)
            if reports:
                new = sum(r.new for r in reports)
                failed = sum(r.outcome == "failed" for r in reports)
                log("cycle", feeds=len(reports), failed=failed, new=new, judged=judged)
            if not polled:
                polled = True
                if reports and all(r.outcome == "failed" for r in reports):
                    say("no feed could be reached; each is tried again, with growing pauses")
                else:
                    say("first round done; what was found: vietnhat articles list --decision send")

        async def mail(now: datetime, stop: Callable[[], bool]) -> None:
            await mail_round(
                settings, now, stop, news_is_in=polled
            )  # first the news of a pause, then its digest

        async def watch(now: datetime) -> None:
            if polled:
                await watch_round(settings, now)

        asyncio.run(serve(Work(poll_round, mail, watch)))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is being obeyed
    say(f"stopped at {datetime.now(UTC):%H:%M} UTC; what was under way goes on at the next start")


def _stop_at_once(_number: int, _frame: object) -> NoReturn:
    """End well, and with us the process that may be fitting the first model."""
    for child in multiprocessing.active_children():
        child.kill()
    raise SystemExit(0)
