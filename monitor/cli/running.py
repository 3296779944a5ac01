"""`vietnhat run`, `vietnhat poll` and `vietnhat serve`."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from monitor.cli.context import (
    as_of_option,
    chosen_feeds,
    fresh_settings,
    json_option,
    print_json,
    print_table,
    say,
    settings_of,
)
from monitor.cli.progress import counting
from monitor.errors import BadModel, Misuse

if TYPE_CHECKING:  # the program starts faster without what a command may not need
    from monitor.config.settings import Settings
    from monitor.types import Feed, PollReport
    from monitor.web.health import Checks


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
    from monitor.wiring import poll_once

    settings = settings_of(ctx)
    configure(settings.log)
    chosen = chosen_feeds(load_feeds(settings.feeds), ids)
    made = not Path(settings.db).exists()
    with counting("polling", len(chosen)) as step:

        def report(_: PollReport) -> None:
            step(1)

        reports, judged = asyncio.run(
            poll_once(settings, chosen, now=now, only_due=due, create=True, named=ids, report=report)
        )
    if made:
        say(f"made a new database: {settings.db}")
    failed = [r for r in reports if r.outcome == "failed"]
    if as_json:
        print_json({"feeds": [asdict(r) for r in reports], "judged": judged})
        return 1 if reports and len(failed) == len(reports) else 0
    for r in reports:
        if r.reason:
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
    """Watch the feeds and mail the digests until stopped (SIGTERM, Ctrl-C); SIGHUP reads the configuration anew."""
    from monitor.config.feeds import load_feeds
    from monitor.daemon import Work, serve
    from monitor.locks import held
    from monitor.logs import configure, log
    from monitor.memory import few_arenas
    from monitor.pulse import Pulse
    from monitor.rounds import Rounds
    from monitor.standing import checks
    from monitor.store import subscribers
    from monitor.store.database import open_store
    from monitor.store.keeper import Keeper
    from monitor.wiring import lock_path

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    few_arenas()

    def load() -> tuple[Settings, Sequence[Feed]]:
        settings = fresh_settings(ctx)
        return settings, load_feeds(settings.feeds)

    with ExitStack() as stack:
        with _stopping_at_once():
            settings = settings_of(ctx)
            feeds = load_feeds(settings.feeds)
            configure(settings.log)
            stack.enter_context(held(lock_path(settings, "run")))
            new = not Path(settings.db).exists()
            stack.enter_context(Keeper(Path(settings.db), now=datetime.now(UTC)))
            if new:
                say(f"made a new database: {settings.db}")
            with open_store(Path(settings.db), durable=True) as store:
                readers = len(subscribers.active(store))
            pulse = Pulse()
            rounds = Rounds(settings, feeds, load, pulse, _after_first_round)
            where = stack.enter_context(_pages(lambda: rounds.settings, checks(rounds)))
            for line in _greeting(settings, feeds, readers, where):
                say(line)
            log("start", feeds=len(feeds), readers=readers, model=_model(settings))
        work = Work({"poll": rounds.poll, "mail": rounds.mail, "keep": rounds.keep}, rounds.reload)
        pulse.guard()
        asyncio.run(serve(work, pulse))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is being obeyed
    say(f"stopped at {datetime.now(UTC):%H:%M} UTC; what was under way goes on at the next start")


def _model(settings: Settings) -> str:
    """The model that serves. One that is damaged keeps nobody from polling, nor written letters from leaving."""
    from monitor.logs import warn
    from monitor.serving import serving_model

    try:
        return serving_model(settings).id
    except BadModel as error:
        warn("model", problem=str(error), note="articles are stored and not judged, no digest is made")
        return ""


@click.command()
@click.pass_context
def serve(ctx: click.Context) -> None:
    """Serve the pages for readers alone; `run` serves them too. Letters they cause are sent by `run` or `deliver`."""
    from monitor.logs import configure
    from monitor.standing import checks_of_pages
    from monitor.store.database import open_store

    settings = settings_of(ctx)
    configure(settings.log)
    if settings.listen == "off":
        raise Misuse("VIETNHAT_LISTEN is off; give a host:port to serve the pages on")
    open_store(Path(settings.db), durable=True, create=True).close()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _pages(lambda: settings, checks_of_pages(settings)) as where:
        say(f"pages: {settings.base_url or where}/")
        if not settings.base_url:
            say(
                "letters cannot link to them yet: set VIETNHAT_BASE_URL to the https address readers will use"
            )
        stop.wait()
    say(f"stopped at {datetime.now(UTC):%H:%M} UTC")


@contextmanager
def _pages(settings: Callable[[], Settings], checks: Checks) -> Iterator[str]:
    """Serve the pages for readers and for machines; where, or "" when they are off."""
    from monitor.pages.app import application
    from monitor.pages.desk import Desk
    from monitor.web.health import routes
    from monitor.web.server import listening_socket, serving

    listen = settings().listen
    if listen == "off":
        yield ""
        return
    listener = listening_socket(listen)
    host, port = listener.getsockname()[:2]
    where = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    desk = Desk(settings, where)
    with serving(application(routes(checks), desk), listener, front=settings().front_proxies):
        yield where


def _greeting(settings: Settings, feeds: Sequence[Feed], readers: int, where: str) -> Iterator[str]:
    """What a person who starts the daemon should know."""
    from monitor.config.settings import NO_CONTACT

    outlets = len({feed.outlet for feed in feeds})
    yield f"watching {len(feeds)} feeds of {outlets} outlets; database {settings.db}; {readers} readers"
    if where:
        yield f"pages for readers: {settings.base_url or where}/ and how it is doing: {where}/readyz"
    if settings.smtp_host is None:
        yield f"no SMTP host is set: letters become .eml files in {settings.outbox}"
    if settings.contact == NO_CONTACT:
        yield "publishers cannot reach you: set VIETNHAT_CONTACT to a web page or address of yours"
    if not readers:
        yield "nobody is subscribed yet: vietnhat subscribers add ADDRESS --consent 'how and when they agreed'"


def _after_first_round(reports: Sequence[PollReport]) -> None:
    if reports and all(r.outcome in ("failed", "offline") for r in reports):
        say("no feed could be reached; each is tried again, with growing pauses")
    else:
        say("first round done; what was found: vietnhat articles list --decision send")


@contextmanager
def _stopping_at_once() -> Iterator[None]:
    """Until the daemon listens itself, SIGTERM ends us well and soon, with the process that may be fitting a model.

    A handler runs only when the main thread is back from C code, and SQLite may wait there for others for half a
    minute. So a thread hears of the signal too, and waits no longer than a second. Nothing is under way yet that a
    kill harms.
    """
    listening = threading.Event()
    hears, tells = socket.socketpair()
    tells.setblocking(False)

    def wait() -> None:
        while not listening.is_set():
            ready, _, _ = select.select([hears], [], [], 0.1)
            if ready and signal.SIGTERM in hears.recv(64):
                time.sleep(1)
                _end_children()
                os._exit(0)

    signal.signal(signal.SIGTERM, _stop_at_once)
    signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        listening.set()
        waiting.join()
        hears.close()
        tells.close()


def _stop_at_once(_number: int, _frame: object) -> NoReturn:
    _end_children()
    raise SystemExit(0)


def _end_children() -> None:
    for child in multiprocessing.active_children():
        child.kill()
